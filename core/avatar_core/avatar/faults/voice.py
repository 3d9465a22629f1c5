"""A voice at another pitch, or at another rate: one utterance as a stream of samples, in and out. Pure."""

import numpy as np
import numpy.typing as npt

from avatar_core.media.frames import AudioFrame, Samples
from avatar_core.media.resampler import Resampler

_WINDOW_S = 0.08
"""Of the pitch's two taps: four periods of a low voice, and short enough not to blur a syllable."""


class PitchShift:
    """Every tone `percent` higher, the length as before: two taps of a delay line that move, faded over by turns.

    What comes out belongs to what came in at the same position; the first samples wait for half a window.
    """

    def __init__(self, percent: float, sample_rate_hz: int, channels: int) -> None:
        self._step = percent / 100
        self._window = 2 * round(_WINDOW_S * sample_rate_hz / 2)
        self._skip = self._window // 2
        self._line = np.zeros((self._window + 1, channels), dtype=np.int16)
        self._taken = 0

    def push(self, samples: Samples) -> Samples:
        """Samples [samples, channels]; those that have waited long enough."""
        line = np.concatenate((self._line, samples))
        at = np.arange(len(samples))
        # From the window's end towards its beginning where tones rise, the other way where they fall.
        delay = (-self._step * (self._taken + at)) % self._window
        out = np.zeros(samples.shape)
        for shift in (0, self._window // 2):
            tap = (delay + shift) % self._window
            weight = np.sin(np.pi * tap / self._window) ** 2
            out += weight[:, np.newaxis] * _between(line, len(self._line) + at - tap)
        self._line = line[len(samples) :]
        self._taken += len(samples)
        skipped = min(self._skip, len(out))
        self._skip -= skipped
        return np.rint(out[skipped:]).astype(np.int16)

    def flush(self) -> Samples:
        """The rest, at the end of the utterance."""
        rest = np.zeros((self._window // 2, self._line.shape[1]), dtype=np.int16)
        return self.push(rest)[: min(self._taken, len(rest))]


class RateShift:
    """All of it `percent` slower and lower, as sound that is played at a wrong sample rate."""

    def __init__(self, percent: float, sample_rate_hz: int, channels: int) -> None:
        self._as_rate_hz = round(sample_rate_hz / (1 + percent / 100))
        self._resampler = Resampler(sample_rate_hz, channels)

    def push(self, samples: Samples) -> Samples:
        """Samples [samples, channels]; as many more, or fewer."""
        return self._resampler.push(AudioFrame(samples, self._as_rate_hz))

    def flush(self) -> Samples:
        """The rest, at the end of the utterance."""
        return self._resampler.flush()


def _between(line: Samples, at: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """`line` at positions between its samples, by straight lines."""
    below = np.clip(np.floor(at).astype(np.int64), 0, len(line) - 2)
    share = (at - below)[:, np.newaxis]
    return (1 - share) * line[below] + share * line[below + 1]
