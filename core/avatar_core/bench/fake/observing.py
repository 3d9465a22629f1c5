"""A session without a room that observes: somebody else's avatar, as a test has it. Peer of ObserveSession."""

from dataclasses import replace

from avatar_core.bench.allowed import blocked_while_observing
from avatar_core.bench.fake.behaviour import FakeTimes
from avatar_core.bench.fake.session import FakeSession
from avatar_core.bench.observe.attendance import NOTICE_ID, OBSERVED_ID
from avatar_core.bench.snapshot import LedgerBalance, Notice, NoticeAction, ProviderInfo, SessionSnapshot
from avatar_core.bench.states import Command, ProviderState, SegmentState, SessionState, Severity
from avatar_core.clock import Clock


class FakeObserveSession(FakeSession):
    """See FakeSession. What somebody else does with the avatar are the methods that begin with `avatar_`."""

    def __init__(self, named: str, clock: Clock | None = None, *, times: FakeTimes | None = None) -> None:
        super().__init__(clock, times=times)
        self._named = named
        self.world.providers = [ProviderInfo(OBSERVED_ID, named, "Observed", 0, ProviderState.NOT_STARTED)]
        self.world.sources = []
        self._block()
        self.state_changed.connect(lambda _: self._block())

    def snapshot(self) -> SessionSnapshot:
        """The session as of now, without speech, source or ledger."""
        now = super().snapshot()
        return replace(
            now,
            observing=self._named,
            selected_source_id=None,
            speech=None,
            ledger=(),
            balance=LedgerBalance(),
            metrics=tuple(row for row in now.metrics if not row.name.startswith("segments_")),
            faults={},
        )

    def avatar_speaks(self, duration_s: float = 4.0) -> None:
        """It is heard for so long."""
        self.world.open_segment("somebody's", duration_s)
        self.world.set_state(SessionState.READY)

    def avatar_leaves(self) -> None:
        """It is gone, and waited for."""
        world = self.world
        if (heard := world.ledger.current) is not None:
            world.end_segment(heard, SegmentState.INTERRUPTED, "left")
        world.set_provider(OBSERVED_ID, ProviderState.AWAY, "left the room, or publishes nothing any more")
        world.current_id, world.stopped_since_s, world.preview.running = None, self.clock.now(), False
        world.ledger.mark(self.clock.now(), "L", "Left")
        world.announce("Avatar", f"{self._named} left", Severity.WARN)
        world.set_state(SessionState.WAITING)

    def avatar_stays_away(self) -> None:
        """It did not come back in time; it is waited for all the same."""
        self.world.set_provider(OBSERVED_ID, ProviderState.FAILED, "left and did not come back")
        title = f"{self._named} left and did not come back in 10 s"
        reconnect = NoticeAction(Command.RECONNECT, "Reconnect")
        self.world.raise_notice(Notice(NOTICE_ID, Severity.FAIL, title, "It is waited for all the same.", (reconnect,)))

    def avatar_comes_back(self) -> None:
        """It is there again."""
        world = self.world
        world.notices.pop(NOTICE_ID, None)
        world.go_live(OBSERVED_ID)
        world.measure("avatar_away_s", 1.0)
        world.announce("Avatar", f"{self._named} is back after 1.0 s", Severity.OK)
        world.set_state(SessionState.READY)

    def _block(self) -> None:
        self.world.also_blocked = blocked_while_observing(self.state, self._named)
