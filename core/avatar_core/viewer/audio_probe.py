"""What a viewer hears of one participant: loudness, when it became audible or silent, beeps. Pure, by frames."""

import math
from dataclasses import dataclass

import numpy as np

from avatar_core.media.beeps import BeepDetector
from avatar_core.media.frames import AudioFrame
from avatar_core.metrics.sound_health import AUDIBLE_DBFS, SILENT_AFTER_S
from avatar_core.viewer.sample_clock import SampleClock

_FLOOR_DBFS = -120.0


@dataclass(frozen=True, slots=True)
class Heard:
    """What one frame brought. `became` is (audible, at_s) where that changed; times are monotonic seconds."""

    start_s: float
    """When its first sample was heard."""
    rms_dbfs: float
    peak_dbfs: float
    became: tuple[bool, float] | None = None
    beeps_s: tuple[float, ...] = ()


class AudioProbe:
    """Owned by the watch of one participant. `last_audible_s` is the end of the last audible frame."""

    def __init__(self, sample_rate_hz: int) -> None:
        self.audible = False
        self.audible_since_s: float | None = None
        self.first_audible_s: float | None = None
        self.last_audible_s: float | None = None
        self._rate = sample_rate_hz
        self._clock = SampleClock(sample_rate_hz)
        self._beeps = BeepDetector(sample_rate_hz)

    def frame(self, frame: AudioFrame, received_s: float) -> Heard:
        """Take in one frame that reached this process at `received_s`."""
        start_s = self._clock.frame(frame.samples_per_channel, received_s)
        sound = frame.samples.astype(np.float32) / 32768
        rms_dbfs = _decibels(math.sqrt(float(np.mean(sound * sound))) if sound.size else 0.0)
        peak_dbfs = _decibels(float(np.max(np.abs(sound))) if sound.size else 0.0)
        beeps = tuple(self._clock.at(beep.onset_s * self._rate) for beep in self._beeps.push(frame.samples))
        became = self._audibility(rms_dbfs, start_s, start_s + frame.duration_s)
        return Heard(start_s, rms_dbfs, peak_dbfs, became, beeps)

    def _audibility(self, rms_dbfs: float, start_s: float, end_s: float) -> tuple[bool, float] | None:
        if rms_dbfs > AUDIBLE_DBFS:
            self.last_audible_s = end_s
            if self.first_audible_s is None:
                self.first_audible_s = start_s
            if not self.audible:
                self.audible = True
                self.audible_since_s = start_s
                return True, start_s
        elif self.audible and self.last_audible_s is not None and end_s - self.last_audible_s >= SILENT_AFTER_S:
            self.audible = False
            return False, self.last_audible_s
        return None


def _decibels(share: float) -> float:
    return max(_FLOOR_DBFS, 20 * math.log10(share)) if share > 0 else _FLOOR_DBFS
