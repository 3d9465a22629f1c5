"""The newest samples of one metric, each with its time, and what they say as of now."""

from collections import deque
from typing import NamedTuple

from avatar_core.metrics.summary import Distribution, Ranked


class TimedValue(NamedTuple):
    """`value` was known at `end_s` (monotonic)."""

    end_s: float
    value: float


class SampleWindow:
    """Bounded: of more than `kept` samples the oldest are forgotten. `signed` as `summarize` has it."""

    def __init__(self, kept: int, *, signed: bool = False) -> None:
        self._kept = kept
        self._samples: deque[TimedValue] = deque()
        self._ranked = Ranked(signed=signed)

    def __len__(self) -> int:
        return len(self._samples)

    @property
    def newest(self) -> TimedValue | None:
        """The one that was added last."""
        return self._samples[-1] if self._samples else None

    def values(self) -> list[float]:
        """All of them, the oldest first."""
        return [sample.value for sample in self._samples]

    def distribution(self) -> Distribution | None:
        """What they say; None where there is none that is a number."""
        return self._ranked.distribution()

    def add(self, sample: TimedValue) -> None:
        """Take one more, the newest."""
        if len(self._samples) == self._kept:
            self._ranked.remove(self._samples.popleft().value)
        self._samples.append(sample)
        self._ranked.add(sample.value)

    def take_back(self, since_s: float) -> int:
        """Forget what was known later than `since_s`; returns how many that were."""
        before = len(self._samples)
        while self._samples and self._samples[-1].end_s > since_s:
            self._ranked.remove(self._samples.pop().value)
        return before - len(self._samples)
