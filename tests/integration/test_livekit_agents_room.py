"""Our sender of LiveKit's avatar protocol, and livekit-agents' own worker, over a real room."""

import asyncio
from collections.abc import AsyncIterator, Callable

import numpy as np
import pytest
from livekit import rtc
from livekit.agents.voice import avatar as theirs

from avatar_core.avatar.generator import AvatarOptions
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


def as_their_track(frame: rtc.AudioFrame) -> rtc.AudioFrame:
    """24 kHz, mono; by nearest sample, which is enough for a tone of one value."""
    samples = np.frombuffer(frame.data, dtype=np.int16).reshape(-1, frame.num_channels)
    count = round(len(samples) * 24_000 / frame.sample_rate)
    mono = samples[np.arange(count) * len(samples) // count, 0]
    return rtc.AudioFrame(np.ascontiguousarray(mono).tobytes(), 24_000, 1, count)


class TheirFace(theirs.VideoGenerator):
    """Their side's renderer: a plain picture for each piece of speech of a frame's time, at once.

    It converts what comes to the shape of its track, as theirs must: the runner does not.
    """

    def __init__(self) -> None:
        self._queue: asyncio.Queue[rtc.AudioFrame | theirs.AudioSegmentEnd] = asyncio.Queue()
        self.formats: set[tuple[int, int]] = set()

    async def push_audio(self, frame: rtc.AudioFrame | theirs.AudioSegmentEnd) -> None:
        if isinstance(frame, rtc.AudioFrame):
            self.formats.add((frame.sample_rate, frame.num_channels))
            frame = as_their_track(frame)
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
async def their_worker(sdk_join: Callable) -> Callable:
    """Starts their AvatarRunner and DataStreamAudioReceiver under the avatar's identity."""
    runners: list[theirs.AvatarRunner] = []

    async def start(face: TheirFace) -> theirs.AvatarRunner:
        room = await sdk_join(AVATAR)
        receiver = theirs.DataStreamAudioReceiver(room, sender_identity=AGENT)
        runner = theirs.AvatarRunner(
            room,
            audio_recv=receiver,
            video_gen=face,
            options=theirs.AvatarOptions(320, 180, 15, 24_000, 1),
            _lazy_publish=False,
        )
        await runner.start()
        runners.append(runner)
        return runner

    yield start
    for runner in runners:
        await runner.aclose()


@pytest.fixture
async def our_sender(join) -> AsyncIterator[DataStreamAudioOutput]:
    """Our sender; somebody looks, so that theirs publishes its picture."""
    agent = await join(AGENT, claims={"kind": "agent"})
    await join("viewer")
    output = DataStreamAudioOutput(
        agent, AVATAR, wait_remote_tracks=list(TrackKind), wait_playback_start=True, answer_timeout_s=1.0
    )
    yield output
    await output.aclose()


@pytest.fixture
def their_face() -> TheirFace:
    return TheirFace()


@pytest.fixture
async def our_output(
    our_sender: DataStreamAudioOutput, their_worker: Callable, their_face: TheirFace
) -> DataStreamAudioOutput:
    """Our sender; their AvatarRunner and DataStreamAudioReceiver play."""
    await their_worker(their_face)
    await our_sender.wait_until_ready()
    return our_sender


async def say(
    output: DataStreamAudioOutput, duration_s: float, name: str, *, rate_hz: int = 24_000, channels: int = 1
) -> None:
    for _ in range(round(duration_s / 0.1)):
        await output.capture_frame(tone(0.1, rate_hz=rate_hz, channels=channels), segment=SegmentRef(name))
    output.flush()


async def playout(output: DataStreamAudioOutput) -> None:
    async with asyncio.timeout(LIMIT_S):
        await output.wait_for_playout()


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


@pytest.mark.parametrize(("rate_hz", "channels"), [(16_000, 1), (48_000, 1), (48_000, 2)])
async def test_our_speech_of_any_rate_is_played_by_their_worker(
    our_output: DataStreamAudioOutput, their_face: TheirFace, rate_hz: int, channels: int
) -> None:
    log = FinishLog(our_output)
    await say(our_output, 1.0, "a", rate_hz=rate_hz, channels=channels)
    await playout(our_output)
    assert their_face.formats == {(rate_hz, channels)}
    assert log.answers == [(pytest.approx(1.0, abs=0.11), False)]


async def test_interrupt_while_the_end_is_under_way_finishes_once_and_the_next_speech_is_played(
    our_output: DataStreamAudioOutput,
) -> None:
    """The flush has been given, its trailer may not have gone; theirs clears first, as an AgentSession does."""
    log = FinishLog(our_output)
    for number in range(5):
        await say(our_output, 1.0, f"s{number}")
        our_output.clear_buffer()
        await playout(our_output)
    await say(our_output, 0.3, "last")
    await playout(our_output)
    assert log.ids == [*(f"s{number}" for number in range(5)), "last"]
    assert log.answers[-1][1] is False


async def test_speech_waits_for_a_worker_of_theirs_that_joins_late(
    our_sender: DataStreamAudioOutput, their_worker: Callable, their_face: TheirFace
) -> None:
    log = FinishLog(our_sender)
    speaking = spawn(say(our_sender, 1.0, "early"), name="say")
    await asyncio.sleep(0.5)
    assert not speaking.done()
    await their_worker(their_face)
    await speaking
    await playout(our_sender)
    assert log.answers == [(pytest.approx(1.0, abs=0.11), False)]


async def test_their_worker_that_goes_leaves_nothing_open_and_its_successor_is_spoken_through(
    our_output: DataStreamAudioOutput, their_worker: Callable, sdk_rooms: list[rtc.Room]
) -> None:
    log = FinishLog(our_output)
    await say(our_output, 5.0, "cut")
    await asyncio.sleep(0.5)
    await sdk_rooms.pop().disconnect()
    await playout(our_output)
    assert [interrupted for _, interrupted in log.answers] == [True]
    assert log.answers[0][0] < 5.0
    await their_worker(TheirFace())
    await say(our_output, 0.5, "next")
    await playout(our_output)
    assert log.ids == ["cut", "next"]
    assert log.answers[1] == (pytest.approx(0.5, abs=0.11), False)


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


async def test_their_worker_tells_an_end_before_it_can_be_heard_and_that_is_found(
    our_output: DataStreamAudioOutput,
) -> None:
    """B7: its source holds 100 ms back, which it takes for heard; a busy machine may take that away now and then."""
    found: list[WireFinding] = []
    our_output.found.connect(found.append)
    for number in range(20):
        await say(our_output, 0.5, f"s{number}")
        await playout(our_output)
        if any(one.id == "B7" for one in found):
            break
    assert "B7" in {one.id for one in found}
