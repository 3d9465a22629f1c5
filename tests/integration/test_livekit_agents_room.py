"""LiveKit's avatar protocol with livekit-agents itself at the other end, over a real room: both roles of both sides."""

import asyncio
from collections.abc import AsyncIterator, Callable

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
from avatar_core.tokens import TokenClaims, VideoGrants
from tests.fakes.audio_output import FinishLog
from tests.tracks import tone

AGENT, AVATAR = "agent", "avatar"
LIMIT_S = 20
OPTIONS = AvatarOptions(320, 180, 15, 24_000)


@pytest.fixture
def options() -> ConnectOptions:
    """The SDK's own choice: what is tested here does not depend on it."""
    return ConnectOptions()


class TheirFace(theirs.VideoGenerator):
    """Their side's renderer: a plain picture for each piece of speech of a frame's time, at once."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[rtc.AudioFrame | theirs.AudioSegmentEnd] = asyncio.Queue()

    async def push_audio(self, frame: rtc.AudioFrame | theirs.AudioSegmentEnd) -> None:
        await self._queue.put(frame)

    def clear_buffer(self) -> None:
        while not self._queue.empty():
            self._queue.get_nowait()

    def __aiter__(self) -> AsyncIterator[rtc.VideoFrame | rtc.AudioFrame | theirs.AudioSegmentEnd]:
        return self._items()

    async def _items(self) -> AsyncIterator[rtc.VideoFrame | rtc.AudioFrame | theirs.AudioSegmentEnd]:
        pixels = np.full(320 * 180 * 4, 90, dtype=np.uint8).tobytes()
        while True:
            item = await self._queue.get()
            if isinstance(item, rtc.AudioFrame):
                yield rtc.VideoFrame(320, 180, rtc.VideoBufferType.RGBA, pixels)
            yield item


@pytest.fixture
async def sdk_join(access, room_name: str) -> AsyncIterator[Callable]:
    rooms: list[rtc.Room] = []

    async def join(identity: str) -> rtc.Room:
        claims = TokenClaims(identity, VideoGrants(room_join=True, room=room_name), kind="agent")
        room = rtc.Room()
        await room.connect(access.url, access.token(claims))
        rooms.append(room)
        return room

    yield join
    for room in rooms:
        await room.disconnect()


@pytest.fixture
async def our_output(join, sdk_join: Callable) -> AsyncIterator[DataStreamAudioOutput]:
    """Our sender; their AvatarRunner and DataStreamAudioReceiver play."""
    agent = await join(AGENT, claims={"kind": "agent"})
    await join("viewer")
    room = await sdk_join(AVATAR)
    receiver = theirs.DataStreamAudioReceiver(room, sender_identity=AGENT)
    runner = theirs.AvatarRunner(
        room,
        audio_recv=receiver,
        video_gen=TheirFace(),
        options=theirs.AvatarOptions(320, 180, 15, 24_000, 1),
        _lazy_publish=False,
    )
    await runner.start()
    output = DataStreamAudioOutput(
        agent,
        AVATAR,
        sample_rate_hz=24_000,
        wait_remote_tracks=list(TrackKind),
        wait_playback_start=True,
        answer_timeout_s=1.0,
    )
    await output.wait_until_ready()
    yield output
    await output.aclose()
    await runner.aclose()


async def say(output: DataStreamAudioOutput, duration_s: float, name: str, *, rate_hz: int = 24_000) -> None:
    for _ in range(round(duration_s / 0.1)):
        await output.capture_frame(tone(0.1, rate_hz=rate_hz), segment=SegmentRef(name))
    output.flush()


async def playout(output: DataStreamAudioOutput) -> None:
    async with asyncio.timeout(LIMIT_S):
        await output.wait_for_playout()


# Our sender, their worker


async def test_our_speech_is_played_by_their_worker_to_its_end(our_output: DataStreamAudioOutput) -> None:
    log = FinishLog(our_output)
    for name in ("a", "b"):
        await say(our_output, 1.0, name)
        await playout(our_output)
    assert log.ids == ["a", "b"]
    assert [interrupted for _, interrupted in log.answers] == [False, False]
    assert [position_s for position_s, _ in log.answers] == pytest.approx([1.0, 1.0], abs=0.11)


async def test_interrupt_of_their_worker_is_answered_once_and_the_next_speech_is_played(
    our_output: DataStreamAudioOutput,
) -> None:
    log = FinishLog(our_output)
    await say(our_output, 5.0, "a")
    await asyncio.sleep(0.5)
    our_output.clear_buffer()
    await playout(our_output)
    await say(our_output, 0.5, "b")
    await playout(our_output)
    assert log.ids == ["a", "b"]
    assert [interrupted for _, interrupted in log.answers] == [True, False]
    assert 0 < log.answers[0][0] < 5.0


async def test_twenty_barge_ins_on_their_worker_are_answered_one_by_one(our_output: DataStreamAudioOutput) -> None:
    log = FinishLog(our_output)
    for number in range(20):
        await say(our_output, 1.0, f"s{number}")
        await asyncio.sleep(0.02 * (number % 4))
        our_output.clear_buffer()
    await playout(our_output)
    await say(our_output, 0.3, "last")
    await playout(our_output)
    assert log.ids == [*(f"s{number}" for number in range(20)), "last"]
    assert len(log.events) == 21


async def test_back_to_back_segments_on_their_worker_are_all_answered(our_output: DataStreamAudioOutput) -> None:
    """B4: theirs answers one of several that follow at once, and a speaker waits for ever; here each has its end."""
    log = FinishLog(our_output)
    found: list[WireFinding] = []
    our_output.found.connect(found.append)
    for name in ("a", "b", "c"):
        await say(our_output, 0.4, name)
    await playout(our_output)
    assert log.ids == ["a", "b", "c"]
    assert [one.id for one in found if one.id == "B4"]


# Their sender, our worker


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
async def our_worker(join) -> AsyncIterator[None]:
    """Our AvatarRunner, and somebody who looks at it."""
    avatar = await join(AVATAR, claims={"kind": "agent"}, auto_subscribe=False)
    await join("viewer")
    clock = MonotonicClock()
    runner = AvatarRunner(avatar, AudioWave(OPTIONS, clock), OPTIONS, clock, controller=AGENT)
    await runner.publish()
    yield
    await runner.aclose()


@pytest.fixture
async def their_output(our_worker: None, sdk_join: Callable) -> io.AudioOutput:
    """Their DataStreamAudioOutput; our AvatarRunner plays."""
    room = await sdk_join(AGENT)
    output = theirs.DataStreamAudioOutput(
        room,
        destination_identity=AVATAR,
        sample_rate=24_000,
        wait_remote_track=rtc.TrackKind.KIND_VIDEO,
        wait_playback_start=True,
    )
    return output


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
    await say_theirs(their_output, 5.0)
    async with asyncio.timeout(LIMIT_S):
        while not answers.started:
            await asyncio.sleep(0.01)
    await asyncio.sleep(0.5)
    their_output.clear_buffer()
    async with asyncio.timeout(LIMIT_S):
        last = await their_output.wait_for_playout()
    assert last.interrupted
    assert 0.4 < last.playback_position < 1.5
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


async def test_their_worker_tells_an_end_before_it_can_be_heard_and_that_is_found(
    our_output: DataStreamAudioOutput,
) -> None:
    """B7: 100 ms early, less the way of the sound and of the answer: now and then a busy machine takes longer."""
    found: list[WireFinding] = []
    our_output.found.connect(found.append)
    for number in range(20):
        await say(our_output, 0.5, f"s{number}")
        await playout(our_output)
        if any(one.id == "B7" for one in found):
            break
    assert "B7" in {one.id for one in found}


async def test_nothing_is_found_of_our_own_worker(join, our_worker: None) -> None:
    """The same checks on a clean run: segments one by one, back to back, and interrupted."""
    agent = await join(AGENT, claims={"kind": "agent"})
    output = DataStreamAudioOutput(
        agent, AVATAR, wait_remote_tracks=list(TrackKind), wait_playback_start=True, answer_timeout_s=1.0
    )
    found: list[WireFinding] = []
    output.found.connect(found.append)
    log = FinishLog(output)
    for number in range(3):
        await say(output, 0.5, f"s{number}")
        await playout(output)
    for number in range(3, 6):
        await say(output, 0.3, f"s{number}")
    await playout(output)
    for number in range(6, 12):
        await say(output, 1.0, f"s{number}")
        await asyncio.sleep(0.1 * (number % 3))
        output.clear_buffer()
    await playout(output)
    assert log.ids == [f"s{number}" for number in range(12)]
    assert found == []
    await output.aclose()
