"""The fake session's speech: segments, the stretches they were heard in, marks, and the balance of the ledger.

Positions are pure functions of time: nothing here waits or runs.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from avatar_core.bench.snapshot import LedgerBalance, LedgerRow
from avatar_core.bench.states import SegmentState
from avatar_core.bench.timeline_snapshot import Mark, SegmentSpan, TimelineSnapshot, UntrustedTime

SENT_AHEAD_S = 2.4
LEDGER_ROWS = 200


@dataclass(slots=True)
class FakeStretch:
    """One stretch of a segment on one provider; `end_s` None while it sounds."""

    provider_id: str
    start_s: float
    from_position_s: float
    end_s: float | None = None
    sent_until_s: float | None = None
    label: str = ""
    carried: bool = False


@dataclass(slots=True)
class FakeSegment:
    """One segment of `duration_s`, heard in one or more stretches."""

    id: str
    source_id: str
    duration_s: float
    state: SegmentState = SegmentState.PLAYING
    ended: str = ""
    stretches: list[FakeStretch] = field(default_factory=list)

    def played_s(self, now_s: float) -> float:
        """Seconds heard so far."""
        last = self.stretches[-1]
        heard_s = (now_s if last.end_s is None else last.end_s) - last.start_s
        return min(self.duration_s, last.from_position_s + max(0.0, heard_s))

    def pushed_s(self, now_s: float) -> float:
        """Seconds sent so far."""
        if self.state.ended:
            last = self.stretches[-1]
            beyond_s = (last.sent_until_s or now_s) - (last.end_s or now_s)
            return min(self.duration_s, self.played_s(now_s) + max(0.0, beyond_s))
        return min(self.duration_s, self.played_s(now_s) + SENT_AHEAD_S)


class FakeLedger:
    """Every segment of the session, oldest first, and the marks over them."""

    def __init__(self, first_number: int = 1) -> None:
        self.segments: list[FakeSegment] = []
        self.marks: list[Mark] = []
        self.untrusted: list[UntrustedTime] = []
        self._first_number = first_number

    @property
    def current(self) -> FakeSegment | None:
        """The segment that is open, if any."""
        return next((segment for segment in reversed(self.segments) if not segment.state.ended), None)

    def open(self, source_id: str, provider_id: str, duration_s: float, now_s: float) -> FakeSegment:
        """Open a segment that sounds from now on."""
        segment = FakeSegment(f"s{self._first_number + len(self.segments)}", source_id, duration_s)
        segment.stretches.append(FakeStretch(provider_id, now_s, 0.0))
        self.segments.append(segment)
        return segment

    def hold(self, segment: FakeSegment, now_s: float, state: SegmentState, ended: str = "", label: str = "") -> None:
        """End the sounding stretch: for a pause, or for good with `ended`."""
        last = segment.stretches[-1]
        if last.end_s is None:
            last.sent_until_s = last.start_s + segment.pushed_s(now_s) - last.from_position_s
            last.end_s = now_s
        if state is not SegmentState.INTERRUPTED:
            last.sent_until_s = last.end_s
        last.label = label
        segment.state, segment.ended = state, ended

    def go_on(self, segment: FakeSegment, provider_id: str, now_s: float) -> None:
        """Let a held segment sound again, on this provider, from where it was heard to."""
        segment.stretches.append(FakeStretch(provider_id, now_s, segment.played_s(now_s)))
        segment.state = SegmentState.PLAYING

    def mark(self, time_s: float, key: str, label: str, result: str = "") -> None:
        """Put a mark on the time axis."""
        self.marks.append(Mark(len(self.marks), time_s, key, label, result))

    def balance(self) -> LedgerBalance:
        """The counts of the law; segments before the first number count as finished."""
        still_open = sum(not segment.state.ended for segment in self.segments)
        opened = self._first_number - 1 + len(self.segments)
        return LedgerBalance(opened, opened - still_open, still_open)

    def rows(self, now_s: float, names: dict[str, str]) -> tuple[LedgerRow, ...]:
        """The newest segments first; `names` maps provider ids to what is shown."""
        return tuple(
            LedgerRow(
                segment.id,
                names.get(segment.stretches[-1].provider_id, segment.stretches[-1].provider_id),
                segment.state,
                segment.pushed_s(now_s),
                segment.played_s(now_s),
                segment.ended,
            )
            for segment in reversed(self.segments[-LEDGER_ROWS:])
        )

    def timeline(self, since_s: float, now_s: float) -> TimelineSnapshot:
        """The stretches, marks and untrusted times that reach past `since_s`."""
        spans = [
            self._span(segment, index, now_s)
            for segment in self.segments
            for index, stretch in enumerate(segment.stretches)
            if stretch.end_s is None or stretch.end_s >= since_s
        ]
        return TimelineSnapshot(
            tuple(spans),
            tuple(mark for mark in self.marks if mark.time_s >= since_s),
            tuple(time for time in self.untrusted if time.end_s is None or time.end_s >= since_s),
        )

    def heard_by(self, time_s: NDArray[np.float64], provider_ids: list[str]) -> NDArray[np.intp]:
        """For each time (n,) the index of the provider that sounded, or -1 in silence."""
        heard = np.full(time_s.shape, -1, dtype=np.intp)
        for segment in self.segments:
            for stretch in segment.stretches:
                inside = time_s >= stretch.start_s
                if stretch.end_s is not None:
                    inside &= time_s < stretch.end_s
                heard[inside] = provider_ids.index(stretch.provider_id)
        return heard

    @staticmethod
    def _span(segment: FakeSegment, index: int, now_s: float) -> SegmentSpan:
        stretch = segment.stretches[index]
        played_until_s = now_s if stretch.end_s is None else stretch.end_s
        is_last = index == len(segment.stretches) - 1
        if stretch.end_s is None:
            sent_until_s = now_s + segment.pushed_s(now_s) - segment.played_s(now_s)
        else:
            sent_until_s = stretch.sent_until_s or stretch.end_s
        label = stretch.label or (f"{segment.id}  continues" if index else segment.id)
        return SegmentSpan(
            segment.id,
            stretch.provider_id,
            stretch.start_s,
            played_until_s,
            sent_until_s,
            segment.state if is_last else SegmentState.FINISHED,
            label,
            stretch.carried,
        )
