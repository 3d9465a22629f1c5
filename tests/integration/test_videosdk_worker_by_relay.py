"""Our worker in a stand-in meeting: behind two relays, and where messages are late or lost. Without a session."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from avatar_core.bench.settings.config import Config
from avatar_core.bench.settings.room_choice import RoomChoice, RoomKind
from avatar_core.bench.stage.stage import DispatcherChild
from avatar_core.bench.stage.venue import Venue, open_venue
from avatar_core.clock import MonotonicClock
from avatar_core.playback.contract import AudioOutput
from avatar_core.providers.joining import wait_for_join
from avatar_core.providers.videosdk import reference_dispatching
from avatar_core.providers.videosdk_meeting import StandInHabits, VideoSdkMeeting
from avatar_core.room.connection import RoomConnection
from tests.fakes.audio_output import FinishLog
from tests.patience import LIMIT_S
from tests.tracks import tone

CONFIG = Config(RoomChoice(RoomKind.EMBEDDED, "a test"))
PICTURE = {"width": 320, "height": 180, "fps": 15.0}
AVATAR = "avatar"


@asynccontextmanager
async def in_a_meeting(habits: StandInHabits) -> AsyncIterator[AudioOutput]:
    """The agent's output to an avatar in a meeting of such habits."""
    clock, dispatcher, connection = MonotonicClock(), DispatcherChild(), RoomConnection()
    venue: Venue = await open_venue(CONFIG, "bench")
    avatar = output = None
    try:
        await dispatcher.start()
        await connection.connect(venue.room.url, venue.agent_token())
        provider = VideoSdkMeeting(lambda: reference_dispatching(dispatcher.url, PICTURE), clock, habits=habits)
        avatar = await provider.start(venue.seat(AVATAR))
        await wait_for_join(connection, AVATAR, timeout=LIMIT_S)
        output = await avatar.open_output(connection)
        assert output is not None
        yield output
    finally:
        if output is not None:
            await output.aclose()
        await connection.aclose()
        if avatar is not None:
            await avatar.aclose()
        await dispatcher.aclose()
        await venue.aclose()


async def say(output: AudioOutput, seconds: float) -> None:
    for _ in range(round(seconds / 0.1)):
        await output.capture_frame(tone(0.1))
    output.flush()


async def answered(finished: FinishLog, count: int) -> None:
    async with asyncio.timeout(LIMIT_S):
        while len(finished.events) < count:
            await asyncio.sleep(0.02)


async def test_our_worker_speaks_in_a_meeting_through_a_relay_of_its_own() -> None:
    """As it does in VideoSDK's own meetings: the relay that brings an avatar out brings a worker in."""
    async with in_a_meeting(StandInHabits(worker_by_relay=True)) as output:
        finished = FinishLog(output)
        await say(output, 1.0)
        await answered(finished, 1)
        assert finished.answers == [(1.0, False)]


async def test_messages_that_overtake_each_other_lose_no_segment_and_no_interrupt() -> None:
    async with in_a_meeting(StandInHabits(spread_s=0.05, seed=3)) as output:
        finished = FinishLog(output)
        await say(output, 0.5)
        await say(output, 0.3)
        await answered(finished, 2)
        assert finished.answers == [(0.5, False), (0.3, False)]
        for _ in range(10):
            await output.capture_frame(tone(0.1))
        output.flush()
        output.clear_buffer()
        await say(output, 0.4)
        await answered(finished, 4)
        (_, cut), rest = finished.answers[2:]
        assert cut
        assert rest == (0.4, False)


async def test_lost_ends_and_interrupts_leave_no_segment_open() -> None:
    """Ends and answers go by the channel that loses nothing; of an interrupt a limit, or the next segment, tells."""
    async with in_a_meeting(StandInHabits(loss=0.4, seed=5)) as output:
        finished = FinishLog(output)
        for _ in range(2):
            for _ in range(5):
                await output.capture_frame(tone(0.1))
            output.flush()
            output.clear_buffer()
            await say(output, 0.3)
        await answered(finished, 4)
        assert len(set(finished.ids)) == len(finished.ids) == 4
