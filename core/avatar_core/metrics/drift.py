"""A/V drift: how the offset changes over time, robustly, and which samples belong to which utterance."""

from collections.abc import Sequence

import numpy as np

from avatar_core.metrics.offset import OffsetSample

_FEWEST = 4
_SHORTEST_S = 3.0
_MOST = 400


def slope_ms_per_s(samples: Sequence[OffsetSample]) -> float | None:
    """The median of the slopes of all pairs (Theil-Sen): up to 29 % of strays don't move it.

    None for fewer than four samples or less than 3 s: the jitter of single samples would be told as drift. Of more
    than 400 samples an even choice is taken.
    """
    if len(samples) < _FEWEST or samples[-1].at_s - samples[0].at_s < _SHORTEST_S:
        return None
    return slope([sample.at_s for sample in samples], [sample.offset_ms for sample in samples])


def slope(times_s: Sequence[float], values: Sequence[float]) -> float | None:
    """Change of any value per second, by the same rule; None where all is of one moment."""
    step = len(times_s) // _MOST + 1
    time_s, value = np.array(times_s[::step], dtype=float), np.array(values[::step], dtype=float)
    first, second = np.triu_indices(len(time_s), 1)
    apart_s = time_s[second] - time_s[first]
    usable = apart_s > 0
    return float(np.median((value[second] - value[first])[usable] / apart_s[usable])) if usable.any() else None


def within(samples: Sequence[OffsetSample], start_s: float, end_s: float) -> list[OffsetSample]:
    """The samples of one utterance, by the time it was heard; half a second on either side belongs to it."""
    return [sample for sample in samples if start_s - 0.5 <= sample.at_s <= end_s + 0.5]
