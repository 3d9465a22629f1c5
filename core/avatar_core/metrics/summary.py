"""Figures as reports show them: n, percentiles, maximum. No average is ever shown without the rest."""

import math
from bisect import bisect_left, insort
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Distribution:
    """What `n` samples of one metric say. For signed metrics p95 and max are of the magnitude, with the sign kept."""

    n: int
    p50: float
    p95: float
    max: float


class Ranked:
    """Finite samples of one metric, in order: one more, or one less, moves a few kilobytes, and asking is free.

    A window asks for its figures several times a second, and a metric of each picture has 20,000 samples.
    """

    def __init__(self, values: Iterable[float] = (), *, signed: bool = False) -> None:
        self._ordered = sorted(value for value in values if math.isfinite(value))
        self._by_magnitude = sorted(self._ordered, key=abs) if signed else None

    def add(self, value: float) -> None:
        """Take one more; what is no number is not counted."""
        if not math.isfinite(value):
            return
        insort(self._ordered, value)
        if self._by_magnitude is not None:
            insort(self._by_magnitude, value, key=abs)

    def remove(self, value: float) -> None:
        """Forget one of those that were added."""
        if not math.isfinite(value):
            return
        del self._ordered[bisect_left(self._ordered, value)]
        if self._by_magnitude is not None:
            del self._by_magnitude[
                self._by_magnitude.index(value, bisect_left(self._by_magnitude, abs(value), key=abs))
            ]

    def distribution(self) -> Distribution | None:
        """The median of the values as they are, p95 and max at those ranks; None where there are none."""
        n = len(self._ordered)
        if not n:
            return None
        ranked = self._ordered if self._by_magnitude is None else self._by_magnitude
        p50 = (self._ordered[(n - 1) // 2] + self._ordered[n // 2]) / 2
        return Distribution(n, p50, p95=ranked[math.ceil(0.95 * n) - 1], max=ranked[-1])


def summarize(values: Iterable[float], *, signed: bool = False) -> Distribution | None:
    """Summarize finite `values`; None where there are none.

    `signed`: p50 is the median of the values as they are, p95 and max are the values at those ranks of magnitude.
    """
    return Ranked(values, signed=signed).distribution()
