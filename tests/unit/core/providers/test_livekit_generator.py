"""LiveKit's VideoGenerator classes in our worker: the real base class, generators as its examples have them."""

import asyncio
from collections.abc import AsyncIterator

import numpy as np
import pytest
from livekit import rtc
from livekit.agents.voice import avatar as theirs

from avatar_core.avatar.generator import AvatarOptions, GeneratedItem
from avatar_core.clock import MonotonicClock
from avatar_core.errors import ConfigError
from avatar_core.media.frames import AudioFrame, AudioSegmentEnd, VideoFrame
from avatar_core.providers.livekit_generator import LiveKitGenerator, adapt
from tests.fakes.clock import settle
from tests.tracks import tone

OPTIONS = AvatarOptions(320, 180, 25.0, 24_000)


class Theirs(theirs.VideoGenerator):
    """Gives each 40 ms of speech a picture, RGBA as their examples do; clears in its own time."""

    def __init__(self, options: theirs.AvatarOptions) -> None:
        self.options = options
        self.clears = asyncio.Event()
        self.clears.set()
        self.failure: Exception | None = None
        self._queue: asyncio.Queue[rtc.AudioFrame | theirs.AudioSegmentEnd | None] = asyncio.Queue()

    async def push_audio(self, frame: rtc.AudioFrame | theirs.AudioSegmentEnd) -> None:
        await self._queue.put(frame)

    async def clear_buffer(self) -> None:
        await self.clears.wait()
        while not self._queue.empty():
            self._queue.get_nowait()

    def fail(self, failure: Exception) -> None:
        self.failure = failure
        self._queue.put_nowait(None)

    def __aiter__(self) -> AsyncIterator[rtc.VideoFrame | rtc.AudioFrame | theirs.AudioSegmentEnd]:
        return self._items()

    async def _items(self) -> AsyncIterator[rtc.VideoFrame | rtc.AudioFrame | theirs.AudioSegmentEnd]:
        while True:
            item = await self._queue.get()
            if item is None:
                assert self.failure is not None
                raise self.failure
            if isinstance(item, rtc.AudioFrame):
                pixels = np.full(320 * 180 * 4, 90, dtype=np.uint8).tobytes()
                yield rtc.VideoFrame(320, 180, rtc.VideoBufferType.RGBA, pixels)
            yield item


class Rig:
    def __init__(self) -> None:
        made = adapt(Theirs)(OPTIONS, MonotonicClock())
        assert isinstance(made, LiveKitGenerator)
        self.generator = made
        self.theirs: Theirs = made._generator
        self.items: list[GeneratedItem] = []
        self.failures: list[Exception] = []
        self._task = asyncio.create_task(self._take())

    async def _take(self) -> None:
        try:
            async for item in self.generator:
                self.items.append(item)
        except OSError as failure:
            self.failures.append(failure)

    async def say(self, seconds: float, *, end: str | None = None) -> None:
        for _ in range(round(seconds / 0.04)):
            await self.generator.push_audio(tone(0.04))
        if end is not None:
            await self.generator.push_audio(AudioSegmentEnd(end))
        await settle(200)

    async def aclose(self) -> None:
        await self.generator.aclose()
        await asyncio.wait_for(self._task, 1)


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    rig = Rig()
    yield rig
    await rig.aclose()


async def test_speech_comes_back_with_pictures_on_one_timeline_and_with_the_id_of_its_end(rig: Rig) -> None:
    await rig.say(0.4, end="s1")
    pictures = [item for item in rig.items if isinstance(item, VideoFrame)]
    sound = [item for item in rig.items if isinstance(item, AudioFrame)]
    assert [item.pts_s for item in pictures] == [item.pts_s for item in sound]
    assert [item.pts_s for item in sound] == pytest.approx([index * 0.04 for index in range(10)])
    assert rig.items[-1] == AudioSegmentEnd("s1")
    assert rig.generator.buffered_s == pytest.approx(0.0)
    assert rig.theirs.options.video_fps == 25.0


async def test_speech_of_another_rate_is_converted(rig: Rig) -> None:
    for _ in range(10):
        await rig.generator.push_audio(tone(0.04, rate_hz=16_000, channels=2))
    await rig.generator.push_audio(AudioSegmentEnd("s"))
    await settle(200)
    sound = [item for item in rig.items if isinstance(item, AudioFrame)]
    assert {(item.sample_rate_hz, item.num_channels) for item in sound} == {(24_000, 1)}
    assert sum(item.samples_per_channel for item in sound) == 9_600


async def test_what_theirs_yields_while_it_clears_is_dropped_and_the_next_generation_begins(rig: Rig) -> None:
    """B5: theirs may take its time."""
    await rig.say(0.2)
    rig.theirs.clears.clear()
    rig.generator.clear_buffer()
    taken = len(rig.items)
    rig.theirs._queue.put_nowait(rtc.AudioFrame(bytes(1_920), 24_000, 1, 960))
    await settle(200)
    assert len(rig.items) == taken
    saying = asyncio.create_task(rig.say(0.08, end="new"))
    await settle(200)
    rig.theirs.clears.set()
    await saying
    new = rig.items[taken:]
    assert {item.generation for item in new} == {1}
    assert [item.pts_s for item in new if isinstance(item, AudioFrame)] == pytest.approx([0.0, 0.04])
    assert new[-1] == AudioSegmentEnd("new")


async def test_what_theirs_raises_ends_the_iteration_with_it(rig: Rig) -> None:
    rig.theirs.fail(OSError("the model is gone"))
    await settle(200)
    assert [str(failure) for failure in rig.failures] == ["the model is gone"]


def test_classes_of_nobody_are_refused() -> None:
    with pytest.raises(ConfigError, match="neither of avatar_core nor of livekit-agents"):
        adapt(int)


def test_class_that_cannot_be_made_is_said() -> None:
    class Greedy(Theirs):
        def __init__(self, options: theirs.AvatarOptions, model: str) -> None:
            super().__init__(options)

    with pytest.raises(ConfigError, match="can't be made: TypeError"):
        adapt(Greedy)(OPTIONS, MonotonicClock())
