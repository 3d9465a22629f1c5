"""The Session contract where somebody else drives: the fake one, and the real one over somebody's room."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from avatar_core.bench.contract import CommandResult, Session
from avatar_core.bench.fake.behaviour import FakeTimes
from avatar_core.bench.fake.observing import FakeObserveSession
from avatar_core.bench.observe.session import ObserveSession
from avatar_core.bench.snapshot import SessionSnapshot
from avatar_core.bench.states import Command, ProviderState, SessionState
from tests.patience import LIMIT_S
from tests.somebody import AVATAR, somebody_with_a_room

IMPLEMENTATIONS = ("fake", pytest.param("observe", marks=pytest.mark.integration))
LOOK_S = 0.02
DRIVING: dict[Command, Callable[[Session], Awaitable[CommandResult]]] = {
    Command.SPEAK: lambda s: s.speak(),
    Command.STOP: lambda s: s.stop(),
    Command.PAUSE: lambda s: s.pause(),
    Command.RESUME: lambda s: s.resume(),
    Command.INTERRUPT: lambda s: s.interrupt(),
    Command.END_SEGMENT: lambda s: s.end_segment(),
    Command.SWAP: lambda s: s.swap("sync-pattern"),
    Command.PLANT: lambda s: s.plant({"gap_ms": 60.0}),
    Command.CRASH_AVATAR: lambda s: s.crash_avatar(),
    Command.SELECT_SOURCE: lambda s: s.select_source("ada-monologue"),
    Command.ADD_SOURCE: lambda s: s.add_source(Path("speech.wav")),
}


class Watched:
    """A session and the states it went through; what somebody's avatar does."""

    def __init__(
        self, session: Session, leave: Callable[[], Awaitable[None]], return_: Callable[[], Awaitable[None]]
    ) -> None:
        self.session = session
        self.leave, self.return_ = leave, return_
        self.states: list[SessionState] = []
        session.state_changed.connect(self.states.append)

    async def becomes(self, holds: Callable[[SessionSnapshot], bool]) -> SessionSnapshot:
        async with asyncio.timeout(LIMIT_S):
            while not holds(now := self.session.snapshot()):
                await asyncio.sleep(LOOK_S)
        return now

    async def refuses_to_drive(self) -> None:
        for command, do in DRIVING.items():
            result = await do(self.session)
            assert (result.command, result.ok) == (command, False)
            assert result.text == self.session.snapshot().blocked[command]
            assert result.text == f"Observing: somebody else drives {AVATAR}"


@pytest.fixture(params=IMPLEMENTATIONS)
async def watched(request: pytest.FixtureRequest) -> AsyncIterator[Watched]:
    """One that was only made; the avatar is there."""
    if request.param == "fake":
        fake = FakeObserveSession(AVATAR, times=FakeTimes().faster(4.0))

        async def leave() -> None:
            fake.avatar_leaves()

        async def return_() -> None:
            fake.avatar_comes_back()

        yield Watched(fake, leave, return_)
        await fake.aclose()
        return
    async with somebody_with_a_room() as somebody:
        avatar = somebody.avatar()
        stays = [avatar]
        await avatar.__aenter__()

        async def walk_out() -> None:
            await stays.pop().__aexit__(None, None, None)

        async def walk_in() -> None:
            stays.append(somebody.avatar())
            await stays[-1].__aenter__()

        session = ObserveSession(somebody.config, somebody.observed(), monitor_muted=True)
        yield Watched(session, walk_out, walk_in)
        await session.aclose()
        if stays:
            await walk_out()


async def test_nothing_that_drives_can_be_asked_before_or_after_connecting_and_the_reason_is_said(
    watched: Watched,
) -> None:
    await watched.refuses_to_drive()
    assert (await watched.session.connect()).ok
    await watched.refuses_to_drive()
    now = watched.session.snapshot()
    assert (now.observing, now.sources, now.speech, now.ledger, now.balance.opened) == (AVATAR, (), None, (), 0)
    assert "segments_opened" not in {row.name for row in now.metrics}


async def test_the_avatar_is_seen_leaves_and_is_there_again_and_marks_and_recordings_are_made_meanwhile(
    watched: Watched, tmp_path: Path
) -> None:
    session = watched.session
    session.run_folder = tmp_path
    assert (await session.connect()).ok
    assert watched.states == [SessionState.CONNECTING, SessionState.READY]
    assert not (await session.connect()).ok
    async with asyncio.timeout(LIMIT_S):
        while session.preview.latest(0) is None:
            await asyncio.sleep(LOOK_S)
    session.preview.release()
    assert (await session.record(True)).ok
    assert (await session.mark("here")).ok
    assert (await session.set_monitor_muted(True)).ok

    await watched.leave()
    now = await watched.becomes(lambda now: now.state is SessionState.WAITING)
    assert (now.current_provider_id, now.providers[0].state) == (None, ProviderState.AWAY)
    await watched.return_()
    now = await watched.becomes(lambda now: now.state is SessionState.READY)
    assert now.providers[0].state is ProviderState.LIVE
    assert [mark.label for mark in session.timeline(0.0).marks if mark.key == "M"] == ["here"]
    assert (await session.record(False)).ok
    assert await session.wait_measured()


@pytest.mark.parametrize("when", ["never connected", "connecting", "observing", "away"])
async def test_it_closes_in_every_state_and_takes_no_more_commands(watched: Watched, when: str) -> None:
    session = watched.session
    connecting = None
    if when != "never connected":
        connecting = asyncio.ensure_future(session.connect())
        await watched.becomes(lambda now: now.state is SessionState.CONNECTING)
    if when in ("observing", "away") and connecting is not None:
        assert (await connecting).ok
    if when == "away":
        await watched.leave()
        await watched.becomes(lambda now: now.state is SessionState.WAITING)
    async with asyncio.timeout(LIMIT_S):
        await session.aclose()
        await session.aclose()
    assert watched.states[-2:] == [SessionState.CLOSING, SessionState.IDLE]
    if connecting is not None:
        await asyncio.wait_for(connecting, LIMIT_S)
    assert (await session.connect()).text == "The session is closed"
