"""The book of speech: every segment, the stretches in which it was heard, marks on the time axis, the balance.

It listens to the head of the agent's chain; what it estimates between two reports it never writes down.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from avatar_core.bench.snapshot import LedgerBalance, LedgerRow
from avatar_core.bench.states import SegmentState
from avatar_core.bench.timeline_snapshot import Mark, SegmentSpan
from avatar_core.clock import Clock
from avatar_core.playback.contract import (
    AudioOutput,
    PlaybackFinishedEvent,
    PlaybackProgressedEvent,
    PlaybackStartedEvent,
)
from avatar_core.playback.segment import Segment

LEDGER_ROWS = 200
_SEGMENTS_KEPT = 2_000
_MARKS_KEPT = 2_000
_WORTH_TELLING_S = 0.05


@dataclass(slots=True)
class _Stretch:
    """One stretch of a segment on one provider; times monotonic, `end_s` None while it lasts."""

    provider_id: str
    start_s: float
    end_s: float | None = None
    sent_until_s: float | None = None
    carried: bool = False


@dataclass(slots=True)
class _Entry:
    """One segment. `position_s` was reported for the moment `position_at_s`; None while it does not sound.

    It stands still since `quiet_since_s`. `lost_s`: given to an avatar that was then replaced, and never heard.
    `ending`: how an end by interruption is to be called.
    """

    id: str
    provider_id: str
    state: SegmentState = SegmentState.QUEUED
    pushed_s: float = 0.0
    lost_s: float = 0.0
    position_s: float = 0.0
    position_at_s: float | None = None
    quiet_since_s: float = 0.0
    ending: str = ""
    ended: str = ""
    stretches: list[_Stretch] = field(default_factory=list)

    def heard_s(self, now_s: float) -> float:
        """Seconds heard by `now_s`: what was reported, and while it plays the time since."""
        if self.state is not SegmentState.PLAYING or self.position_at_s is None:
            return self.position_s
        return min(self.pushed_s - self.lost_s, self.position_s + max(0.0, now_s - self.position_at_s))

    def unheard_s(self, now_s: float) -> float:
        """Seconds that may still be heard."""
        return max(0.0, self.pushed_s - self.lost_s - self.heard_s(now_s))


class Book:
    """Owned by the session. `provider_id` is who speaks now.

    Every PlaybackFinished counts, a second one for the same segment too: a breach of the law must show in the balance.
    """

    def __init__(self, clock: Clock) -> None:
        self.provider_id = ""
        self.marks: deque[Mark] = deque(maxlen=_MARKS_KEPT)
        self.opened = 0
        self.finished = 0
        self._marks_made = 0
        self._clock = clock
        self._entries: dict[str, _Entry] = {}
        self._head: AudioOutput | None = None
        self._disconnects: list[Callable[[], None]] = []

    def listen(self, head: AudioOutput) -> None:
        """Follow the chain that begins with `head`, and no other any more."""
        for disconnect in self._disconnects:
            disconnect()
        self._head = head
        self._disconnects = [
            head.segment_opened.connect(self._on_opened),
            head.playback_started.connect(self._on_started),
            head.playback_progressed.connect(self._on_progressed),
            head.playback_finished.connect(self._on_finished),
        ]

    @property
    def current_id(self) -> str | None:
        """The newest segment that has not ended."""
        return next((entry.id for entry in reversed(self._entries.values()) if not entry.state.ended), None)

    def balance(self) -> LedgerBalance:
        """The counts of the second law over the whole session."""
        still_open = sum(not entry.state.ended for entry in self._entries.values())
        return LedgerBalance(self.opened, self.finished, still_open)

    def heard_s(self, segment_id: str) -> float:
        """Seconds of a segment heard by now; 0 for one that is not known."""
        entry = self._entries.get(segment_id)
        return entry.heard_s(self._clock.now()) if entry is not None else 0.0

    def unplayed_s(self) -> float:
        """Seconds sent and not yet heard, over all open segments."""
        self._refresh()
        now_s = self._clock.now()
        return sum(entry.unheard_s(now_s) for entry in self._entries.values() if not entry.state.ended)

    def rows(self, names: dict[str, str]) -> tuple[LedgerRow, ...]:
        """The newest segments first; `names` maps provider ids to what is shown."""
        self._refresh()
        now_s = self._clock.now()
        newest = list(self._entries.values())[-LEDGER_ROWS:]
        return tuple(
            LedgerRow(
                entry.id,
                names.get(entry.provider_id, entry.provider_id),
                entry.state,
                entry.pushed_s,
                entry.heard_s(now_s),
                entry.ended,
            )
            for entry in reversed(newest)
        )

    def spans(self, since_s: float) -> tuple[SegmentSpan, ...]:
        """The stretches that reach past `since_s`."""
        self._refresh()
        now_s = self._clock.now()
        return tuple(
            self._span(entry, index, now_s)
            for entry in self._entries.values()
            for index, stretch in enumerate(entry.stretches)
            if (stretch.end_s is None or stretch.end_s >= since_s)
        )

    def mark(self, key: str, label: str, result: str = "", *, time_s: float | None = None) -> None:
        """Put a mark on the time axis, now or at `time_s`."""
        when_s = self._clock.now() if time_s is None else time_s
        self.marks.append(Mark(self._marks_made, when_s, key, label, result))
        self._marks_made += 1

    def expect_end(self, ending: str) -> None:
        """Should the open segments be interrupted, that is what it is to be called; "" for no special name."""
        for entry in self._entries.values():
            if not entry.state.ended:
                entry.ending = ending

    def hold(self) -> None:
        """The open segments are paused."""
        self._refresh()
        for entry in self._entries.values():
            if not entry.state.ended:
                self._stop_playing(entry, SegmentState.PAUSED)

    def release(self) -> None:
        """The paused segments go on as soon as they are heard again."""
        for entry in self._entries.values():
            if entry.state is SegmentState.PAUSED:
                entry.state = SegmentState.QUEUED

    def hand_over(self, provider_id: str) -> None:
        """Another provider speaks from now on; open segments go on with it."""
        self._refresh()
        self.provider_id = provider_id
        for entry in self._entries.values():
            if not entry.state.ended:
                if entry.stretches:
                    entry.stretches[-1].carried = True
                self._stop_playing(entry, entry.state if entry.state is SegmentState.PAUSED else SegmentState.QUEUED)
                entry.provider_id = provider_id

    def _on_opened(self, segment: Segment) -> None:
        self.opened += 1
        if len(self._entries) >= _SEGMENTS_KEPT:
            oldest = next(iter(self._entries.values()))
            if oldest.state.ended:
                del self._entries[oldest.id]
        self._entries[segment.id] = _Entry(segment.id, self.provider_id)

    def _on_started(self, event: PlaybackStartedEvent) -> None:
        entry = self._entries.get(event.segment.id)
        if entry is not None and entry.state is SegmentState.QUEUED:
            self._play(entry, entry.position_s, event.created_at)

    def _on_progressed(self, event: PlaybackProgressedEvent) -> None:
        entry = self._entries.get(event.segment.id)
        if entry is None or entry.state.ended or entry.state is SegmentState.PAUSED:
            return
        entry.lost_s = event.segment.lost_s
        heard_s = event.offset + event.duration - entry.lost_s
        at_s = event.started_at + event.duration
        # An avatar that was left tells its last position late; that does not make the segment sound again.
        sounds = entry.state is SegmentState.PLAYING or at_s > entry.quiet_since_s
        if sounds and (entry.state is SegmentState.QUEUED or heard_s > entry.position_s):
            self._play(entry, heard_s, at_s)

    def _on_finished(self, event: PlaybackFinishedEvent) -> None:
        if event.segment is None:
            return
        self.finished += 1
        entry = self._entries.get(event.segment.id)
        if entry is None or entry.state.ended:
            return
        entry.pushed_s, entry.lost_s = event.segment.pushed_s, event.segment.lost_s
        entry.position_s, entry.position_at_s = event.playback_position, None
        self._stop_playing(entry, SegmentState.INTERRUPTED if event.interrupted else SegmentState.FINISHED)
        ended = (entry.ending or "interrupted") if event.interrupted else ""
        lost = f"{entry.lost_s:.1f} s lost" if entry.lost_s >= _WORTH_TELLING_S else ""
        entry.ended = ", ".join(part for part in (ended, lost) if part) or "ended"

    def _play(self, entry: _Entry, position_s: float, at_s: float) -> None:
        entry.position_s, entry.position_at_s = position_s, at_s
        if entry.state is not SegmentState.PLAYING:
            entry.state = SegmentState.PLAYING
            entry.stretches.append(_Stretch(entry.provider_id, at_s))

    def _stop_playing(self, entry: _Entry, state: SegmentState) -> None:
        now_s = self._clock.now()
        entry.position_s = entry.heard_s(now_s)
        entry.position_at_s = None
        entry.quiet_since_s = now_s
        if entry.stretches and entry.stretches[-1].end_s is None:
            last = entry.stretches[-1]
            last.end_s = now_s
            unheard_s = max(0.0, entry.pushed_s - entry.position_s)
            last.sent_until_s = now_s + unheard_s if state is SegmentState.INTERRUPTED else now_s
        entry.state = state

    def _refresh(self) -> None:
        """Bring what was pushed up to date: frames are not announced one by one."""
        for segment in self._head.pending_segments if self._head is not None else ():
            entry = self._entries.get(segment.id)
            if entry is not None:
                entry.pushed_s, entry.lost_s = segment.pushed_s, segment.lost_s

    def _span(self, entry: _Entry, index: int, now_s: float) -> SegmentSpan:
        stretch = entry.stretches[index]
        is_last = index == len(entry.stretches) - 1
        sent_until_s = stretch.sent_until_s if stretch.end_s is not None else now_s + entry.unheard_s(now_s)
        label = entry.id if index == 0 else f"{entry.id}  continues"
        if is_last and entry.state is SegmentState.INTERRUPTED:
            label = f"{entry.id}  interrupted at {entry.position_s:.1f} s"
        elif is_last and entry.state is SegmentState.FINISHED:
            label = f"{entry.id}  {entry.position_s:.1f} s"
        return SegmentSpan(
            entry.id,
            stretch.provider_id,
            stretch.start_s,
            stretch.end_s if stretch.end_s is not None else now_s,
            sent_until_s if sent_until_s is not None else now_s,
            entry.state if is_last else SegmentState.FINISHED,
            label,
            stretch.carried,
        )
