"""The worker's end of VideoSDK's wire (PROTOCOLS 3.4): speech of one sender, its segments' ends, and interrupts."""

import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass

from avatar_core.clock import Clock, MonotonicClock
from avatar_core.errors import RoomError
from avatar_core.media.frames import AudioFrame, AudioSegmentEnd
from avatar_core.room.data_stream_receiver import BufferCleared, IncomingSegment
from avatar_core.room.speech_items import SpeechItems
from avatar_core.signal import Signal
from avatar_core.tasks import TaskGroup
from avatar_core.videosdk.meeting import Meeting, MeetingEnd
from avatar_core.wire.livekit import BYTES_PER_SAMPLE
from avatar_core.wire.videosdk import (
    INTERRUPT_COOLDOWN_S,
    SAMPLE_RATE_HZ,
    Audio,
    Interrupt,
    Message,
    SegmentEnd,
    SegmentStart,
    StreamEnded,
    StreamStarted,
)

_log = logging.getLogger(__name__)

MAX_WAITING_S = 600.0
"""Speech that waits here: the wire holds no sender back, and theirs sends as fast as it synthesizes."""
LATE_SOUND_S = 1.0
"""How long sound is waited for that the end of its segment has overtaken."""


class MeetingAudioReceiver:
    """Speech of `sender`, or of whoever first speaks, as frames of the messages' length, by `async for`.

    From a sender that marks its segments nothing is lost by an interrupt, and an end waits for the sound it has
    overtaken. From one that doesn't, an interrupt makes this deaf for INTERRUPT_COOLDOWN_S (V15): on channels without
    an order nothing else tells old sound from new. Sound that is dropped is counted, in seconds.
    """

    def __init__(
        self, *, sender: str | None = None, sample_rate_hz: int = SAMPLE_RATE_HZ, clock: Clock | None = None
    ) -> None:
        self.buffer_cleared: Signal[BufferCleared] = Signal("buffer_cleared")
        self.generation = 0
        self.lost_in_cooldown_s = 0.0
        self.overflowed_s = 0.0
        self.late_s = 0.0
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
        self._early_end: SegmentEnd | None = None
        # What the sender marks: how often it has interrupted. After an interrupt only a start says that sound is new.
        self._marks = False
        self._interrupts = 0
        self._awaits_start = False
        self._deaf_until_s = 0.0
        self._items = SpeechItems()

    @property
    def open_segments(self) -> tuple[IncomingSegment, ...]:
        """The segments that came in and are not answered yet, oldest first."""
        return tuple(segment.snapshot(self._seconds(segment.received)) for segment in self._segments.values())

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

    async def aclose(self) -> None:
        """Hear no more. Harmless twice."""
        self.end.detach()
        await self._tasks.aclose()

    def _on_message(self, message: Message) -> None:
        match message:
            case Audio(pcm):
                self._on_audio(pcm)
            case SegmentStart():
                self._on_start(message)
            case SegmentEnd():
                self._on_end(message)
            case Interrupt(interrupts):
                self._on_interrupt(interrupts)

    def _on_start(self, start: SegmentStart) -> None:
        self._marks = True
        if start.interrupts < self._interrupts:
            self._awaits_start = True
            self._current = None
            return
        if start.interrupts > self._interrupts:
            # Its interrupt was lost, or comes later by the other channel.
            self._clear(start.interrupts)
        self._awaits_start = False
        segment = self._current
        if segment is not None and segment.segment_id is None:
            # Its sound has overtaken its start.
            segment.segment_id, segment.generation = start.segment_id, start.generation
            if segment.started:
                self.notify_playback_started(segment.key)
        else:
            self._end_current()
            self._current = segment = self._begin(start.segment_id, start.generation)
        early, self._early_end = self._early_end, None
        if early is not None and early.segment_id == segment.segment_id:
            self._on_end(early)

    def _on_audio(self, pcm: bytes) -> None:
        duration_s = self._seconds(len(pcm))
        segment = self._current
        if self._awaits_start:
            self.late_s += duration_s
            return
        if segment is None and self._clock.now() < self._deaf_until_s:
            self.lost_in_cooldown_s += duration_s
            return
        if self._items.waiting_s + duration_s > MAX_WAITING_S:
            self.overflowed_s += duration_s
            _log.warning("%.1f s of speech wait; %.2f s more are dropped", self._items.waiting_s, duration_s)
            return
        segment = segment or self._begin(None, 0)
        self._current = segment
        segment.received += len(pcm)
        frame = AudioFrame.from_bytes(pcm, self._rate_hz, 1)
        self._items.append(AudioFrame(frame.samples, self._rate_hz, generation=self.generation))
        if segment.expected is not None and segment.received >= segment.expected:
            self._end_current()

    def _on_end(self, end: SegmentEnd) -> None:
        segment = self._current
        if end.segment_id is not None and (segment is None or end.segment_id != segment.segment_id):
            self._early_end = end
        elif segment is None:
            _log.debug("an end of nothing is ignored")
        elif end.audio_bytes is None or segment.received >= end.audio_bytes:
            self._end_current()
        else:
            segment.expected = end.audio_bytes
            self._tasks.spawn(self._end_late(segment), name="segment waits for its sound")

    def _on_interrupt(self, interrupts: int | None) -> None:
        if interrupts is None:
            # Who marks says the same once more, in a form that can't be taken for the next one.
            if not self._marks:
                self._deaf_until_s = self._clock.now() + INTERRUPT_COOLDOWN_S
                self._clear(self._interrupts)
        elif interrupts > self._interrupts:
            self._marks = self._awaits_start = True
            self._clear(interrupts)

    def _begin(self, segment_id: str | None, generation: int) -> "_Segment":
        self._count += 1
        segment = _Segment(f"meeting-{self._count}", segment_id, generation)
        self._segments[segment.key] = segment
        return segment

    def _end_current(self) -> None:
        segment, self._current = self._current, None
        if segment is not None:
            if segment.expected is not None:
                self.missing_s += self._seconds(max(0, segment.expected - segment.received))
            self._items.append(AudioSegmentEnd(segment.key, self.generation))

    async def _end_late(self, segment: "_Segment") -> None:
        await self._clock.sleep_until(self._clock.now() + LATE_SOUND_S)
        if self._current is segment:
            _log.warning("%d of %s bytes of a segment came", segment.received, segment.expected)
            self._end_current()

    def _clear(self, interrupts: int) -> None:
        self._interrupts = interrupts
        self._current = self._early_end = None
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
    """`received` and `expected` are bytes; the latter is known once the end has come before all of the sound."""

    key: str
    segment_id: str | None
    generation: int
    received: int = 0
    started: bool = False
    expected: int | None = None

    def snapshot(self, received_s: float) -> IncomingSegment:
        return IncomingSegment(self.key, self.segment_id, self.generation, received_s)
