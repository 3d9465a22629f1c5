"""VideoSDK's `agents.avatar.avatar_controller`: AvatarServer, a worker by their names, over core's performance."""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from dataclasses import dataclass
from inspect import isawaitable
from typing import Any

import av

from avatar_core.avatar.generator import AvatarOptions, GeneratedItem, VideoGenerator
from avatar_core.avatar.performance import Performance
from avatar_core.media.av_frames import from_av_audio, to_av_audio
from avatar_core.media.frames import AudioFrame, AudioSegmentEnd
from avatar_core.room.incoming_segment import BufferCleared, IncomingSegment
from avatar_core.signal import Signal
from avatar_core.tasks import TaskGroup
from avatar_core.videosdk.av_conversion import AvConversion
from avatar_core.videosdk.avatar_schema import AvatarInput, AvatarRenderer
from avatar_core.videosdk.avatar_tracks import AvatarSynchronizer, AvatarVisualTrack, AvatarVoiceTrack

_log = logging.getLogger(__name__)

Spawn = Callable[[Awaitable[object]], None]


@dataclass
class AvatarSettings:
    """The shape of what an avatar publishes: px, frames a second, Hz, channels."""

    video_width: int
    video_height: int
    video_fps: float
    audio_sample_rate: int
    audio_channels: int

    def as_options(self) -> AvatarOptions:
        """The same by LiveKit's name; ConfigError outside the bounds that can be measured."""
        return AvatarOptions(
            self.video_width, self.video_height, self.video_fps, self.audio_sample_rate, self.audio_channels
        )


class AvatarServer:
    """Renders what `audio_recv` hears and lets it out on one clock; each segment is answered once, when it was heard.

    Its tracks are `audio_track` and `video_track`. `start` publishes them in `meeting`, where one is given; without one
    that is the caller's (PROTOCOLS V20). `audio_recv` is closed here, the renderer is the caller's.
    """

    def __init__(
        self, meeting: Any | None, *, audio_recv: AvatarInput, video_gen: AvatarRenderer, options: AvatarSettings
    ) -> None:
        self.audio_track = AvatarVoiceTrack(options.audio_sample_rate, options.audio_channels)
        self.video_track = AvatarVisualTrack(options.video_width, options.video_height, options.video_fps)
        self._av_sync = AvatarSynchronizer(self.audio_track, self.video_track, options.video_fps)
        self._meeting = meeting
        self._audio_recv = audio_recv
        self._tasks = TaskGroup(on_failure=self._on_failure)
        self._input = _HeardInput(audio_recv, self._spawn)
        self._renderer = _RenderedGenerator(video_gen, options.as_options(), self._spawn)
        self._performance = Performance(self._input, self._renderer, options.video_fps)
        self._work: tuple[asyncio.Task[None], ...] = ()
        self._failure: BaseException | None = None

    @property
    def av_sync(self) -> AvatarSynchronizer:
        """What lets sound and pictures out."""
        return self._av_sync

    async def start(self) -> None:
        """Publish, and begin to hear and to render."""
        await self._audio_recv.start_stream()
        self._input.listen()
        if self._meeting is not None:
            self._meeting.add_custom_audio_track(self.audio_track)
            self._meeting.add_custom_video_track(self.video_track)
        self._work = (
            self._tasks.spawn(self._performance.hear(), name="avatar server hears"),
            self._tasks.spawn(self._performance.render(self._av_sync.synchronizer), name="avatar server renders"),
        )

    async def wait_for_complete(self) -> None:
        """Return when it was closed, or when input and renderer have ended; raises what made one of them fail."""
        if not self._work:
            raise RuntimeError("AvatarServer not started")
        await asyncio.wait(self._work, return_when=asyncio.FIRST_EXCEPTION)
        if self._failure is not None:
            raise self._failure

    async def aclose(self) -> None:
        """End it, its tracks too, and return when all of it has ended (PROTOCOLS V25). Harmless twice."""
        self._input.mute()
        await self._tasks.aclose()
        await self._audio_recv.aclose()
        await self._av_sync.aclose()
        self.audio_track.stop()
        self.video_track.stop()

    def _spawn(self, work: Awaitable[object]) -> None:
        async def awaited() -> None:
            await work

        self._tasks.spawn(awaited(), name="avatar server answers")

    def _on_failure(self, name: str, failure: BaseException) -> None:
        self._failure = self._failure or failure
        _log.error("%s failed", name, exc_info=failure)


