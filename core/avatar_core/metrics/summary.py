"""Figures as reports show them: n, percentiles, maximum. No average is ever shown without the rest."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Distribution:
    """What `n` samples of one metric say. For signed metrics p95 and max are of the magnitude, with the sign kept."""

    n: int
    p50: float
    p95: float
    max: float


def summarize(values: Sequence[float], *, signed: bool = False) -> Distribution | None:
    """Summarize finite `values`; None where there are none.

    `signed`: p50 is the median of the values as they are, p95 and max are the values at those ranks of magnitude.
    """
    array = np.asarray(values, dtype=float)
    array = array[np.isfinite(array)]
    if not len(array):
        return None
    ranked = array[np.argsort(np.abs(array), kind="stable")] if signed else np.sort(array)
    rank_95 = min(len(ranked) - 1, int(np.ceil(0.95 * len(ranked))) - 1)
    return Distribution(n=len(array), p50=float(np.median(array)), p95=float(ranked[rank_95]), max=float(ranked[-1]))
