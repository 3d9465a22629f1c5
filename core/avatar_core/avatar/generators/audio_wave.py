"""The audio-wave generator: the last seconds of the sound as a waveform that moves to the left."""

from collections import deque

import numpy as np
import numpy.typing as npt

from avatar_core.avatar.generator import AvatarOptions
from avatar_core.avatar.generators.audio_driven import AudioDrivenGenerator
from avatar_core.avatar.generators.raster import Canvas, View, radial, rgb
from avatar_core.avatar.generators.sprites import background
from avatar_core.clock import Clock
from avatar_core.media.frames import Pixels, Samples
from avatar_core.media.pixels import i420_planes, rgb_to_yuv

_SPAN_S = 2.4
"""Sound between the left edge and the right."""
_BARS = 64
_BAR_SHARE = 0.56
"""Of the way from bar to bar, how much is bar."""
_HEIGHT = 0.56
"""Of the picture, how much the loudest bar takes."""
_FADE_OLD, _FADE_NEW = 0.16, 0.04
"""At the left and at the right, the share of the picture in which bars fade."""
_NEW, _OLD = rgb("#7cc7ff"), rgb("#2f6db0")


class AudioWave(AudioDrivenGenerator):
    """One bar for each `_SPAN_S / _BARS` of media time, at the height of the loudest sample in it; silence is dots.

    Bars are rounded, fade out at both sides, and move by parts of a pixel.
    """

    def __init__(self, options: AvatarOptions, clock: Clock) -> None:
        super().__init__(options, clock)
        width, height = options.video_width, options.video_height
        canvas = Canvas(width, height, View(0, 0, 1))
        wall = [(0.0, rgb("#1c2b3a")), (0.6, rgb("#141d27")), (1.0, rgb("#0d1319"))]
        canvas.paint_all(radial((width / 2, height / 2), width * 0.7, height * 0.9, wall))
        self._ground = background(canvas)
        # Even, so that the chroma has whole rows.
        half = int(height * _HEIGHT / 2) // 2 * 2
        middle = height // 4 * 2
        self._rows = slice(middle - half, middle + half)
        self._luma_grid = _Grid(width, half, 1)
        self._chroma_grid = _Grid(width, half, 2)
        self._bar_s = _SPAN_S / _BARS
        # Peaks of the bars, oldest first, the last of them still growing; None until something was drawn.
        self._peaks: deque[float] = deque([0.0] * (_BARS + 2), maxlen=_BARS + 2)
        self._bar = 0

    def draw(self, sound: Samples | None, time_s: float) -> Pixels:
        """The bars as they stand at the end of this frame."""
        end_s = time_s + float(1 / self._fps)
        self._hear(sound, time_s, end_s)
        shown = self._ground.copy()
        width, height = self.options.video_width, self.options.video_height
        luma, blue, red = i420_planes(shown, width, height)
        peaks = np.array(self._peaks)
        into_bar = end_s / self._bar_s - self._bar
        half_rows = slice(self._rows.start // 2, self._rows.stop // 2)
        self._luma_grid.draw((luma[self._rows],), (0,), peaks, into_bar)
        self._chroma_grid.draw((blue[half_rows], red[half_rows]), (1, 2), peaks, into_bar)
        return shown

    def _hear(self, sound: Samples | None, start_s: float, end_s: float) -> None:
        """Give each bar the peak of its part of the sound."""
        levels = np.abs(sound.astype(np.int32)).max(axis=1) / 32768 if sound is not None else np.zeros(0)
        last = int(end_s / self._bar_s)
        for bar in range(self._bar, last + 1):
            if bar > self._bar:
                self._peaks.append(0.0)
                self._bar = bar
            first = int((bar * self._bar_s - start_s) * self.options.audio_sample_rate)
            after = int(((bar + 1) * self._bar_s - start_s) * self.options.audio_sample_rate)
            part = levels[max(0, first) : max(0, after)]
            if len(part):
                self._peaks[-1] = max(self._peaks[-1], float(part.max()))


class _Grid:
    """The bars' area in one plane, `step` picture pixels to a plane's pixel."""

    def __init__(self, width: int, half: int, step: int) -> None:
        self._width = width
        self._half = half
        self._step = step
        self._x = (np.arange(0, width, step) + step / 2).astype(np.float32)
        rows = (np.arange(0, half, step) + step / 2).astype(np.float32)
        self._distance = rows[::-1][:, np.newaxis]
        edge = np.minimum(self._x / _FADE_OLD, (width - self._x) / _FADE_NEW) / width
        self._fade = np.clip(edge, 0, 1) ** 1.5
        share = (self._x / width)[:, np.newaxis]
        colours = (1 - share) * np.array(_OLD, dtype=np.float32) + share * np.array(_NEW, dtype=np.float32)
        self._ink = rgb_to_yuv(colours.astype(np.float32))

    def draw(
        self,
        grounds: tuple[Pixels, ...],
        channels: tuple[int, ...],
        peaks: npt.NDArray[np.float64],
        into_bar: float,
    ) -> None:
        """Lay the bars over planes; the newest bar has come in by `into_bar` of its width."""
        pitch = self._width / _BARS
        radius = pitch * _BAR_SHARE / 2
        # Bars from the right edge; the newest is number 0.
        place = (self._width - self._x) / pitch + 1 - into_bar
        number = np.floor(place).astype(np.int64)
        aside = np.abs(place - number - 0.5) * pitch
        level = np.sqrt(np.clip(peaks[::-1][np.clip(number, 0, len(peaks) - 1)], 0, 1))
        straight = level * (self._half - 2 * radius)
        reach = straight + np.sqrt(np.clip(radius**2 - aside**2, 0, None))
        across = np.clip((radius - aside) / self._step + 0.5, 0, 1)
        upper = np.clip((reach - self._distance) / self._step + 0.5, 0, 1) * (across * self._fade)
        cover = np.concatenate((upper, upper[::-1]))
        for ground, channel in zip(grounds, channels, strict=True):
            ground[...] = ground + cover * (self._ink[:, channel] - ground) + 0.5
