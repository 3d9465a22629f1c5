"""Frozen values that a time axis shows: what was said where, marks, untrusted time, and curves.

No behaviour, as in `snapshot`.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from avatar_core.bench.states import SegmentState, SeriesName


@dataclass(frozen=True, slots=True)
class SegmentSpan:
    """A stretch of one segment on one provider, in monotonic seconds.

    Heard from `start_s` to `played_until_s`; sent up to `sent_until_s`, which lies in the future while it plays and
    bounds what was dropped when it was interrupted. `carried` marks a stretch that another provider goes on with.
    """

    segment_id: str
    provider_id: str
    start_s: float
    played_until_s: float
    sent_until_s: float
    state: SegmentState
    label: str
    carried: bool = False


@dataclass(frozen=True, slots=True)
class Mark:
    """A command or an event on the time axis. `key` is the letter of its flag; `result` is filled in later."""

    id: int
    time_s: float
    key: str
    label: str
    result: str = ""


@dataclass(frozen=True, slots=True)
class UntrustedTime:
    """A stretch whose figures can't be believed, in monotonic seconds; `end_s` None while it lasts."""

    start_s: float
    end_s: float | None
    reason: str


@dataclass(frozen=True, slots=True)
class TimelineSnapshot:
    """What the time axis shows."""

    spans: tuple[SegmentSpan, ...] = ()
    marks: tuple[Mark, ...] = ()
    untrusted: tuple[UntrustedTime, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class SeriesSnapshot:
    """A copy of one curve: `time_s` rising (monotonic seconds) and `value`, both float64 (n,); NaN is a gap."""

    name: SeriesName
    time_s: NDArray[np.float64]
    value: NDArray[np.float64]
    estimated: bool = False
