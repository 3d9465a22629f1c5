"""AvatarServer: what it publishes, when it answers, and what an interrupt leaves, on a meeting in memory."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator

import av
import numpy as np
import pytest

from avatar_core.errors import ConfigError
from avatar_core.media.av_frames import to_av_video
from avatar_core.tasks import cancel_and_wait, spawn
from avatar_core.videosdk.avatar import (
    AudioSegmentEnd,
    AvatarAudioIn,
    AvatarAudioOut,
    AvatarAuthCredentials,
    AvatarInput,
    AvatarRenderer,
    AvatarServer,
    AvatarSettings,
)
from avatar_core.wire.videosdk import StreamEnded
from tests.fakes.meeting import FakeMeetingRoom
from tests.fakes.video_generator import picture
from tests.patience import LIMIT_S

SETTINGS = AvatarSettings(320, 180, 25.0, 24_000, 1)
LOUD = b"\x00\xd8"


class Echo(AvatarRenderer):
    """Gives back what it was given, in pictures of 40 ms; unnamed ends, as a renderer of theirs.

    `slow_reset` makes a reset take until it is set, and `leak` is yielded meanwhile, as of before it.
    """

    def __init__(self) -> None:
        self.resets = 0
        self.failure: Exception | None = None
        self.slow_reset: asyncio.Event | None = None
        self._items: deque[object] = deque()
        self._came = asyncio.Event()

    async def push_stream_chunk(self, frame: av.AudioFrame | AudioSegmentEnd) -> None:
        if isinstance(frame, av.AudioFrame):
            self._items.append(to_av_video(picture(0.0)))
            self._items.append(frame)
        else:
            self._items.append(AudioSegmentEnd())
        self._came.set()

    def reset_stream(self):
        self.resets += 1
        if self.slow_reset is None:
            self._items.clear()
            return None
        return self._reset(self.slow_reset)

    async def _reset(self, done: asyncio.Event) -> None:
        await done.wait()
        self._items.clear()

    def fail(self, failure: Exception) -> None:
        self.failure = failure
        self._came.set()

    async def __aiter__(self) -> AsyncIterator[object]:
        while True:
            if self.failure is not None:
                raise self.failure
            if self._items:
                yield self._items.popleft()
            else:
                self._came.clear()
                await self._came.wait()


class Served:
    """An AvatarServer in a meeting, its agent, and what is heard of its voice track."""

    def __init__(self) -> None:
        self.room, self.renderer = FakeMeetingRoom(), Echo()
        self.agent = AvatarAudioOut(credentials=AvatarAuthCredentials("avatar", "token"))
        self.agent.set_meeting(self.room.join("agent"))
        self.meeting = self.room.join("avatar")
        self.ended: list[StreamEnded] = []
        self.agent.stream_ended.connect(self.ended.append)
        self.server = AvatarServer(
            self.meeting, audio_recv=AvatarAudioIn(self.meeting), video_gen=self.renderer, options=SETTINGS
        )
        self.loud = 0
        self.pulling: asyncio.Task[None] | None = None

    async def start(self) -> None:
        await self.server.start()
        self.pulling = spawn(self._pull(), name="pull voice")

    async def say(self, seconds: float, *, end: bool = True) -> None:
        for _ in range(round(seconds / 0.04)):
            await self.agent.handle_audio_input(LOUD * 960)
        if end:
            await self.agent.send_segment_end()

    async def answers(self, count: int) -> list[StreamEnded]:
        async with asyncio.timeout(LIMIT_S):
            while len(self.ended) < count:
                await asyncio.sleep(0.005)
        return self.ended

    async def is_heard(self) -> None:
        async with asyncio.timeout(LIMIT_S):
            while not self.loud:
                await asyncio.sleep(0.005)

    async def aclose(self) -> None:
        await self.server.aclose()
        await self.server.aclose()
        await cancel_and_wait(self.pulling)

    async def _pull(self) -> None:
        while True:
            self.loud += np.count_nonzero((await self.server.audio_track.recv()).to_ndarray())


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    served = Served()
    await served.start()
    yield served
    await served.aclose()


async def test_start_publishes_both_tracks_and_the_close_ends_them(served: Served) -> None:
    """V20, V25: elsewhere nothing is published, and nothing stopped or awaited."""
    assert served.meeting.tracks == [served.server.audio_track, served.server.video_track]
    waiting = spawn(served.server.wait_for_complete(), name="complete")
    await served.aclose()
    await asyncio.wait_for(waiting, LIMIT_S)
    assert {track.readyState for track in served.meeting.tracks} == {"ended"}


async def test_segment_is_answered_when_it_was_heard(served: Served) -> None:
    """V22, V28, V33: given at once, played in real time to its last sample, and only then answered."""
    await served.say(0.6)
    await served.is_heard()
    assert served.ended == []
    [answer] = await served.answers(1)
    assert (answer.playback_position, answer.interrupted) == (pytest.approx(0.6, abs=0.001), False)
    async with asyncio.timeout(LIMIT_S):
        while served.loud < 14_400:
            await asyncio.sleep(0.005)
    assert served.loud == 14_400


async def test_back_to_back_segments_are_each_answered(served: Served) -> None:
    """V24."""
    for _ in range(3):
        await served.say(0.12)
    assert [answer.playback_position for answer in await served.answers(3)] == [pytest.approx(0.12, abs=0.001)] * 3
    assert len({answer.segment_id for answer in served.ended}) == 3


async def test_interrupt_is_answered_with_what_was_heard_and_leaves_nothing(served: Served) -> None:
    """V23, V24: pictures, too; what is said next counts from nothing."""
    await served.say(2.0, end=False)
    await served.is_heard()
    await served.agent.interrupt()
    [cut] = await served.answers(1)
    assert cut.interrupted
    assert 0 < cut.playback_position < 2.0
    assert served.server.av_sync.synchronizer.buffered.pictures_s == 0
    await served.say(0.2)
    reply = (await served.answers(2))[1]
    assert (reply.playback_position, reply.interrupted) == (pytest.approx(0.2, abs=0.001), False)
    assert served.renderer.resets == 1


async def test_what_a_renderer_yields_while_it_is_reset_is_dropped(served: Served) -> None:
    """V24: elsewhere it is played, and counted for the next segment."""
    served.renderer.slow_reset = asyncio.Event()
    await served.say(2.0, end=False)
    await served.is_heard()
    await served.agent.interrupt()
    await served.answers(1)
    heard = served.loud
    await asyncio.sleep(0.2)
    assert served.loud - heard <= 960
    served.renderer.slow_reset.set()
    await asyncio.sleep(0.05)
    await served.say(0.2)
    assert (await served.answers(2))[1].playback_position == pytest.approx(0.2, abs=0.001)


@pytest.mark.error_logs("renders failed")
async def test_renderer_that_fails_is_told(served: Served) -> None:
    waiting = spawn(served.server.wait_for_complete(), name="complete")
    served.renderer.fail(LookupError("no model"))
    with pytest.raises(LookupError, match="no model"):
        await asyncio.wait_for(waiting, LIMIT_S)


async def test_input_of_ones_own_works_with_answers_that_are_awaited_and_those_that_are_not() -> None:
    class Own(AvatarInput):
        def __init__(self) -> None:
            super().__init__()
            self.told: list[tuple[float, bool]] = []
            self.started = 0

        async def start_stream(self) -> None:
            self.started += 1

        async def notify_stream_ended(self, playback_position: float, interrupted: bool) -> None:
            self.told.append((playback_position, interrupted))

        async def __aiter__(self):
            frame = av.AudioFrame.from_ndarray(np.full((1, 2_400), 900, dtype=np.int16), format="s16", layout="mono")
            frame.sample_rate = 24_000
            yield frame
            yield AudioSegmentEnd()

    own = Own()
    server = AvatarServer(None, audio_recv=own, video_gen=Echo(), options=SETTINGS)
    with pytest.raises(RuntimeError, match="not started"):
        await server.wait_for_complete()
    await server.start()
    async with asyncio.timeout(LIMIT_S):
        while not own.told:
            await asyncio.sleep(0.005)
    assert own.told == [(pytest.approx(0.1), False)]
    assert own.started == 1
    await server.aclose()


async def test_shape_that_cannot_be_published_is_refused_before_anything_starts() -> None:
    with pytest.raises(ConfigError, match="video_fps"):
        AvatarServer(
            None,
            audio_recv=AvatarAudioIn(None),
            video_gen=Echo(),
            options=AvatarSettings(320, 180, 1_000.0, 24_000, 1),
        )
