"""A segment that is neither heard on nor finished is told once; one that has to wait is not."""

import pytest

from avatar_core.bench.measuring.hang_watch import HUNG_AFTER_S, HangWatch
from avatar_core.bench.session.bench_session import BenchSession
from avatar_core.bench.settings.config import Config
from avatar_core.bench.settings.room_choice import RoomChoice, RoomKind
from avatar_core.bench.snapshot import LedgerRow
from avatar_core.bench.states import SegmentState
from tests.fakes.clock import ManualClock


class Watched:
    def __init__(self) -> None:
        self.clock = ManualClock(100.0)
        session = BenchSession(Config(RoomChoice(RoomKind.EMBEDDED, "a test")), clock=self.clock)
        self.figures = session.life.figures
        self.told: list[str] = []
        session.event.connect(lambda event: self.told.append(event.text) if event.kind == "Hang" else None)
        self.watch = HangWatch(session.life.book, self.figures, session.life.standing, self.clock)

    def see(self, *rows: LedgerRow, seconds: float = HUNG_AFTER_S + 1, may_wait: bool = False) -> None:
        """The ledger shows these for so long."""
        for _ in range(round(seconds / 0.5)):
            self.watch.look(rows, may_wait=may_wait)
            self.clock.move(0.5)


def row(state: SegmentState, played_s: float = 1.0, segment_id: str = "s1") -> LedgerRow:
    return LedgerRow(segment_id, "Wave", state, 3.0, played_s)


@pytest.mark.parametrize("state", [SegmentState.PLAYING, SegmentState.QUEUED])
async def test_one_that_stands_still_is_told_once_and_counted_when_it_ends(state: SegmentState) -> None:
    watched = Watched()
    watched.see(row(state), seconds=20.0)
    assert watched.told == ["s1 stands still for 5 s, at 1.0 s"]
    watched.see(row(SegmentState.FINISHED))
    assert watched.figures.values("hang_count") == [1.0]


async def test_one_that_goes_on_ends_without_a_hang() -> None:
    watched = Watched()
    for tenth in range(100):
        watched.see(row(SegmentState.PLAYING, tenth / 10), seconds=0.5)
    watched.see(row(SegmentState.FINISHED))
    assert (watched.told, watched.figures.values("hang_count")) == ([], [0.0])


@pytest.mark.parametrize(
    ("state", "may_wait"), [(SegmentState.PAUSED, False), (SegmentState.PLAYING, True), (SegmentState.QUEUED, True)]
)
async def test_one_that_has_to_wait_does_not_hang(state: SegmentState, may_wait: bool) -> None:
    watched = Watched()
    watched.see(row(state), seconds=30.0, may_wait=may_wait)
    assert watched.told == []


async def test_one_behind_another_that_is_heard_has_its_turn_yet_to_come() -> None:
    watched = Watched()
    for tenth in range(40):
        watched.see(row(SegmentState.QUEUED, 0.0, "s2"), row(SegmentState.PLAYING, tenth / 10), seconds=0.5)
    assert watched.told == []
