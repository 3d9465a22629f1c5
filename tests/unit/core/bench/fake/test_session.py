"""The fake session keeps the contract's laws, on a clock that a test moves."""

import asyncio
from collections.abc import AsyncIterator

import numpy as np
import pytest

from avatar_core.bench.contract import CommandResult, Session
from avatar_core.bench.fake.behaviour import FakeFault, FakeTimes
from avatar_core.bench.fake.session import FakeSession
from avatar_core.bench.states import Command, PreviewState, ProviderState, SegmentState, SeriesName, SessionState
from avatar_core.clock import MonotonicClock

QUICK = FakeTimes().faster(40)


@pytest.fixture
async def session() -> AsyncIterator[FakeSession]:
    session = FakeSession(times=QUICK)
    await session.connect()
    yield session
    await session.aclose()


def test_it_is_a_session() -> None:
    checked: Session = FakeSession()
    assert checked.state is SessionState.IDLE


async def test_connecting_brings_the_first_provider_live(session: FakeSession) -> None:
    snapshot = session.snapshot()
    assert (session.state, snapshot.current_provider_id) == (SessionState.READY, "talking-head")
    assert [one.identity for one in snapshot.room.participants] == [
        "bench-agent",
        "avatar-talking-head",
        "bench-viewer",
    ]
    assert snapshot.preview.state is PreviewState.LIVE


async def test_every_opened_segment_ends_once_over_all_commands(session: FakeSession) -> None:
    events: list[str] = []
    session.event.connect(lambda event: events.append(event.text) if event.kind == "Finished" else None)
    await session.speak()
    await session.end_segment()
    await session.pause()
    await session.resume()
    swap = asyncio.create_task(session.swap("sync-pattern"))
    await asyncio.sleep(0)
    await session.interrupt()
    assert (await swap).ok
    await session.speak()
    await session.aclose()
    balance = session.snapshot().balance
    assert (balance.opened, balance.finished, balance.open) == (3, 3, 0)
    assert len({text.split()[0] for text in events}) == len(events) == 3


async def test_a_refused_command_gives_the_reason_that_the_snapshot_gave(session: FakeSession) -> None:
    reason = session.snapshot().blocked[Command.PAUSE]
    result = await session.pause()
    assert (result.ok, result.text) == (False, reason)


async def test_interrupt_overtakes_a_swap_that_runs(session: FakeSession) -> None:
    order: list[Command] = []

    async def note(result: CommandResult) -> None:
        order.append(result.command)

    async def swap() -> None:
        await note(await session.swap("sync-pattern"))

    async def interrupt() -> None:
        await note(await session.interrupt())

    await session.speak()
    await asyncio.gather(swap(), interrupt())
    assert order == [Command.INTERRUPT, Command.SWAP]


async def test_a_swap_carries_the_open_segment(session: FakeSession) -> None:
    await session.speak()
    result = await session.swap("northlight")
    spans = session.timeline(0.0).spans
    assert result.ok and set(result.values) == {"swap_video_gap_ms", "swap_audio_gap_ms"}
    assert [(span.segment_id, span.provider_id, span.carried) for span in spans] == [
        ("s1", "talking-head", True),
        ("s1", "northlight", False),
    ]
    assert session.state is SessionState.SPEAKING


async def test_a_provider_that_never_joins_leaves_the_old_one_speaking(session: FakeSession) -> None:
    session.faults.add(FakeFault.NEVER_JOINS)
    await session.speak()
    result = await session.swap("sync-pattern")
    assert not result.ok
    assert session.snapshot().current_provider_id == "talking-head"
    assert session.state is SessionState.SPEAKING
    assert [notice.id for notice in session.snapshot().notices] == ["never_joined"]


async def test_curves_have_gaps_in_silence_and_are_the_same_for_the_same_seed(session: FakeSession) -> None:
    since_s = session.clock.now() - 5.0
    assert np.isnan(session.series(SeriesName.AV_OFFSET_MS, since_s).value).all()
    await session.speak()
    await asyncio.sleep(0.12)
    offset = session.series(SeriesName.AV_OFFSET_MS, since_s)
    assert np.isnan(offset.value[0]) and not np.isnan(offset.value).all()
    assert np.all(np.diff(offset.time_s) > 0)
    assert session.series(SeriesName.SENT_UNPLAYED_S, since_s).estimated


async def test_the_newest_frame_wins_and_the_others_count_as_dropped(session: FakeSession) -> None:
    session.preview.request_preview_size(320, 180)
    first = session.preview.latest(0)
    assert first is not None and (first.width_px, first.height_px, first.stride) == (320, 180, 1280)
    assert len(first.pixels) == 180 * 1280
    assert session.preview.latest(first.sequence) is None
    while (later := session.preview.latest(first.sequence)) is None or later.sequence < first.sequence + 3:
        await asyncio.sleep(0.05)
    assert session.preview.dropped >= 2


async def test_a_lost_room_fails_the_session_and_reconnect_heals_it(session: FakeSession) -> None:
    await session.speak()
    session.world.lose_room()
    assert (session.state, session.snapshot().ledger[0].state) == (SessionState.FAILED, SegmentState.INTERRUPTED)
    assert (await session.reconnect()).ok
    assert (session.state, session.snapshot().notices) == (SessionState.READY, ())


async def test_a_refused_connection_is_a_result_and_a_notice() -> None:
    session = FakeSession(times=QUICK)
    session.faults.add(FakeFault.CONNECT_REFUSED)
    result = await session.connect()
    assert (result.ok, session.state) == (False, SessionState.FAILED)
    assert session.snapshot().providers[0].state is ProviderState.NOT_STARTED
    await session.aclose()
    await session.aclose()
    assert (await session.speak()).text == "The session is closed"


def test_the_clock_is_the_machines_own_unless_given() -> None:
    assert isinstance(FakeSession().clock, MonotonicClock)
