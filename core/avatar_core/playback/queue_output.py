"""QueueAudioOutput (LiveKit's name): the leaf for an avatar that lives in this process, sink and receiver in one."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator

from avatar_core.clock import Clock
from avatar_core.media.frames import AudioFrame, AudioSegmentEnd
from avatar_core.playback.contract import OutputCapabilities
from avatar_core.playback.segment import SegmentRef
from avatar_core.playback.segmented import SegmentedOutput
from avatar_core.signal import Signal


class QueueAudioOutput(SegmentedOutput):
    """Whoever plays reads frames and segment ends by `async for`, and tells what was heard by `notify_playback_*`.

    Each segment of which a frame was read ends with exactly one AudioSegmentEnd, cleared or not (B24), unless the
    reader has finished it before. On a clear the reader hears `buffer_cleared` and has `clear_buffer_timeout_s` to
    tell its position. At most `max_buffered_s` of speech wait; `capture_frame` blocks beyond that. Without
    `wait_playback_start` a segment counts as started when its first frame is captured.
    """

    def __init__(
        self,
        *,
        label: str = "QueueAudioOutput",
        sample_rate_hz: int | None = None,
        wait_playback_start: bool = False,
        exact_position: bool = True,
        max_buffered_s: float = 60.0,
        clear_buffer_timeout_s: float = 2.0,
        clock: Clock | None = None,
    ) -> None:
        super().__init__(
            label=label,
            sample_rate_hz=sample_rate_hz,
            capabilities=OutputCapabilities(pause=False, exact_position=exact_position),
            clock=clock,
        )
        self.buffer_cleared = Signal[None](f"{label}.buffer_cleared")
        self._wait_playback_start = wait_playback_start
        self._max_buffered_s = max_buffered_s
        self._clear_buffer_timeout_s = clear_buffer_timeout_s
        self._items: deque[tuple[SegmentRef, AudioFrame | AudioSegmentEnd]] = deque()
        self._buffered_s = 0.0
        # Pending segments of which frames, or the end, went out to the reader.
        self._begun: set[SegmentRef] = set()
        self._ended: set[SegmentRef] = set()
        # Pending segments that an interrupt is about to finish.
        self._cleared: set[SegmentRef] = set()
        self._clears = 0
        self._readable = asyncio.Event()
        self._writable = asyncio.Event()

    @property
    def buffered_s(self) -> float:
        """Seconds of speech captured and not yet read."""
        return self._buffered_s

    async def capture_frame(self, frame: AudioFrame, *, segment: SegmentRef | None = None) -> None:
        """Queue a frame, once there is room. A clear meanwhile drops it: it belongs to what was interrupted."""
        clears = self._clears
        while self._buffered_s > 0 and self._buffered_s + frame.duration_s > self._max_buffered_s and not self._closed:
            self._writable.clear()
            await self._writable.wait()
        if clears != self._clears:
            return
        record = self._account(frame, segment)
        if record.finished or record.ref in self._cleared:
            return
        self._put(record.ref, frame)
        if not self._wait_playback_start and record.started_at is None:
            self.on_playback_started(segment=record.ref)

    def flush(self) -> None:
        """Queue the end of the segment being captured."""
        record = self._capturing
        super().flush()
        if record is not None and not record.finished and record.ref not in self._cleared:
            self._put(record.ref, AudioSegmentEnd(record.ref.id, record.ref.generation))

    def clear_buffer(self) -> None:
        """Drop what is queued and tell the reader; segments it has begun wait for its word on the position."""
        cleared = [ref for ref in self._pending if ref not in self._cleared]
        self._clears += 1
        self._items.clear()
        self._buffered_s = 0.0
        self._cleared.update(cleared)
        for ref in cleared:
            if ref in self._begun and ref not in self._ended:
                self._put(ref, AudioSegmentEnd(ref.id, ref.generation))
        self._writable.set()
        if cleared:
            self.buffer_cleared.emit(None)
        self._finish_unheard()
        self._finish_within(self._clear_buffer_timeout_s, [ref for ref in cleared if ref in self._begun])

    def notify_playback_started(self, segment: SegmentRef | None = None) -> None:
        """The reader plays the first sound of a segment; ignored where the start was taken for granted."""
        if self._wait_playback_start:
            self.on_playback_started(segment=segment)

    def notify_playback_finished(
        self, playback_position: float, interrupted: bool, segment: SegmentRef | None = None
    ) -> None:
        """The reader played `playback_position` seconds of a segment (the oldest pending one) and is done with it."""
        self.on_playback_finished(playback_position=playback_position, interrupted=interrupted, segment=segment)

    def on_playback_finished(
        self,
        *,
        playback_position: float,
        interrupted: bool,
        segment: SegmentRef | None = None,
        synchronized_transcript: str | None = None,
    ) -> None:
        """A segment is over; so are those cleared behind it of which nothing was read."""
        super().on_playback_finished(
            playback_position=playback_position,
            interrupted=interrupted,
            segment=segment,
            synchronized_transcript=synchronized_transcript,
        )
        self._finish_unheard()
        self._cleared &= self._pending.keys()
        self._begun &= self._pending.keys()
        self._ended &= self._pending.keys()

    async def aclose(self) -> None:
        """End the reader's iteration, finish what is pending; harmless twice."""
        await super().aclose()
        self._items.clear()
        self._readable.set()
        self._writable.set()

    async def __aiter__(self) -> AsyncIterator[AudioFrame | AudioSegmentEnd]:
        while not self._closed:
            if not self._items:
                self._readable.clear()
                await self._readable.wait()
                continue
            ref, item = self._items.popleft()
            if isinstance(item, AudioFrame):
                self._buffered_s = max(0.0, self._buffered_s - item.duration_s) if self._items else 0.0
                self._writable.set()
            if ref in self._pending:
                (self._begun if isinstance(item, AudioFrame) else self._ended).add(ref)
            yield item

    def _put(self, ref: SegmentRef, item: AudioFrame | AudioSegmentEnd) -> None:
        self._items.append((ref, item))
        if isinstance(item, AudioFrame):
            self._buffered_s += item.duration_s
        self._readable.set()

    def _finish_unheard(self) -> None:
        # In order: a segment nobody read waits for the one before it that somebody is playing.
        for ref in tuple(self._pending):
            if ref not in self._cleared or ref in self._begun:
                return
            super().on_playback_finished(playback_position=0.0, interrupted=True, segment=ref)
