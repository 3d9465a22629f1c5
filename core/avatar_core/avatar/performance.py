"""The course of speech through a worker, whatever wire it came by: heard, drawn, let out, and each segment answered."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol

from avatar_core.avatar.generator import VideoGenerator
from avatar_core.avatar.synchronizer import AVSynchronizer, SpeechEnded
from avatar_core.clock import Clock, MonotonicClock
from avatar_core.media.frames import AudioFrame, AudioSegmentEnd, VideoFrame
from avatar_core.room.incoming_segment import BufferCleared, IncomingSegment
from avatar_core.signal import Signal

_AT_ONCE_S = 0.1
"""So much of sound and pictures is made as fast as can be; more is made ahead at twice the frame rate at most.

Drawing takes the loop whole milliseconds, and sound needs several turns of it for each piece: a burst let the output
run dry just after the first sound.
"""


class SpeechReceiver(Protocol):
    """The worker's end of a wire: speech and the ends of its segments in order, interrupts at once."""

    buffer_cleared: Signal[BufferCleared]

    @property
    def open_segments(self) -> tuple[IncomingSegment, ...]:
        """The segments that came in and are not answered yet, oldest first."""
        ...

    def __aiter__(self) -> AsyncIterator[AudioFrame | AudioSegmentEnd]:
        """Frames, and each segment's end under its key. One consumer."""
        ...

    def notify_playback_started(self, key: str) -> None:
        """Tell the sender that the first sound of a segment left."""
        ...

    def notify_playback_finished(self, key: str, playback_position_s: float, *, interrupted: bool) -> None:
        """Answer a segment; one that is answered already, or unknown, stays as it is."""
        ...

    async def aclose(self) -> None:
        """Take back the handlers. Harmless twice."""
        ...


@dataclass(frozen=True, slots=True)
class SegmentProgress:
    """An open segment and the seconds of it that were played."""

    segment: IncomingSegment
    played_s: float


class Performance:
    """Answers each segment of `receiver` once: when its last sample has left, or with what was played when it was cut.

    `hear` and `render` are awaited by the owner, who owns all that is given. A clear is obeyed from the start on. `fps`
    is the generator's frame rate.
    """

    def __init__(
        self, receiver: SpeechReceiver, generator: VideoGenerator, fps: float, clock: Clock | None = None
    ) -> None:
        self._receiver = receiver
        self._generator = generator
        self._rest_s = 0.5 / fps
        self._clock = clock or MonotonicClock()
        self._synchronizer: AVSynchronizer | None = None
        self._all_answered = asyncio.Event()
        receiver.buffer_cleared.connect(self._on_buffer_cleared)

    @property
    def progress(self) -> tuple[SegmentProgress, ...]:
        """The open segments, oldest first."""
        played_s = self._synchronizer.played_s if self._synchronizer is not None else ()
        return tuple(
            SegmentProgress(segment, played_s[index] if index < len(played_s) else 0.0)
            for index, segment in enumerate(self._receiver.open_segments)
        )

    async def hear(self) -> None:
        """Give the generator what is said, while something comes."""
        async for item in self._receiver:
            await self._generator.push_audio(item)

    async def render(self, synchronizer: AVSynchronizer) -> None:
        """Let out what the generator makes, until it ends."""
        synchronizer.speech_started.connect(self._on_speech_started)
        synchronizer.speech_ended.connect(self._on_speech_ended)
        # An interrupt may have come before there was anything to let out.
        synchronizer.flush(self._generator.generation)
        self._synchronizer = synchronizer
        async for item in self._generator:
            await synchronizer.push(item)
            ahead = synchronizer.buffered
            if isinstance(item, VideoFrame) and min(ahead.sound_s, ahead.pictures_s) > _AT_ONCE_S:
                await self._clock.sleep_until(self._clock.now() + self._rest_s)

    async def wait_answered(self) -> None:
        """Return once no segment waits for its answer."""
        self._all_answered.clear()
        if self._receiver.open_segments:
            await self._all_answered.wait()

    def _on_speech_started(self, _: float) -> None:
        if segments := self._receiver.open_segments:
            self._receiver.notify_playback_started(segments[0].key)

    def _on_speech_ended(self, ended: SpeechEnded) -> None:
        if ended.end.segment_id is not None:
            self._receiver.notify_playback_finished(ended.end.segment_id, ended.played_s, interrupted=False)
        self._note_answers()

    def _on_buffer_cleared(self, cleared: BufferCleared) -> None:
        # Generation first: from here on nothing of what was said can leave, wherever it is (B5, B6).
        self._generator.clear_buffer()
        played_s = self._synchronizer.flush(self._generator.generation) if self._synchronizer is not None else ()
        waiting = {segment.key for segment in self._receiver.open_segments}
        segments = [segment for segment in cleared.segments if segment.key in waiting]
        for index, segment in enumerate(segments):
            position_s = played_s[index] if index < len(played_s) else 0.0
            self._receiver.notify_playback_finished(segment.key, position_s, interrupted=True)
        self._note_answers()

    def _note_answers(self) -> None:
        if not self._receiver.open_segments:
            self._all_answered.set()
