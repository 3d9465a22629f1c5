"""A real session over an embedded room of its own, with what tests ask of it again and again."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import pytest

from avatar_core.bench.contract import SessionEvent
from avatar_core.bench.session.bench_session import BenchSession
from avatar_core.bench.settings.config import Config
from avatar_core.bench.settings.room_choice import Credentials, RoomChoice, RoomKind
from avatar_core.bench.snapshot import SessionSnapshot
from avatar_core.bench.states import SegmentState, SessionState
from tests.leftovers import Leftovers
from tests.patience import LIMIT_S
from tests.tone import TONE_S, write_tone

EMBEDDED = Config(RoomChoice(RoomKind.EMBEDDED, "the session starts its own room"))
PICTURE = {"width": 320, "height": 180, "fps": 15.0}
_LOOK_S = 0.02


def same_server(session: BenchSession) -> Config:
    """For somebody else who comes to the room that this session has started."""
    assert session.life.stage is not None
    room = session.life.stage.venue.room
    choice = RoomChoice(RoomKind.URL, "another session's", room.url)
    return Config(choice, Credentials(room.api_key, room.api_secret))


class RealSession:
    """A session not connected yet; `settings` are BenchSession's. `finished` counts the ends of each segment."""

    def __init__(self, leftovers: Leftovers, config: Config = EMBEDDED, **settings: Any) -> None:
        self.leftovers = leftovers
        self.session = BenchSession(config, worker_options=PICTURE, monitor_muted=True, **settings)
        self.finished: Counter[str] = Counter()
        self.session.event.connect(self._on_event)

    def _on_event(self, event: SessionEvent) -> None:
        if event.kind == "Finished":
            self.finished[event.segment_id] += 1

    async def connect(self) -> None:
        connected = await self.session.connect()
        assert connected.ok, connected.text

    async def becomes(self, holds: Callable[[SessionSnapshot], bool], limit_s: float = LIMIT_S) -> SessionSnapshot:
        async with asyncio.timeout(limit_s):
            while not holds(snapshot := self.session.snapshot()):
                await asyncio.sleep(_LOOK_S)
        return snapshot

    async def speak(self) -> None:
        spoken = await self.session.speak()
        assert spoken.ok, spoken.text
        await self.becomes(lambda now: bool(now.ledger) and now.ledger[0].state is SegmentState.PLAYING)

    async def take_over_in_mid_utterance(self, provider: str) -> None:
        """Swap; nothing of what is being said is lost, and it is heard from the new one."""
        swapped = await self.session.swap(provider)
        assert swapped.ok, swapped.text
        assert swapped.values["swap_lost_ms"] == 0
        await self.is_heard()

    async def stop_with_nothing_lost(self) -> None:
        """The one segment that was opened is heard to where its source was stopped, and ends once."""
        stopped = await self.session.stop()
        assert stopped.ok, stopped.text
        done = await self.becomes(lambda now: now.state is SessionState.READY)
        [row] = done.ledger
        assert row.state is SegmentState.FINISHED
        assert row.played_s == pytest.approx(row.pushed_s, abs=0.01)
        assert self.finished == Counter([row.segment_id])

    async def add_tone(self, folder: Path, duration_s: float = TONE_S) -> None:
        """To be said next; by default it outlasts whatever a slow machine takes."""
        added = await self.session.add_source(write_tone(folder / f"tone-{duration_s:g}.wav", duration_s=duration_s))
        assert added.ok, added.text

    async def is_heard(self) -> None:
        """At the viewer, from whoever speaks now."""
        async with asyncio.timeout(LIMIT_S):
            while not self.session.life.hearing.audible(self.session.life.actor.identity):
                await asyncio.sleep(_LOOK_S)


R = TypeVar("R", bound=RealSession)


@asynccontextmanager
async def connected_session(
    monkeypatch: pytest.MonkeyPatch, kind: type[R] = RealSession, **settings: Any
) -> AsyncIterator[R]:
    """One that is connected; at its end it is closed, and nothing of it may be left."""
    leftovers = Leftovers(monkeypatch)
    real = kind(leftovers, **settings)
    try:
        await real.connect()
        yield real
    finally:
        await real.session.aclose()
        await leftovers.nothing_within(LIMIT_S)
