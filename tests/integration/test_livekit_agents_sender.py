"""livekit-agents' own sender of LiveKit's avatar protocol, and our worker, over a real room; and ours with ours."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import numpy as np
import pytest
from livekit import rtc
from livekit.agents.voice import avatar as theirs
from livekit.agents.voice import io

from avatar_core.avatar.generator import AvatarOptions
from avatar_core.avatar.generators.audio_wave import AudioWave
from avatar_core.avatar.runner import AvatarRunner
from avatar_core.clock import MonotonicClock
from avatar_core.playback.segment import SegmentRef
from avatar_core.room.answer_checks import WireFinding
from avatar_core.room.data_stream_output import DataStreamAudioOutput
from avatar_core.room.options import ConnectOptions
from avatar_core.room.values import TrackKind
from avatar_core.tasks import spawn
from tests.fakes.audio_output import FinishLog
from tests.patience import LIMIT_S
from tests.tracks import tone

AGENT, AVATAR = "agent", "avatar"
OPTIONS = AvatarOptions(320, 180, 15, 24_000)


@pytest.fixture
def options() -> ConnectOptions:
    """The SDK's own choice: what is tested here does not depend on it."""
    return ConnectOptions()


class Answers:
    """What their output told of ends."""

    def __init__(self, output: io.AudioOutput) -> None:
        self.events: list[io.PlaybackFinishedEvent] = []
        self.started = 0
        output.on("playback_finished", self.events.append)
        output.on("playback_started", self._on_started)

    def _on_started(self, _: object) -> None:
        self.started += 1


@pytest.fixture
async def start_worker(join) -> AsyncIterator[Callable[[], Awaitable[None]]]:
    """Starts our AvatarRunner."""
    runners: list[AvatarRunner] = []

    async def start() -> None:
        avatar = await join(AVATAR, claims={"kind": "agent"}, auto_subscribe=False)
        clock = MonotonicClock()
        runner = AvatarRunner(avatar, AudioWave(OPTIONS, clock), OPTIONS, clock, controller=AGENT)
        await runner.publish()
        runners.append(runner)

    yield start
    for runner in runners:
        await runner.aclose()


@pytest.fixture
async def our_worker(start_worker: Callable[[], Awaitable[None]]) -> None:
    """Our AvatarRunner."""
    await start_worker()


@pytest.fixture
async def their_sender(join, sdk_join: Callable) -> io.AudioOutput:
    """Their DataStreamAudioOutput, and somebody who looks at the avatar."""
    await join("viewer")
    room = await sdk_join(AGENT)
    output = theirs.DataStreamAudioOutput(
        room,
        destination_identity=AVATAR,
        sample_rate=24_000,
        wait_remote_track=rtc.TrackKind.KIND_VIDEO,
        wait_playback_start=True,
    )
    return output


@pytest.fixture
async def their_output(our_worker: None, their_sender: io.AudioOutput) -> io.AudioOutput:
    """Their DataStreamAudioOutput; our AvatarRunner plays."""
    return their_sender


async def say_theirs(output: io.AudioOutput, duration_s: float, *, rate_hz: int = 24_000, channels: int = 1) -> None:
    samples = rate_hz // 10
    pcm = np.full(samples * channels, 900, dtype=np.int16).tobytes()
    for _ in range(round(duration_s / 0.1)):
        await output.capture_frame(rtc.AudioFrame(pcm, rate_hz, channels, samples))
    output.flush()


@pytest.mark.parametrize(("rate_hz", "channels"), [(24_000, 1), (16_000, 1), (48_000, 2)])
async def test_their_speech_is_played_by_our_worker_to_its_end(
    their_output: io.AudioOutput, rate_hz: int, channels: int
) -> None:
    answers = Answers(their_output)
    await say_theirs(their_output, 1.0, rate_hz=rate_hz, channels=channels)
    async with asyncio.timeout(LIMIT_S):
        last = await their_output.wait_for_playout()
    assert (last.interrupted, last.playback_position) == (False, pytest.approx(1.0, abs=0.02))
    assert (len(answers.events), answers.started) == (1, 1)


