"""Sums of sound: gain, ducking, fades and the saturating mix, in wider arithmetic. Pure; no buffers, no time."""

import numpy as np
import numpy.typing as npt

from avatar_core.media.frames import Samples

_FLOOR_DB = -60.0
"""Where a fade ends before it falls silent."""


def linear(gain_db: float) -> float:
    """The factor of a gain in dB: 0 dB is 1.0, -6.02 dB is 0.5."""
    return float(10.0 ** (gain_db / 20.0))


def with_gain(samples: Samples, gain: float) -> Samples:
    """`samples` times `gain` (a factor), rounded, saturated at full scale. A gain of 1.0 changes nothing."""
    if gain == 1.0:
        return samples
    return _saturated(samples.astype(np.float64) * gain)


def mix(*parts: Samples) -> Samples:
    """The sum of `parts`, each [samples, channels], as long as the first; PROTOCOLS O16, O17.

    A shorter part is continued by silence, a longer one cut. The sum is made in int32 and saturates: 30000 + 10000
    is 32767, never a negative number. ValueError where channels differ.
    """
    if len({part.shape[1] for part in parts}) != 1:
        raise ValueError(f"cannot mix parts of different channel counts: {[part.shape[1] for part in parts]}")
    total = np.zeros(parts[0].shape, dtype=np.int32)
    for part in parts:
        count = min(len(part), len(total))
        total[:count] += part[:count]
    return np.clip(total, -32768, 32767).astype(np.int16)


def ramp(samples: Samples, start_gain: float, end_gain: float) -> Samples:
    """`samples` with a gain that moves evenly from `start_gain` towards `end_gain`, reached behind the last one."""
    if start_gain == end_gain:
        return with_gain(samples, start_gain)
    gains = np.linspace(start_gain, end_gain, len(samples), endpoint=False)[:, np.newaxis]
    return _saturated(samples.astype(np.float64) * gains)


def faded(samples: Samples) -> Samples:
    """`samples` falling evenly in dB from 0 to -60 dB, the last one silent; PROTOCOLS O5."""
    if not len(samples):
        return samples
    gains = np.power(10.0, np.linspace(0.0, _FLOOR_DB, len(samples)) / 20.0)[:, np.newaxis]
    gains[-1] = 0.0
    return _saturated(samples.astype(np.float64) * gains)


def padded(samples: Samples, count: int) -> Samples:
    """`samples` [samples, channels] continued by silence to `count` samples; longer ones stay as they are."""
    if len(samples) >= count:
        return samples
    return np.concatenate((samples, np.zeros((count - len(samples), samples.shape[1]), dtype=np.int16)))


class Ducker:
    """Turns the background down while there is speech, without a click: the gain moves over `attack` and `release`.

    `ducked_gain` is a factor, the times are seconds for the whole way between 1.0 and it.
    """

    def __init__(
        self, sample_rate_hz: int, ducked_gain: float, *, attack_s: float = 0.1, release_s: float = 0.4
    ) -> None:
        if not 0.0 <= ducked_gain <= 1.0 or attack_s <= 0 or release_s <= 0:
            raise ValueError(
                f"ducking to {ducked_gain} in {attack_s} s and back in {release_s} s is impossible; "
                "give a factor of 0 to 1 and times above 0"
            )
        self.gain = 1.0
        self._ducked_gain = ducked_gain
        way = 1.0 - ducked_gain
        self._down_step = way / (attack_s * sample_rate_hz)
        self._up_step = way / (release_s * sample_rate_hz)

    def apply(self, background: Samples, *, speech: bool) -> Samples:
        """The next `background` [samples, channels], on the way down where there is `speech`, else back up."""
        start = self.gain
        if speech:
            self.gain = max(self._ducked_gain, start - self._down_step * len(background))
        else:
            self.gain = min(1.0, start + self._up_step * len(background))
        return ramp(background, start, self.gain)


def _saturated(values: npt.NDArray[np.float64]) -> Samples:
    return np.clip(np.rint(values), -32768, 32767).astype(np.int16)
