"""Thresholds and what they make of a figure. Pure; which thresholds hold is read elsewhere."""

from dataclasses import dataclass
from typing import Literal

from avatar_core.metrics.summary import Distribution

Figure = Literal["p50", "p95", "max"]


@dataclass(frozen=True, slots=True)
class Threshold:
    """A metric's `figure` passes up to `warn` and fails beyond `fail`, in the metric's unit. `source`: where from."""

    metric: str
    figure: Figure
    fail: float
    source: str
    warn: float | None = None

    def __post_init__(self) -> None:
        if self.warn is not None and self.warn > self.fail:
            raise ValueError(f"{self.metric} would warn at {self.warn:g} and fail at {self.fail:g} already")


@dataclass(frozen=True, slots=True)
class Check:
    """A threshold and what came of it; `value` is None where nothing was measured, or nothing that can be trusted."""

    threshold: Threshold
    verdict: Literal["pass", "warn", "fail", "broken", "skipped"]
    value: float | None
    why: str


def judge(threshold: Threshold, figures: Distribution | None, excluded: int) -> Check:
    """Judge trusted `figures`; `excluded` is how many samples were left out as not trusted.

    Without a trusted sample it is *broken* where there was a measurement, *skipped* where there was none.
    """
    if figures is None:
        if excluded:
            left_out = f"{excluded} sample{'' if excluded == 1 else 's'} left out"
            return Check(threshold, "broken", None, f"measurement not trusted: {left_out}")
        return Check(threshold, "skipped", None, "not measured in this run")
    value = {"p50": figures.p50, "p95": figures.p95, "max": figures.max}[threshold.figure]
    said = f"{threshold.figure} {value:.4g} of {figures.n}"
    if value > threshold.fail:
        return Check(threshold, "fail", value, f"{said}, at most {threshold.fail:g} may be")
    if threshold.warn is not None and value > threshold.warn:
        return Check(threshold, "warn", value, f"{said}, above {threshold.warn:g}")
    return Check(threshold, "pass", value, said)
