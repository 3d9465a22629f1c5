"""The worker's end of VideoSDK's wire (PROTOCOLS 3.4): speech of one sender, its segments' ends, and interrupts."""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass

from avatar_core.clock import Clock, MonotonicClock
from avatar_core.errors import RoomError
from avatar_core.media.frames import AudioFrame, AudioSegmentEnd
from avatar_core.room.incoming_segment import BufferCleared, IncomingSegment
from avatar_core.room.speech_items import SpeechItems
from avatar_core.signal import Signal
from avatar_core.tasks import TaskGroup
from avatar_core.videosdk.meeting import Meeting, MeetingEnd
from avatar_core.videosdk.sound_order import SoundOrder
from avatar_core.wire.livekit import BYTES_PER_SAMPLE
from avatar_core.wire.videosdk import (
    INTERRUPT_COOLDOWN_S,
    SAMPLE_RATE_HZ,
    Audio,
    Interrupt,
    Message,
    SegmentEnd,
    SoundMark,
    StreamEnded,
    StreamStarted,
)

_log = logging.getLogger(__name__)

MAX_WAITING_S = 600.0
"""Speech that waits here: the wire holds no sender back, and theirs sends as fast as it synthesizes."""
LATE_SOUND_S = 1.0
"""How long sound is waited for that later sound, or an end, has overtaken."""
MAX_UNMARKED = 64
"""Messages of sound that may be played before the first mark of a sender comes."""


