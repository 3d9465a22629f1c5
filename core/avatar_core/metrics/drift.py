"""A/V drift: how the offset changes over time, robustly, and which samples belong to which utterance."""

from collections.abc import Sequence

import numpy as np

from avatar_core.metrics.offset import OffsetSample
from avatar_core.metrics.series import Floats

_FEWEST = 4
_MOST = 400
_LEAST_NOISE_MS = 4.0
"""What a jitter buffer moves the offset of single samples by, even where few of them happen to agree."""
_MOST_UNCERTAIN_MS_PER_S = 0.5
"""Half of the slope that thresholds warn of."""
_SD_OF_MAD = 1.4826


def slope_ms_per_s(samples: Sequence[OffsetSample]) -> float | None:
    """The median of the slopes of all pairs (Theil-Sen): up to 29 % of strays don't move it.

    None where they are too few, too close together or too noisy, so that the jitter of single samples would be told as
    drift: where the standard error is above 0.5 ms/s. Of more than 400 samples an even choice is taken.
    """
    if len(samples) < _FEWEST:
        return None
    times_s, offsets_ms = [sample.at_s for sample in samples], [sample.offset_ms for sample in samples]
    found = slope(times_s, offsets_ms)
    if found is None or _standard_error(np.array(times_s), np.array(offsets_ms), found) > _MOST_UNCERTAIN_MS_PER_S:
        return None
    return found


def slope(times_s: Sequence[float], values: Sequence[float]) -> float | None:
    """Change of any value per second, by the same rule; None where all is of one moment."""
    step = len(times_s) // _MOST + 1
    time_s, value = np.array(times_s[::step], dtype=float), np.array(values[::step], dtype=float)
    first, second = np.triu_indices(len(time_s), 1)
    apart_s = time_s[second] - time_s[first]
    usable = apart_s > 0
    return float(np.median((value[second] - value[first])[usable] / apart_s[usable])) if usable.any() else None


def _standard_error(times_s: Floats, offsets_ms: Floats, slope: float) -> float:
    """Of a slope in ms/s; strays do not count."""
    residual = offsets_ms - slope * times_s
    noise_ms = _SD_OF_MAD * float(np.median(np.abs(residual - np.median(residual))))
    return max(noise_ms, _LEAST_NOISE_MS) / float(np.sqrt(np.sum((times_s - times_s.mean()) ** 2)))


def within(samples: Sequence[OffsetSample], start_s: float, end_s: float) -> list[OffsetSample]:
    """The samples of one utterance, by the time it was heard; half a second on either side belongs to it."""
    return [sample for sample in samples if start_s - 0.5 <= sample.at_s <= end_s + 0.5]
