"""LiveKit's VideoGenerator classes as ours, so that any avatar written for livekit-agents runs in our worker."""

import asyncio
import inspect
from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import cast

from livekit.agents.voice import avatar as theirs

from avatar_core.avatar.generator import AvatarOptions, GeneratedItem, VideoGenerator
from avatar_core.avatar.registry import GeneratorFactory
from avatar_core.avatar.timing import Timing, timeline
from avatar_core.clock import Clock
from avatar_core.errors import ConfigError
from avatar_core.media.frames import AudioFrame, AudioSegmentEnd
from avatar_core.media.resampler import Resampler
from avatar_core.room.sdk import SdkAudioFrame, from_audio_frame, to_audio_frame, to_video_frame
from avatar_core.tasks import TaskGroup, cancel_and_wait

_INPUT_S = 30.0
"""Speech that theirs is given ahead of what it has yielded: its own queue has no bound."""


def adapt(their_class: type) -> GeneratorFactory:
    """A factory over a class of LiveKit's; ConfigError for any other.

    It is made with LiveKit's AvatarOptions where its constructor takes a positional argument, else without any.
    """
    if not issubclass(their_class, theirs.VideoGenerator):
        raise ConfigError(
            f"{their_class.__module__}:{their_class.__qualname__} is a VideoGenerator neither of avatar_core nor of "
            "livekit-agents"
        )

    def make(options: AvatarOptions, clock: Clock) -> VideoGenerator:
        asked = theirs.AvatarOptions(
            video_width=options.video_width,
            video_height=options.video_height,
            video_fps=options.video_fps,
            audio_sample_rate=options.audio_sample_rate,
            audio_channels=options.audio_channels,
        )
        positional = (
            inspect.Parameter.POSITIONAL_ONLY,
            inspect.Parameter.POSITIONAL_OR_KEYWORD,
            inspect.Parameter.VAR_POSITIONAL,
        )
        takes_options = any(one.kind in positional for one in inspect.signature(their_class).parameters.values())
        try:
            make_theirs = cast(Callable[..., theirs.VideoGenerator], their_class)
            made = make_theirs(asked) if takes_options else make_theirs()
        except Exception as failure:
            raise ConfigError(
                f"{their_class.__qualname__} can't be made: {type(failure).__name__}: {failure}. It is given LiveKit's "
                "AvatarOptions, or nothing; wrap it in a class of your own for more."
            ) from failure
        return LiveKitGenerator(made, options)

    return make


class LiveKitGenerator(VideoGenerator):
    """Gives speech to a generator of LiveKit's and takes its items, by their order, the picture first.

    Theirs knows no generations: what it yields between a clear and its end is of the old one and is dropped (B5);
    should it keep old speech beyond that, that is its own. Segment ends come back with the ids they went in with.
    """

    def __init__(self, generator: theirs.VideoGenerator, options: AvatarOptions) -> None:
        self._generator = generator
        self._options = options
        self._resampler = Resampler(options.audio_sample_rate, options.audio_channels)
        self._timeline = timeline(Timing.ORDER, 1 / options.video_fps)
        self._generation = 0
        self._ends: deque[AudioSegmentEnd] = deque()
        self._buffered_s = 0.0
        self._taken = asyncio.Event()
        self._clearing: asyncio.Task[None] | None = None
        self._tasks = TaskGroup()
        self._reading: asyncio.Task[None] | None = None
        self._items: asyncio.Queue[GeneratedItem | BaseException | None] = asyncio.Queue(maxsize=1)
        self._closed = False

    @property
    def generation(self) -> int:
        """How many times the buffer was cleared."""
        return self._generation

    @property
    def buffered_s(self) -> float:
        """Seconds of speech pushed and not yet yielded."""
        return self._buffered_s

    async def push_audio(self, frame: AudioFrame | AudioSegmentEnd) -> None:
        """Append speech, of any rate, or its end; what a clear overtakes while this waits is dropped."""
        generation = self._generation
        if self._clearing is not None:
            await asyncio.wait((self._clearing,))
        while self._buffered_s >= _INPUT_S and generation == self._generation and not self._closed:
            self._taken.clear()
            await self._taken.wait()
        if generation != self._generation or self._closed:
            return
        if isinstance(frame, AudioFrame):
            samples = self._resampler.push(frame)
            await self._give(AudioFrame(samples, self._options.audio_sample_rate))
        else:
            await self._give(AudioFrame(self._resampler.flush(), self._options.audio_sample_rate))
            self._ends.append(frame)
            await self._generator.push_audio(theirs.AudioSegmentEnd())

    def clear_buffer(self) -> None:
        """Forget all speech and ends; theirs may take its time, until when what it yields is dropped."""
        self._generation += 1
        self._ends.clear()
        self._buffered_s = 0.0
        self._resampler.reset()
        self._timeline = timeline(Timing.ORDER, 1 / self._options.video_fps)
        while not self._items.empty():
            self._items.get_nowait()
        self._taken.set()
        clearing = self._generator.clear_buffer()
        if clearing is not None:
            self._clearing = self._tasks.spawn(clearing, name="livekit generator clears")

    async def __aiter__(self) -> AsyncIterator[GeneratedItem]:
        self._reading = self._tasks.spawn(self._read(), name="livekit generator")
        while not self._closed:
            item = await self._items.get()
            if item is None:
                return
            if isinstance(item, BaseException):
                raise item
            if item.generation == self._generation:
                yield item

    async def aclose(self) -> None:
        """End the iteration and release waiting pushes. Harmless twice."""
        self._closed = True
        self._taken.set()
        await cancel_and_wait(self._reading)
        await self._tasks.aclose()
        if self._items.empty():
            self._items.put_nowait(None)
        close = getattr(self._generator, "aclose", None)
        if close is not None:
            await close()

    async def _give(self, frame: AudioFrame) -> None:
        if frame.samples_per_channel:
            self._buffered_s += frame.duration_s
            await self._generator.push_audio(from_audio_frame(frame))

    async def _read(self) -> None:
        try:
            async for item in self._generator:
                converted = self._converted(item)
                if converted is not None:
                    await self._items.put(converted)
            await self._items.put(None)
        except Exception as failure:
            await self._items.put(failure)

    def _converted(self, item: object) -> GeneratedItem | None:
        if self._clearing is not None and not self._clearing.done():
            return None
        if isinstance(item, theirs.AudioSegmentEnd):
            self._timeline.end()
            end = self._ends.popleft() if self._ends else AudioSegmentEnd()
            return AudioSegmentEnd(end.segment_id, self._generation)
        if isinstance(item, SdkAudioFrame):
            sound = to_audio_frame(item)
            self._buffered_s = max(0.0, self._buffered_s - sound.duration_s)
            self._taken.set()
            return replace(self._timeline.sound(sound, 0.0, None), generation=self._generation)
        picture = self._timeline.picture(to_video_frame(item, 0.0), 0.0, None)  # type: ignore[arg-type]
        return replace(picture, generation=self._generation)
