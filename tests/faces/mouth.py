"""How far a mouth is open over time: by the phonemes that are spoken, or by the loudness of the voice."""

from dataclasses import dataclass

import numpy as np

from tests.faces.speech import RATE_HZ, Floats, Speech

STEP_HZ = 200

_WIDE = {"a", "a#", "aa", "A:", "A@", "aI", "aU", "0", "O@", "V"}
_MIDDLE = {"E", "eI", "oU", "O:", "o@", "O2", "3", "3:", "@", "@2", "@L"}
_NARROW = {"I", "I2", "I#", "i", "i:", "u:", "j", "w", "r", "r-"}
_CLOSED = {"p", "b", "m"}
_CONSONANT = 0.28
_LIPS_ON_TEETH = {"f", "v"}


@dataclass(frozen=True)
class Mouth:
    """`sigma_s`: how smooth its movement is; `late_s`: how far it lags the sound; `by_loudness`: no phonemes at all.

    A sloppy mouth misses phonemes by `sloppy_s` (standard deviation) and opens 0.3 to 1.2 times as far.
    """

    sigma_s: float = 0.035
    late_s: float = 0.0
    by_loudness: bool = False
    sloppy_s: float = 0.0

    def opening(self, speech: Speech, seed: int) -> Floats:
        """0 (closed) to 1, STEP_HZ times a second."""
        length = len(speech.samples) * STEP_HZ // RATE_HZ
        target = self._loudness(speech, length) if self.by_loudness else self._visemes(speech, length, seed)
        return np.roll(_smooth(target, self.sigma_s * STEP_HZ), round(self.late_s * STEP_HZ))

    def _visemes(self, speech: Speech, length: int, seed: int) -> Floats:
        rng = np.random.default_rng([seed, 2])
        target = np.full(length, 0.02)
        for name, start_s, end_s in speech.phonemes:
            late_s = rng.normal(0, self.sloppy_s)
            reach = rng.uniform(0.3, 1.2) if self.sloppy_s else 1.0
            start, end = (max(0, round((time_s + late_s) * STEP_HZ)) for time_s in (start_s, end_s))
            target[start:end] = reach * _openness(name)
        return target

    def _loudness(self, speech: Speech, length: int) -> Floats:
        power = (speech.samples.astype(float) / 32768) ** 2
        hop = RATE_HZ // STEP_HZ
        level = np.sqrt(power[: length * hop].reshape(length, hop).mean(axis=1))
        return np.clip(level / 0.2, 0, 1) ** 0.6


def _openness(phoneme: str) -> float:
    if phoneme.startswith("_") or phoneme == ";":
        return 0.02
    for names, openness in ((_WIDE, 1.0), (_MIDDLE, 0.65), (_NARROW, 0.4), (_CLOSED, 0.0), (_LIPS_ON_TEETH, 0.1)):
        if phoneme in names:
            return openness
    return _CONSONANT


def _smooth(signal: Floats, sigma: float) -> Floats:
    reach = round(4 * sigma)
    taps = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    return np.convolve(np.pad(signal, reach, mode="edge"), taps / taps.sum(), mode="valid")