class MeetingAudioReceiver:
    """Speech of `sender`, or of whoever first speaks, as frames of the messages' length, by `async for`.

    From a sender that marks its sound nothing is lost by an interrupt, and all is played in the order in which it was
    sent, whatever has overtaken what; only sound that comes before the very first mark is played as it comes. From one
    that doesn't, an interrupt makes this deaf for INTERRUPT_COOLDOWN_S (V15): on channels without an order nothing else
    tells old sound from new. Sound that is dropped is counted, in seconds.
    """

    def __init__(
        self, *, sender: str | None = None, sample_rate_hz: int = SAMPLE_RATE_HZ, clock: Clock | None = None
    ) -> None:
        self.buffer_cleared: Signal[BufferCleared] = Signal("buffer_cleared")
        self.generation = 0
        self.lost_in_cooldown_s = 0.0
        self.overflowed_s = 0.0
        self.missing_s = 0.0
        self.lost_acknowledgements = 0
        self.end = MeetingEnd(self._on_message, peer=sender)
        self._rate_hz = sample_rate_hz
        self._clock = clock or MonotonicClock()
        self._tasks = TaskGroup()
        self._segments: dict[str, _Segment] = {}
        self._count = 0
        # The one whose sound comes now.
        self._current: _Segment | None = None
        # What a sender that marks has sent; one that doesn't has no order.
        self._marks = False
        self._order = SoundOrder()
        self._late: asyncio.Task[None] | None = None
        self._unmarked: deque[bytes] = deque(maxlen=MAX_UNMARKED)
        self._deaf_until_s = 0.0
        self._items = SpeechItems()

    @property
    def open_segments(self) -> tuple[IncomingSegment, ...]:
        """The segments that came in and are not answered yet, oldest first."""
        return tuple(segment.snapshot(self._seconds(segment.received)) for segment in self._segments.values())

    @property
    def late_s(self) -> float:
        """Sound that came after the interrupt that it was said before, or without its mark."""
        return self._seconds(self._order.late_bytes)

    def set_meeting(self, meeting: Meeting) -> None:
        """Hear what is said in `meeting`, instead of any other."""
        self.end.attach(meeting)

    def __aiter__(self) -> AsyncIterator[AudioFrame | AudioSegmentEnd]:
        return aiter(self._items)

    def notify_playback_started(self, key: str) -> None:
        """Tell the sender that the first sound of a segment left; one that gave no name would not understand."""
        if (segment := self._segments.get(key)) is not None:
            segment.started = True
            if segment.segment_id is not None:
                self._answer(StreamStarted(segment.segment_id, segment.generation))

    def notify_playback_finished(self, key: str, playback_position_s: float, *, interrupted: bool) -> None:
        """Answer a segment (V19); one that is answered already, or unknown, stays as it is."""
        if (segment := self._segments.pop(key, None)) is not None:
            self._answer(StreamEnded(playback_position_s, interrupted, segment.segment_id, segment.generation))

    def answer_again(self, segment: IncomingSegment, playback_position_s: float, *, interrupted: bool) -> None:
        """Say that `segment` is over, whether or not it has been said: what planted faults do."""
        self._answer(StreamEnded(playback_position_s, interrupted, segment.segment_id, segment.generation))

    async def aclose(self) -> None:
        """Hear no more. Harmless twice."""
        self.end.detach()
        await self._tasks.aclose()

    def _on_message(self, message: Message) -> None:
        match message:
            case Audio(pcm):
                self._on_audio(pcm)
            case SoundMark():
                self._on_mark(message)
            case SegmentEnd():
                self._on_end(message)
            case Interrupt(interrupts):
                self._on_interrupt(interrupts)

    def _on_mark(self, mark: SoundMark) -> None:
        self._expect_marks()
        if mark.interrupts > self._order.interrupts:
            # Its interrupt was lost, or comes later by the other channel.
            self._clear(mark.interrupts)
        self._order.mark(mark)
        self._take()

    def _expect_marks(self) -> None:
        """This sender marks its sound: what was played before it showed that has its marks on the way."""
        if not self._marks:
            self._marks = True
            for pcm in self._unmarked:
                self._order.sound(pcm)

    def _on_audio(self, pcm: bytes) -> None:
        if self._marks:
            self._order.sound(pcm)
            self._take()
        elif self._current is None and self._clock.now() < self._deaf_until_s:
            self.lost_in_cooldown_s += self._seconds(len(pcm))
        else:
            if self._current is None:
                self._current = self._begin(None, 0)
            self._play(self._current, pcm)
            self._unmarked.append(pcm)

    def _on_end(self, end: SegmentEnd) -> None:
        if end.segment_id is None or end.interrupts is None or end.offset is None:
            self._end_current()
        else:
            # The same as the mark that says so by the other channel.
            self._on_mark(SoundMark(end.segment_id, end.generation, end.interrupts, end.offset, 0, 0))

    def _take(self) -> None:
        """Play what is next, and wait for what is missing before the rest, for a while."""
        for mark, pcm in self._order.take():
            name = (mark.segment_id, mark.generation)
            segment = self._current
            if not pcm:
                if segment is not None and (segment.segment_id, segment.generation) == name:
                    self._end_current()
                continue
            if segment is not None and segment.segment_id is None:
                # Its sound has overtaken its mark.
                segment.segment_id, segment.generation = name
                if segment.started:
                    self.notify_playback_started(segment.key)
            elif segment is None or (segment.segment_id, segment.generation) != name:
                self._end_current()
                self._current = segment = self._begin(*name)
            if pcm in self._unmarked:
                self._unmarked.remove(pcm)
            else:
                self._play(segment, pcm)
        if self._order.waits and (self._late is None or self._late.done()):
            self._late = self._tasks.spawn(self._give_up_late(), name="speech waits for its sound")

    async def _give_up_late(self) -> None:
        while self._order.waits:
            before = self.generation, self._order.position
            await self._clock.sleep_until(self._clock.now() + LATE_SOUND_S)
            if before == (self.generation, self._order.position) and (missing := self._order.give_up()):
                self.missing_s += self._seconds(missing)
                _log.warning("%d bytes of speech did not come", missing)
            self._take()

    def _play(self, segment: "_Segment", pcm: bytes) -> None:
        duration_s = self._seconds(len(pcm))
        if self._items.waiting_s + duration_s > MAX_WAITING_S:
            self.overflowed_s += duration_s
            _log.warning("%.1f s of speech wait; %.2f s more are dropped", self._items.waiting_s, duration_s)
            return
        segment.received += len(pcm)
        frame = AudioFrame.from_bytes(pcm, self._rate_hz, 1)
        self._items.append(AudioFrame(frame.samples, self._rate_hz, generation=self.generation))

    def _on_interrupt(self, interrupts: int | None) -> None:
        if interrupts is None:
            # Who marks says the same once more, in a form that can't be taken for the next one.
            if not self._marks:
                self._deaf_until_s = self._clock.now() + INTERRUPT_COOLDOWN_S
                self._clear(self._order.interrupts)
        elif interrupts > self._order.interrupts:
            self._expect_marks()
            self._clear(interrupts)

    def _begin(self, segment_id: str | None, generation: int) -> "_Segment":
        self._count += 1
        segment = _Segment(f"meeting-{self._count}", segment_id, generation)
        self._segments[segment.key] = segment
        return segment

    def _end_current(self) -> None:
        segment, self._current = self._current, None
        if segment is not None:
            self._unmarked.clear()
            self._items.append(AudioSegmentEnd(segment.key, self.generation))

    def _clear(self, interrupts: int) -> None:
        # What came without a mark may have been said after the interrupt.
        self._order.begin_anew(interrupts)
        self._current = None
        self._unmarked.clear()
        self.generation += 1
        self._items.clear()
        self.buffer_cleared.emit(BufferCleared(self.generation, self.open_segments))

    def _answer(self, message: StreamEnded | StreamStarted) -> None:
        self._tasks.spawn(self._send(message), name="segment answer")

    async def _send(self, message: StreamEnded | StreamStarted) -> None:
        try:
            await self.end.send(message)
        except RoomError as failure:
            self.lost_acknowledgements += 1
            _log.warning("%s", failure)

    def _seconds(self, pcm_bytes: int) -> float:
        return pcm_bytes / BYTES_PER_SAMPLE / self._rate_hz


@dataclass(slots=True, eq=False)
class _Segment:
    """`received` is in bytes."""

    key: str
    segment_id: str | None
    generation: int
    received: int = 0
    started: bool = False

    def snapshot(self, received_s: float) -> IncomingSegment:
        return IncomingSegment(self.key, self.segment_id, self.generation, received_s)
