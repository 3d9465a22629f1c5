"""The Session contract, on every implementation: the fake session and the real one over its own embedded room."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from avatar_core.bench.contract import CommandResult, Session
from avatar_core.bench.fake.behaviour import FakeTimes
from avatar_core.bench.fake.session import FakeSession
from avatar_core.bench.session.bench_session import BenchSession
from avatar_core.bench.settings.config import Config
from avatar_core.bench.settings.room_choice import RoomChoice, RoomKind
from avatar_core.bench.snapshot import SessionSnapshot
from avatar_core.bench.states import Command, ProviderState, SegmentState, SeriesName, SessionState
from avatar_core.media.speech import bundled_speech
from tests.patience import LIMIT_S

IMPLEMENTATIONS = ("fake", pytest.param("bench", marks=pytest.mark.integration))
LOOK_S = 0.02
FIRST, OTHER = "talking-head", "sync-pattern"
EMBEDDED = Config(RoomChoice(RoomKind.EMBEDDED, "the session starts its own room"))
SMALL = {"width": 320, "height": 180, "fps": 15.0}
Do = Callable[[Session], Awaitable[CommandResult]]


class Watched:
    """A session, the states it went through, and how often each of its segments was finished."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.states: list[SessionState] = []
        session.state_changed.connect(self.states.append)

    @property
    def snapshot(self) -> SessionSnapshot:
        return self.session.snapshot()

    async def becomes(self, holds: Callable[[SessionSnapshot], bool]) -> None:
        async with asyncio.timeout(LIMIT_S):
            while not holds(self.snapshot):
                await asyncio.sleep(LOOK_S)

    async def speak(self) -> None:
        """Speak, and wait until it is heard."""
        result = await self.session.speak()
        assert result.ok, result.text
        await self.becomes(lambda now: bool(now.ledger) and now.ledger[0].state is SegmentState.PLAYING)

    async def ready(self) -> None:
        await self.becomes(lambda now: now.state is SessionState.READY)


def make(kind: str) -> Session:
    if kind == "fake":
        return FakeSession(times=FakeTimes().faster(4.0))
    return BenchSession(EMBEDDED, worker_options=SMALL, monitor_muted=True)


@pytest.fixture(params=IMPLEMENTATIONS)
async def idle(request: pytest.FixtureRequest) -> AsyncIterator[Watched]:
    """A session that was only made."""
    watched = Watched(make(request.param))
    yield watched
    await watched.session.aclose()


@pytest.fixture
async def connected(idle: Watched) -> Watched:
    """A session with the first avatar."""
    result = await idle.session.connect()
    assert result.ok, result.text
    return idle


async def test_before_it_is_connected_it_refuses_what_needs_a_room_and_says_why(idle: Watched) -> None:
    session = idle.session
    assert session.state is SessionState.IDLE
    commands: dict[Command, Do] = {
        Command.SPEAK: lambda s: s.speak(),
        Command.STOP: lambda s: s.stop(),
        Command.PAUSE: lambda s: s.pause(),
        Command.RESUME: lambda s: s.resume(),
        Command.INTERRUPT: lambda s: s.interrupt(),
        Command.END_SEGMENT: lambda s: s.end_segment(),
        Command.SWAP: lambda s: s.swap(OTHER),
    }
    for command, do in commands.items():
        result = await do(session)
        assert (result.command, result.ok, result.text) == (command, False, "Not connected")
        assert idle.snapshot.blocked[command] == "Not connected"
    assert idle.states == []


async def test_closing_one_that_was_never_connected_ends_it_and_later_commands_are_refused(idle: Watched) -> None:
    await idle.session.aclose()
    await idle.session.aclose()
    assert idle.states == [SessionState.CLOSING, SessionState.IDLE]
    result = await idle.session.connect()
    assert (result.ok, result.text) == (False, "The session is closed")


async def test_marks_and_sources_need_no_room(idle: Watched) -> None:
    session, path = idle.session, bundled_speech()[0].path
    assert (await session.mark("here")).ok
    assert [mark.label for mark in session.timeline(0.0).marks] == ["here"]
    other = idle.snapshot.sources[1].id
    assert (await session.select_source(other)).ok
    assert idle.snapshot.selected_source_id == other
    assert (await session.add_source(Path(path))).ok
    assert idle.snapshot.selected_source_id == str(path)
    assert (await session.set_monitor_muted(True)).ok
    assert idle.snapshot.monitor.muted


async def test_connecting_leads_to_ready_with_an_avatar_that_is_seen(connected: Watched) -> None:
    session, now = connected.session, connected.snapshot
    assert connected.states == [SessionState.CONNECTING, SessionState.READY]
    assert now.current_provider_id == FIRST
    assert next(p.state for p in now.providers if p.id == FIRST) is ProviderState.LIVE
    async with asyncio.timeout(LIMIT_S):
        while (frame := session.preview.latest(0)) is None:
            await asyncio.sleep(LOOK_S)
    assert len(frame.pixels) >= frame.stride * frame.height_px
    session.preview.release()
    again = await session.connect()
    assert (again.ok, again.text) == (False, "Connected already")


