"""Thresholds and what they make of a figure. Pure; which thresholds hold is read elsewhere."""

import math
from dataclasses import dataclass
from typing import Literal, TypeAlias

from avatar_core.metrics.summary import Distribution

Figure = Literal["p50", "p95", "max"]
Limits: TypeAlias = float | tuple[float, float]
"""The highest value that may be, or the lowest and the highest; infinite where there is none."""


@dataclass(frozen=True, slots=True)
class Threshold:
    """A metric's `figure` passes within `warn` and fails outside of `fail`, in the metric's unit. `source`: where from.

    Of signed metrics p95 and max are of the magnitude with the sign kept, so that limits on both sides hold of them.
    """

    metric: str
    figure: Figure
    fail: Limits
    source: str
    warn: Limits | None = None

    def __post_init__(self) -> None:
        low, high = span(self.fail)
        if low > high:
            raise ValueError(f"{self.metric} can't be at least {low:g} and at most {high:g}")
        if self.warn is not None and (span(self.warn)[0] < low or span(self.warn)[1] > high):
            raise ValueError(f"{self.metric} would warn at {self.warn} and fail at {self.fail} already")


@dataclass(frozen=True, slots=True)
class Check:
    """A threshold and what came of it; `value` is None where nothing was measured, or nothing that can be trusted."""

    threshold: Threshold
    verdict: Literal["pass", "warn", "fail", "broken", "skipped"]
    value: float | None
    why: str


def span(limits: Limits) -> tuple[float, float]:
    """The lowest and the highest value that may be."""
    return limits if isinstance(limits, tuple) else (-math.inf, limits)


def judge(
    threshold: Threshold, figures: Distribution | None, excluded: int, doubt: str = "", unmeasured: str = ""
) -> Check:
    """Judge trusted `figures`; `excluded` is how many samples were left out as not trusted.

    Without a trusted sample it is *broken* where there was a measurement, *skipped* where there was none. `doubt` says
    why none of them can be believed, where that is so, `unmeasured` why nothing could be measured.
    """
    if figures is not None and doubt:
        return Check(threshold, "broken", None, f"measurement not trusted: {doubt}")
    if figures is None:
        if excluded:
            left_out = f"{excluded} sample{'' if excluded == 1 else 's'} left out"
            return Check(threshold, "broken", None, f"measurement not trusted: {left_out}")
        why = f"not measured: {unmeasured}" if unmeasured else "not measured in this run"
        return Check(threshold, "skipped", None, why)
    value = {"p50": figures.p50, "p95": figures.p95, "max": figures.max}[threshold.figure]
    said = f"{threshold.figure} {value:.4g} of {figures.n}"
    if outside := _outside(value, threshold.fail):
        return Check(threshold, "fail", value, f"{said}, at {outside} may be")
    if threshold.warn is not None and (outside := _outside(value, threshold.warn)):
        return Check(threshold, "warn", value, f"{said}, at {outside} is good")
    return Check(threshold, "pass", value, said)


def _outside(value: float, limits: Limits) -> str:
    """The limit that `value` is beyond, in words; empty within."""
    low, high = span(limits)
    if value > high:
        return f"most {high:g}"
    return f"least {low:g}" if value < low else ""