class _HeardInput:
    """An AvatarInput as the receiver of a performance: it knows no segments but by their order."""

    def __init__(self, audio_recv: AvatarInput, spawn: Spawn) -> None:
        self.buffer_cleared: Signal[BufferCleared] = Signal("buffer_cleared")
        self._input = audio_recv
        self._spawn = spawn
        self._open: deque[str] = deque()
        self._received_s: dict[str, float] = {}
        self._speaking = False
        self._count = 0
        self._generation = 0

    def listen(self) -> None:
        """Obey interrupts from now on."""
        self._input.on("reset_stream", self._on_reset)

    def mute(self) -> None:
        """No more."""
        self._input.off("reset_stream", self._on_reset)

    @property
    def open_segments(self) -> tuple[IncomingSegment, ...]:
        return tuple(IncomingSegment(key, None, 0, self._received_s[key]) for key in self._open)

    async def __aiter__(self) -> AsyncIterator[AudioFrame | AudioSegmentEnd]:
        async for item in self._input:
            if isinstance(item, av.AudioFrame):
                frame = from_av_audio(item)
                if not self._speaking:
                    self._begin()
                self._received_s[self._open[-1]] += frame.duration_s
                yield frame
            elif self._speaking:
                self._speaking = False
                yield AudioSegmentEnd(self._open[-1])

    def notify_playback_started(self, key: str) -> None:
        """Nothing: an AvatarInput has no word for it."""

    def notify_playback_finished(self, key: str, playback_position_s: float, *, interrupted: bool) -> None:
        if key not in self._open:
            return
        self._open.remove(key)
        del self._received_s[key]
        answer = self._input.notify_stream_ended(playback_position=playback_position_s, interrupted=interrupted)
        if isawaitable(answer):
            self._spawn(answer)

    async def aclose(self) -> None:
        """Nothing: the input is the server's."""

    def _begin(self) -> None:
        self._speaking = True
        self._count += 1
        self._open.append(key := f"heard-{self._count}")
        self._received_s[key] = 0.0

    def _on_reset(self, *_: object) -> None:
        self._generation += 1
        self._speaking = False
        self.buffer_cleared.emit(BufferCleared(self._generation, self.open_segments))


class _RenderedGenerator(VideoGenerator):
    """An AvatarRenderer as a generator. What it yields while it is being reset is of before, and dropped (V24)."""

    def __init__(self, renderer: AvatarRenderer, options: AvatarOptions, spawn: Spawn) -> None:
        self._renderer = renderer
        self._conversion = AvConversion(options)
        self._spawn = spawn
        self._generation = 0
        self._resetting = 0
        self._ends: deque[str | None] = deque()

    @property
    def generation(self) -> int:
        return self._generation

    @property
    def buffered_s(self) -> float:
        """A renderer does not tell."""
        return 0.0

    async def push_audio(self, frame: AudioFrame | AudioSegmentEnd) -> None:
        if isinstance(frame, AudioFrame):
            await self._renderer.push_stream_chunk(to_av_audio(frame))
        else:
            # A renderer of theirs yields an end without a name: its order says which one it is.
            self._ends.append(frame.segment_id)
            await self._renderer.push_stream_chunk(frame)

    def clear_buffer(self) -> None:
        self._generation += 1
        self._conversion.reset()
        self._ends.clear()
        reset = self._renderer.reset_stream()
        if isawaitable(reset):
            self._resetting += 1
            self._spawn(self._until_reset(reset))

    async def __aiter__(self) -> AsyncIterator[GeneratedItem]:
        async for frame in self._renderer:
            if self._resetting:
                continue
            for item in self._conversion.convert(frame, self._generation):
                if not isinstance(item, AudioSegmentEnd):
                    yield item
                elif self._ends:
                    yield AudioSegmentEnd(self._ends.popleft(), item.generation)

    async def aclose(self) -> None:
        """Nothing: the renderer is the caller's."""

    async def _until_reset(self, reset: Coroutine[Any, Any, None]) -> None:
        try:
            await reset
        finally:
            self._resetting -= 1