async def test_interrupt_by_their_agent_is_answered_with_what_was_played(their_output: io.AudioOutput) -> None:
    answers = Answers(their_output)
    loop = asyncio.get_running_loop()
    began_s = loop.time()
    await say_theirs(their_output, 5.0)
    async with asyncio.timeout(LIMIT_S):
        while not answers.started:
            await asyncio.sleep(0.01)
    await asyncio.sleep(0.5)
    their_output.clear_buffer()
    async with asyncio.timeout(LIMIT_S):
        last = await their_output.wait_for_playout()
    assert last.interrupted
    # On a busy machine later than half a second, but never more than there was time for, nor all of it.
    assert 0.4 < last.playback_position < min(5.0, loop.time() - began_s)
    await say_theirs(their_output, 0.5)
    async with asyncio.timeout(LIMIT_S):
        last = await their_output.wait_for_playout()
    assert (last.interrupted, last.playback_position) == (False, pytest.approx(0.5, abs=0.02))
    assert (len(answers.events), answers.started) == (2, 2)


async def test_segments_of_their_agent_that_follow_at_once_are_answered_each(their_output: io.AudioOutput) -> None:
    """B4, as our worker has it."""
    answers = Answers(their_output)
    for _ in range(3):
        await say_theirs(their_output, 0.4)
    async with asyncio.timeout(LIMIT_S):
        await their_output.wait_for_playout()
    assert [event.interrupted for event in answers.events] == [False] * 3
    assert [event.playback_position for event in answers.events] == pytest.approx([0.4] * 3, abs=0.02)


async def test_twenty_barge_ins_by_their_agent_leave_our_worker_answering(their_output: io.AudioOutput) -> None:
    answers = Answers(their_output)
    for number in range(20):
        await say_theirs(their_output, 1.0)
        await asyncio.sleep(0.02 * (number % 4))
        their_output.clear_buffer()
    async with asyncio.timeout(LIMIT_S):
        await their_output.wait_for_playout()
    await say_theirs(their_output, 0.3)
    async with asyncio.timeout(LIMIT_S):
        last = await their_output.wait_for_playout()
    assert (last.interrupted, last.playback_position) == (False, pytest.approx(0.3, abs=0.02))
    assert len(answers.events) == 21


async def test_interrupt_while_their_end_is_under_way_is_answered_and_the_next_speech_is_played(
    their_output: io.AudioOutput,
) -> None:
    answers = Answers(their_output)
    for number in range(1, 6):
        await say_theirs(their_output, 1.0)
        their_output.clear_buffer()
        async with asyncio.timeout(LIMIT_S):
            last = await their_output.wait_for_playout()
        assert (len(answers.events), last.interrupted) == (number, True)
    await say_theirs(their_output, 0.3)
    async with asyncio.timeout(LIMIT_S):
        last = await their_output.wait_for_playout()
    assert (last.interrupted, last.playback_position) == (False, pytest.approx(0.3, abs=0.02))


async def test_their_speech_waits_for_our_worker_that_joins_late(
    their_sender: io.AudioOutput, start_worker: Callable[[], Awaitable[None]]
) -> None:
    speaking = spawn(say_theirs(their_sender, 1.0), name="say")
    await asyncio.sleep(0.5)
    assert not speaking.done()
    await start_worker()
    await speaking
    async with asyncio.timeout(LIMIT_S):
        last = await their_sender.wait_for_playout()
    assert (last.interrupted, last.playback_position) == (False, pytest.approx(1.0, abs=0.02))


async def test_nothing_is_found_of_our_own_worker(join, our_worker: None) -> None:
    """The same checks on a clean run: segments one by one, back to back, and interrupted."""
    agent = await join(AGENT, claims={"kind": "agent"})
    await join("viewer")
    output = DataStreamAudioOutput(
        agent, AVATAR, wait_remote_tracks=list(TrackKind), wait_playback_start=True, answer_timeout_s=1.0
    )

    async def say(duration_s: float, name: str) -> None:
        for _ in range(round(duration_s / 0.1)):
            await output.capture_frame(tone(0.1), segment=SegmentRef(name))
        output.flush()

    async def playout() -> None:
        async with asyncio.timeout(LIMIT_S):
            await output.wait_for_playout()

    found: list[WireFinding] = []
    output.found.connect(found.append)
    log = FinishLog(output)
    for number in range(3):
        await say(0.5, f"s{number}")
        await playout()
    for number in range(3, 6):
        await say(0.3, f"s{number}")
    await playout()
    for number in range(6, 12):
        await say(1.0, f"s{number}")
        await asyncio.sleep(0.1 * (number % 3))
        output.clear_buffer()
    await playout()
    assert log.ids == [f"s{number}" for number in range(12)]
    assert found == []
    await output.aclose()
