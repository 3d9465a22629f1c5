"""Faces of several styles as gray pictures: what is drawn depends on how far the mouth is open, and on little else."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

Gray = npt.NDArray[np.float32]
StyleName = Literal["cartoon", "line", "skin", "photo", "robot"]
MARGIN_PX = 16
"""Drawn beyond the picture on each side, for a face that sways."""


@dataclass(frozen=True)
class Look:
    """Grays of a style, 0 to 255; `lips` None where there are none, `inside` of the open mouth."""

    background: float
    face: float
    lips: float | None
    inside: float
    texture: float = 0.0
    outline: float | None = None


LOOKS: dict[StyleName, Look] = {
    "cartoon": Look(120, 200, None, 45),
    "line": Look(235, 235, 60, 235, outline=50),
    "skin": Look(95, 150, 118, 55, texture=9),
    "photo": Look(80, 140, 112, 48, texture=22),
    "robot": Look(30, 70, None, 70),
}


class Face:
    """One drawn face: `half_height` of it as a share of the picture's height."""

    def __init__(self, style: StyleName, width_px: int, height_px: int, *, half_height: float, seed: int) -> None:
        self._style, self._look = style, LOOKS[style]
        self._scale = half_height * height_px
        wide, high = width_px + 2 * MARGIN_PX, height_px + 2 * MARGIN_PX
        self._x, self._y = np.meshgrid(
            (np.arange(wide, dtype=np.float32) - wide / 2) / self._scale,
            (np.arange(high, dtype=np.float32) - high / 2) / self._scale,
        )
        self._texture = _texture(high, wide, seed) * self._look.texture
        self._still = self._draw_still()
        # What moves lies in this part of the picture alone.
        rows = np.flatnonzero((self._y[:, 0] > 0.15) & (self._y[:, 0] < 0.98))
        columns = np.flatnonzero(abs(self._x[0]) < 0.55)
        self._part = (slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1))

    def picture(self, opening: float, *, blink: float = 0.0) -> Gray:
        """[height + 2 margins, width + 2 margins]; `opening` and `blink` from 0 to 1."""
        drawn = self._still.copy()
        part = drawn[self._part]
        x, y = self._x[self._part], self._y[self._part]
        if self._style == "robot":
            self._leds(part, x, y, opening)
        else:
            if self._style == "photo":
                _drop_jaw(part, y, opening * 0.09 * self._scale)
            self._mouth(part, x, y - 0.45 - 0.03 * opening, opening)
        if blink:
            eyes = self._ellipse(abs(self._x) - 0.3, self._y + 0.2, 0.11, 0.08) * blink
            drawn += eyes * (self._look.face - drawn)
        return drawn

    def _draw_still(self) -> Gray:
        look = self._look
        drawn = look.background + self._texture * 0.5
        face = self._ellipse(self._x, self._y, 0.78, 1.0)
        drawn += face * (look.face + self._texture - drawn)
        if look.outline is not None:
            drawn += (face - self._ellipse(self._x, self._y, 0.75, 0.97)) * (look.outline - drawn)
        drawn += self._ellipse(abs(self._x) - 0.3, self._y + 0.2, 0.1, 0.07) * (40 - drawn)
        return drawn.astype(np.float32)

    def _mouth(self, part: Gray, x: Gray, y: Gray, opening: float) -> None:
        wide, high = 0.3 - 0.06 * opening, 0.015 + 0.17 * opening
        if self._look.lips is not None:
            lips = self._ellipse(x, y, wide + 0.05, high + 0.05)
            part += lips * (self._look.lips - part)
        part += self._ellipse(x, y, wide, high) * (self._look.inside - part)

    def _leds(self, part: Gray, x: Gray, y: Gray, opening: float) -> None:
        lit = np.clip((opening * 0.32 - abs(y - 0.48)) * 12 + 0.5, 0, 1)
        lamps = (abs(x) < 0.4) & (np.mod(x, 0.1) > 0.03) & (np.mod(y, 0.08) > 0.02) & (abs(y - 0.48) < 0.3)
        part += (lamps * (40 + 150 * lit)).astype(np.float32)

    def _ellipse(self, x: Gray, y: Gray, wide: float, high: float) -> Gray:
        """1 inside, 0 outside, soft for about a pixel at the edge."""
        away = np.sqrt((x / wide) ** 2 + (y / high) ** 2)
        return np.clip((1 - away) * min(wide, high) * self._scale + 0.5, 0, 1)


def _drop_jaw(part: Gray, y: Gray, fall_px: float) -> None:
    """Shift what lies below the mouth downwards, less and less towards the chin."""
    rows = np.arange(len(part), dtype=np.float32)
    share = np.clip((y[:, 0] - 0.42) / 0.08, 0, 1) * np.clip((0.98 - y[:, 0]) / 0.4, 0, 1)
    source = np.clip(rows - fall_px * share, 0, len(part) - 1)
    above = np.minimum(source.astype(int), len(part) - 2)
    rest = (source - above)[:, np.newaxis]
    part[:] = part[above] * (1 - rest) + part[above + 1] * rest


def _texture(high: int, wide: int, seed: int) -> Gray:
    """Noise whose power falls with its frequency, as in photographs; standard deviation 1."""
    rng = np.random.default_rng([seed, 3])
    down, across = np.fft.fftfreq(high)[:, np.newaxis], np.fft.rfftfreq(wide)
    strength = 1 / np.maximum(np.hypot(down, across), 1 / wide)
    waves = np.fft.irfft2(strength * np.exp(2j * np.pi * rng.random(strength.shape)), (high, wide))
    return (waves / waves.std()).astype(np.float32)
