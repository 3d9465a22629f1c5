"""Finding the sync pattern's beeps in received sound, to well under a millisecond, while it streams in."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from avatar_core.media.frames import Samples
from avatar_core.media.sync_pattern import BEEP_HZ, BEEP_PERIOD_S, BEEP_S

_SMOOTH_S = 0.008
"""Mean of the tone's envelope that a candidate is found in."""
_EDGE_S = 0.02
"""Sound weighed on either side of an onset."""
_SEARCH_S = 0.03
_MIN_LEVEL = 0.05
_MIN_SHARE = 0.5
"""Of the power in the envelope's window, how much is the tone's."""
_REFRACTORY_S = BEEP_PERIOD_S / 2


@dataclass(frozen=True, slots=True)
class Beep:
    """One beep: `onset_s` counted from the first sample pushed, `level` its peak as a share of full scale."""

    onset_s: float
    level: float


class BeepDetector:
    """Streaming and pure: push what was heard in any cutting, get each beep once, about 60 ms after its onset.

    An onset is where the tone's amplitude after the moment exceeds that before it most (the correlation with an
    edge), found between samples where the two slopes meet. The carrier under the beep and a codec's noise average
    out over the 20 ms on either side.
    """

    def __init__(self, sample_rate_hz: int) -> None:
        self._rate = sample_rate_hz
        self._smooth = round(_SMOOTH_S * sample_rate_hz)
        self._edge = round(_EDGE_S * sample_rate_hz)
        self._search = round(_SEARCH_S * sample_rate_hz)
        self._sound = np.zeros(0)
        # The same, turned so that the tone stands still: with each sample once, as that is what costs.
        self._spun = np.zeros(0, dtype=np.complex128)
        self._first = 0  # index of _sound[0] in the stream
        self._next = 0  # no onset is looked for before this index

    def push(self, samples: Samples) -> list[Beep]:
        """Sound [samples] or [samples, channels] that follows what was pushed before; beeps found by it, in order."""
        sound = samples.astype(np.float64) / 32768
        sound = sound.mean(axis=1) if sound.ndim == 2 else sound
        index = self._first + len(self._sound) + np.arange(len(sound))
        self._sound = np.concatenate((self._sound, sound))
        self._spun = np.concatenate((self._spun, sound * np.exp(-2j * np.pi * BEEP_HZ / self._rate * index)))
        found = []
        while (beep := self._find()) is not None:
            found.append(beep)
        return found

    def _find(self) -> Beep | None:
        # Every look needs the search span and an edge's length after a candidate, and the same before it.
        margin = self._search + self._edge
        summed: npt.NDArray[np.complex128] = np.concatenate((np.zeros(1), np.cumsum(self._spun)))
        power = np.concatenate((np.zeros(1), np.cumsum(self._sound * self._sound)))
        last = len(self._sound) - margin - self._smooth
        start = max(0, self._next - self._first)
        if start < last:
            at = np.arange(start, last)
            tone = 2 * np.abs(summed[at + self._smooth] - summed[at]) / self._smooth
            loud = (power[at + self._smooth] - power[at]) / self._smooth
            hits = np.flatnonzero((tone > _MIN_LEVEL) & (tone * tone / 2 > _MIN_SHARE * loud))
            if len(hits):
                beep = self._refine(summed, start + int(hits[0]))
                self._next = self._first + start + int(hits[0]) + round(_REFRACTORY_S * self._rate)
                return beep
            self._next = self._first + last
        keep = max(0, min(len(self._sound), self._next - self._first) - margin)
        self._sound, self._spun = self._sound[keep:], self._spun[keep:]
        self._first += keep
        return None

    def _refine(self, summed: npt.NDArray[np.complex128], candidate: int) -> Beep:
        length = self._edge
        at = np.arange(max(length, candidate - self._search), candidate + self._search)
        after = np.abs(summed[at + length] - summed[at])
        before = np.abs(summed[at] - summed[at - length])
        score = after - before
        peak = int(np.argmax(score))
        onset = float(at[peak]) + _corner(score, peak, round(0.004 * self._rate))
        whole = round(onset)
        beep_length = min(round(BEEP_S * 0.8 * self._rate), len(summed) - 1 - whole)
        level = 2 * abs(summed[whole + beep_length] - summed[whole]) / beep_length
        return Beep((self._first + onset) / self._rate, float(level))


def _corner(score: npt.NDArray[np.float64], peak: int, reach: int) -> float:
    """How far from `peak` the straight flanks of a triangular peak meet, in samples (within half the reach)."""
    guard = reach // 4
    left = np.arange(max(0, peak - reach), peak - guard)
    right = np.arange(peak + guard + 1, min(len(score), peak + reach + 1))
    if len(left) < 3 or len(right) < 3:
        return 0.0
    rise, rise_at = np.polyfit(left - peak, score[left], 1)
    fall, fall_at = np.polyfit(right - peak, score[right], 1)
    if rise <= fall:
        return 0.0
    return float(np.clip((fall_at - rise_at) / (rise - fall), -reach / 2, reach / 2))
