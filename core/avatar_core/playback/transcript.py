"""The transcript: the text of what is said, let out in step with what is heard, and cut where that was cut."""

from collections import deque
from dataclasses import dataclass, field, replace

from avatar_core.clock import Clock
from avatar_core.playback.contract import AudioOutput, PlaybackFinishedEvent
from avatar_core.playback.follower import PlaybackFollower
from avatar_core.playback.segment import Segment, SegmentRef, SegmentState
from avatar_core.playback.transcript_pacing import PacedText
from avatar_core.signal import Signal
from avatar_core.tasks import TaskGroup

TICK_S = 0.1
MAX_LETTERS = 100_000
"""Per segment; an hour of speech has about half of it. What exceeds it is refused."""


@dataclass(frozen=True, slots=True)
class TranscriptReleased:
    """The text of a segment as far as it was heard, never shorter than before; `final` once nothing will follow."""

    segment: SegmentRef
    text: str
    final: bool


@dataclass(slots=True)
class _Line:
    """The text of one segment, and what of it was let out."""

    text: PacedText = field(default_factory=PacedText)
    released: str = ""


class TranscriptSynchronizer(PlaybackFollower):
    """A wrapper (LiveKit's name) that is given text by `push_text`, and lets it out by `released` as it is heard.

    Text belongs to the segment being captured, and between two segments to the next. A segment's finished event then
    carries it as `synchronized_transcript`: whole, or as far as it was heard where it was interrupted; None where
    there is no text. Made inside a running loop.
    """

    def __init__(
        self, next_in_chain: AudioOutput, *, label: str = "TranscriptSynchronizer", clock: Clock | None = None
    ) -> None:
        super().__init__(next_in_chain, label=label, clock=clock)
        self.released = Signal[TranscriptReleased](f"{label}.released")
        self._lines: dict[SegmentRef, _Line] = {}
        # What was pushed before its segment was opened.
        self._early: deque[str] = deque()
        self._tasks = TaskGroup()
        self._tasks.spawn(self._release_on(), name=f"{label} releases")

    def push_text(self, text: str) -> None:
        """Append text. ValueError for more than MAX_LETTERS in one segment."""
        line = self._lines.get(self._capturing) if self._capturing is not None else None
        kept = line.text.letters if line is not None else sum(len(early) for early in self._early)
        if kept + len(text) > MAX_LETTERS:
            raise ValueError(f"a segment's transcript is at most {MAX_LETTERS} letters long")
        if line is not None:
            line.text.push(text)
        elif self._capturing is None:
            self._early.append(text)

    def flush(self) -> None:
        """The segment's text is complete, too."""
        if self._capturing is not None and (line := self._lines.get(self._capturing)) is not None:
            line.text.finish()
        self._capturing = None
        super().flush()

    def clear_buffer(self) -> None:
        """What was pushed for a segment to come belongs to what is interrupted."""
        self._early.clear()
        super().clear_buffer()

    def on_segment_opened(self, segment: Segment) -> None:
        """Its line begins, with what was pushed for it."""
        line = self._lines[segment.ref] = _Line()
        while self._early:
            line.text.push(self._early.popleft())
        super().on_segment_opened(segment)

    def on_playback_finished(self, event: PlaybackFinishedEvent) -> None:
        """The last of its text is let out; the event passed up carries it."""
        segment = event.segment
        line = self._lines.pop(segment.ref, None) if segment is not None else None
        if segment is not None and line is not None:
            cut_while_said = self._capturing == segment.ref
            if cut_while_said:
                line.text.finish()
            if event.interrupted:
                # Positions are of what was heard, the text of all that was said: what a swap cut lies between.
                heard_s = event.playback_position + segment.lost_s
                # Text may be far ahead of its sound: how long all of it would have taken is not known then.
                self._release(line, segment, heard_s, None if cut_while_said else segment.pushed_s, final=True)
            else:
                line.released = line.text.text
                self.released.emit(TranscriptReleased(segment.ref, line.released, final=True))
            if line.text.text:
                event = replace(event, synchronized_transcript=line.released)
        super().on_playback_finished(event)

    async def aclose(self) -> None:
        """Close the links below, end the letting out; harmless twice."""
        await super().aclose()
        await self._tasks.aclose()

    async def _release_on(self) -> None:
        while True:
            await self._clock.sleep_until(self._clock.now() + TICK_S)
            now_s = self._clock.now()
            for segment in self.pending_segments:
                line, position = self._lines.get(segment.ref), self._positions.get(segment.ref)
                if line is not None and position is not None and position.moves:
                    said_s = None if segment.state is SegmentState.CAPTURING else segment.pushed_s
                    self._release(line, segment, min(position.at(now_s), segment.pushed_s), said_s)

    def _release(
        self, line: _Line, segment: Segment, position_s: float, duration_s: float | None, *, final: bool = False
    ) -> None:
        """`duration_s` is the length of the whole speech, None while it is not known."""
        heard = line.text.heard(position_s, duration_s)
        # An estimate that becomes better may turn out shorter; what was let out stays.
        grown = len(heard) > len(line.released)
        if grown:
            line.released = heard
        if grown or final:
            self.released.emit(TranscriptReleased(segment.ref, line.released, final))
