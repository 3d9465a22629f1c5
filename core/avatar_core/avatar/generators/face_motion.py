"""How the talking head moves: lips by loudness, and the blinks, glances and breath that keep it alive. No drawing."""

import math
from dataclasses import dataclass

import numpy as np

from avatar_core.media.frames import Samples

QUIET_DBFS = -44.0
"""Mouth closed at and below this RMS of one picture's sound."""
LOUD_DBFS = -12.0
"""Mouth wide open at and above it."""
_ATTACK_S = 0.012
_RELEASE_S = 0.06
_BLINK_S = 0.2
_BRIGHT = 0.9
"""Mean square of the differences over that of the sound at which lips are fully spread (taken at 24 kHz)."""
GAZES = ((0.0, 0.0), (-4.5, 0.0), (4.5, 0.0), (2.5, -2.5), (-1.5, 2.0))
"""Places the eyes rest at, in drawing units; the first, straight ahead, most of the time."""


@dataclass(frozen=True, slots=True)
class FacePose:
    """One moment; places and shifts in drawing units, the rest 0 to 1."""

    opening: float
    width: float
    lid: float
    gaze: int
    brow_y: float
    head_x: float
    head_y: float
    body_x: float
    body_y: float


class FaceMotion:
    """Asked for each picture in turn. The same seed and sound give the same motion."""

    def __init__(self, sample_rate_hz: int, *, seed: int = 0) -> None:
        self._rate = sample_rate_hz
        self._rng = np.random.default_rng(seed)
        self._time_s: float | None = None
        self._opening = 0.0
        self._width = 0.6
        self._liveliness = 0.0  # 0 idle, 1 in full speech; slow
        self._nod = 0.0
        self._blink_at_s = 1.6
        self._gaze = 0
        self._gaze_until_s = 2.4

    def pose(self, sound: Samples | None, time_s: float) -> FacePose:
        """The face at `time_s`, with the picture's sound [samples, channels], None when idle."""
        step_s = min(0.2, max(0.001, time_s - self._time_s)) if self._time_s is not None else 0.04
        self._time_s = time_s
        target, width = self._lips(sound)
        self._opening += (target - self._opening) * _share(step_s, _ATTACK_S if target > self._opening else _RELEASE_S)
        self._width += (width - self._width) * _share(step_s, 0.05)
        self._liveliness += (float(sound is not None) - self._liveliness) * _share(step_s, 0.5)
        self._nod += (self._opening - self._nod) * _share(step_s, 0.18)
        self._look(time_s)
        # Unrelated periods: the sway never visibly repeats.
        sway = 0.55 + 0.65 * self._liveliness
        breath = math.sin(2 * math.pi * time_s / 4.3)
        head_x = sway * (5.0 * math.sin(2 * math.pi * time_s / 7.3) + 2.6 * math.sin(2 * math.pi * time_s / 3.07 + 1))
        head_y = sway * 1.7 * math.sin(2 * math.pi * time_s / 5.3 + 2) + 1.2 * breath + 4.0 * self._nod
        return FacePose(
            opening=self._opening,
            width=self._width,
            lid=self._lid(time_s),
            gaze=self._gaze,
            brow_y=-5.0 * self._nod * self._liveliness,
            head_x=head_x,
            head_y=head_y,
            body_x=0.22 * head_x,
            body_y=2.0 * breath,
        )

    def close_mouth(self) -> None:
        """The speech was cut off: the lips close at once, the rest moves on."""
        self._opening = 0.0

    def _lips(self, sound: Samples | None) -> tuple[float, float]:
        """Opening and width that this sound asks for."""
        if sound is None or len(sound) < 2:
            return 0.0, 0.75
        wave = sound.mean(axis=1) / 32768
        power = float(np.mean(wave * wave))
        if power < 10 ** (QUIET_DBFS / 10):
            return 0.0, 0.6
        level = (10 * math.log10(power) - QUIET_DBFS) / (LOUD_DBFS - QUIET_DBFS)
        # A wave of frequency f has differences of (2 pi f / rate)^2 of its power: bright sounds spread the lips.
        bright = float(np.mean(np.diff(wave) ** 2)) / power * (self._rate / 24000) ** 2
        return min(1.0, level) ** 1.3, min(1.0, 0.15 + 0.85 * math.sqrt(bright / _BRIGHT))

    def _look(self, time_s: float) -> None:
        if time_s < self._gaze_until_s:
            return
        if self._gaze:
            self._gaze, rest_s = 0, self._rng.uniform(1.8, 5.0)
        else:
            self._gaze, rest_s = int(self._rng.integers(1, len(GAZES))), self._rng.uniform(0.5, 1.3)
        self._gaze_until_s = time_s + rest_s

    def _lid(self, time_s: float) -> float:
        into_s = time_s - self._blink_at_s
        if into_s < 0:
            return 0.0
        if into_s > _BLINK_S:
            self._blink_at_s = time_s + self._rng.uniform(2.2, 5.5)
            return 0.0
        # Lids fall faster than they rise.
        share = into_s / _BLINK_S
        return min(1.0, share / 0.3) if share < 0.5 else max(0.0, (1 - share) / 0.5)


def _share(step_s: float, time_constant_s: float) -> float:
    return 1 - math.exp(-step_s / time_constant_s)