async def test_a_life_of_speech_finishes_every_segment_once_and_tells_what_was_measured(connected: Watched) -> None:
    session = connected.session
    ends: Counter[str] = Counter()
    session.event.connect(lambda event: ends.update([event.text.split()[0]]) if event.kind == "Finished" else None)

    await connected.speak()
    assert session.state is SessionState.SPEAKING
    assert Command.RESUME in connected.snapshot.blocked
    assert session.levels().rms_dbfs is not None or await _heard(connected)

    paused = await session.pause()
    assert paused.ok
    assert paused.values["position_s"] >= 0
    assert session.state is SessionState.PAUSED
    assert Command.PAUSE in connected.snapshot.blocked
    assert connected.snapshot.speech is not None
    assert connected.snapshot.speech.paused
    assert (await session.resume()).ok
    assert session.state is SessionState.SPEAKING

    opened = connected.snapshot.balance.opened
    assert (await session.end_segment()).ok
    await connected.becomes(lambda now: now.balance.opened > opened)
    # Only what sounds can be timed until it is silent.
    await connected.becomes(lambda now: now.ledger[0].state is SegmentState.PLAYING)

    interrupted = await session.interrupt()
    assert interrupted.ok, interrupted.text
    assert interrupted.values["interrupt_to_silence_ms"] >= 0
    await connected.ready()
    refused = await session.interrupt()
    assert (refused.ok, refused.text) == (False, "Nothing is being said")

    await connected.speak()
    swapped = await session.swap(OTHER)
    assert swapped.ok, swapped.text
    assert swapped.values["swap_video_gap_ms"] >= 0
    assert connected.snapshot.current_provider_id == OTHER
    assert session.state is SessionState.SPEAKING
    assert (await session.stop()).ok
    await connected.ready()

    balance = connected.snapshot.balance
    assert (balance.open, balance.balanced) == (0, True)
    rows = {row.segment_id for row in connected.snapshot.ledger}
    assert ends == Counter(dict.fromkeys(rows, 1))
    assert {SessionState.PAUSED, SessionState.SWAPPING} <= set(connected.states)
    assert session.series(SeriesName.SENT_UNPLAYED_S, 0.0).time_s.size > 0
    figures = {row.name for row in connected.snapshot.metrics}
    assert {"interrupt_to_silence_ms", "swap_video_gap_ms", "segments_opened", "join_s"} <= figures


async def test_the_log_has_an_avatars_steps_and_an_utterances_start_in_their_order(idle: Watched) -> None:
    told: list[str] = []
    idle.session.event.connect(lambda event: told.append(event.kind))
    assert (await idle.session.connect()).ok
    await idle.speak()
    await idle.becomes(lambda _: "Started" in told)
    steps = ["Call", "Created", "Joined", "Started"]
    assert [kind for kind in told if kind in steps] == steps
    timed = [row for row in idle.snapshot.metrics if row.name in {"create_s", "join_s"}]
    assert len(timed) == 2
    # Of a time that can't be trusted there is no figure.
    assert all(row.n == 1 for row in timed) or not idle.snapshot.trust.trusted


async def _heard(watched: Watched) -> bool:
    await watched.becomes(lambda _: watched.session.levels().rms_dbfs is not None)
    return True


async def test_a_swap_of_what_is_paused_leaves_it_paused_with_the_new_avatar(connected: Watched) -> None:
    session = connected.session
    await connected.speak()
    assert (await session.pause()).ok
    assert (await session.swap(OTHER)).ok
    assert session.state is SessionState.PAUSED
    assert connected.snapshot.current_provider_id == OTHER
    assert (await session.interrupt()).ok
    await connected.ready()


@pytest.mark.parametrize("when", ["connecting", "speaking", "paused", "swapping"])
async def test_it_closes_in_every_state_and_the_ledger_balances(when: str, idle: Watched) -> None:
    session = idle.session
    doing: asyncio.Task[CommandResult] | None = None
    if when == "connecting":
        doing = asyncio.get_running_loop().create_task(session.connect())
        await idle.becomes(lambda now: now.state is SessionState.CONNECTING)
    else:
        assert (await session.connect()).ok
        await idle.speak()
    if when == "paused":
        assert (await session.pause()).ok
    if when == "swapping":
        doing = asyncio.get_running_loop().create_task(session.swap(OTHER))
        await idle.becomes(lambda now: now.state is SessionState.SWAPPING)
    async with asyncio.timeout(LIMIT_S):
        await session.aclose()
    assert idle.states[-2:] == [SessionState.CLOSING, SessionState.IDLE]
    if doing is not None:
        result = await asyncio.wait_for(doing, LIMIT_S)
        assert (result.ok, result.text) == (False, "The session is closed")
    balance = idle.snapshot.balance
    assert (balance.open, balance.balanced) == (0, True)
    assert session.state is SessionState.IDLE


async def test_an_avatar_whose_process_is_killed_is_missed_and_another_can_be_started(connected: Watched) -> None:
    session = connected.session
    await connected.speak()
    assert (await session.crash_avatar()).ok
    await connected.becomes(lambda now: any(one.state is ProviderState.AWAY for one in now.providers))
    assert connected.snapshot.current_provider_id is None
    assert (await session.swap(FIRST)).ok
    assert connected.snapshot.current_provider_id == FIRST


async def test_faults_are_planted_by_name_and_what_there_is_not_is_refused(idle: Watched) -> None:
    planted = await idle.session.plant({"gap_ms": 60.0, "no_started": True})
    assert (planted.ok, planted.text) == (True, "From the next start on: gap_ms 60, no_started")
    refused = await idle.session.plant({"explode": True})
    assert not refused.ok
    assert "explode" in refused.text
