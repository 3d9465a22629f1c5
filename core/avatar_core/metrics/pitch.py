"""Whether speech was heard at its own pitch: the shift between two spectra on a scale of the frequency's logarithm."""

import numpy as np

from avatar_core.metrics.alignment import Alignment
from avatar_core.metrics.observations import Floats, Sound
from avatar_core.metrics.speech_features import RATE_HZ, as_floats

_WINDOW = 4096
_PADDED = 4 * _WINDOW
_STEP_S = 0.128
_LOWEST_HZ, _HIGHEST_HZ = 120.0, 3_600.0
_LOG_STEP = 0.001
_REACH = 200
"""Steps that are searched to either side: 22 % up, 18 % down."""
_SMOOTH = 80
_DEPTH_DB = 45.0
_MIN_POWER = 1e-5
_MIN_WINDOWS = 4


def pitch_ratio(reference: Floats, heard: Sound, alignment: Alignment) -> float | None:
    """Pitch heard to pitch sent, both at RATE_HZ; None where fewer than four windows of speech can be compared."""
    got = as_floats(heard)
    total, windows = np.zeros(2 * _REACH + 1), 0
    for start in range(0, len(reference) - _WINDOW + 1, round(_STEP_S * RATE_HZ)):
        piece = reference[start : start + _WINDOW]
        middle_s = np.array([(start + _WINDOW / 2) / RATE_HZ])
        at = round((float(alignment.heard_at(middle_s)[0]) - heard.start_s) * RATE_HZ) - _WINDOW // 2
        if at < 0 or at + _WINDOW > len(got) or float(piece @ piece) / _WINDOW < _MIN_POWER:
            continue
        other = got[at : at + _WINDOW]
        if float(other @ other) / _WINDOW < _MIN_POWER:
            continue
        total += _shifts(_lines(piece), _lines(other))
        windows += 1
    if windows < _MIN_WINDOWS:
        return None
    best = int(total.argmax())
    if not 0 < best < 2 * _REACH:
        return None
    left, middle, right = total[best - 1 : best + 2]
    exact = best + 0.5 * (left - right) / (left - 2 * middle + right)
    return float(np.exp((exact - _REACH) * _LOG_STEP))


def _lines(piece: Floats) -> Floats:
    """The spectrum's lines on a logarithmic scale: levels in dB without their slow course, which is the vowel's."""
    power = np.abs(np.fft.rfft(piece * np.hanning(len(piece)), _PADDED)) ** 2
    count = int(np.log(_HIGHEST_HZ / _LOWEST_HZ) / _LOG_STEP)
    at = _LOWEST_HZ * np.exp(np.arange(count) * _LOG_STEP) * _PADDED / RATE_HZ
    level = 10 * np.log10(np.interp(at, np.arange(len(power)), power) + 1e-12)
    level = np.maximum(level, level.max() - _DEPTH_DB)
    kernel = np.ones(2 * _SMOOTH + 1) / (2 * _SMOOTH + 1)
    lines = level - np.convolve(np.pad(level, _SMOOTH, mode="edge"), kernel, mode="valid")
    normalized: Floats = lines / (np.sqrt((lines**2).mean()) + 1e-9)
    return normalized


def _shifts(wanted: Floats, got: Floats) -> Floats:
    """Likeness for each shift of `got`, from _REACH steps down to _REACH up."""
    inner = wanted[_REACH : len(wanted) - _REACH]
    likeness: Floats = np.correlate(got, inner, mode="valid") / len(inner)
    return likeness
