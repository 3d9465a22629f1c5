"""The base of every output that keeps segments of its own: all leaves, and the swap proxy. Accounting, no media."""

import logging
import math
import secrets
from collections.abc import Collection

from avatar_core.clock import Clock, MonotonicClock
from avatar_core.errors import PlaybackError
from avatar_core.media.frames import AudioFrame
from avatar_core.playback.contract import (
    AudioOutput,
    OutputCapabilities,
    PlaybackFinishedEvent,
    PlaybackProgressedEvent,
    PlaybackStartedEvent,
)
from avatar_core.playback.segment import Segment, SegmentRecord, SegmentRef, SegmentState
from avatar_core.tasks import TaskGroup

_log = logging.getLogger(__name__)


def credible_position(position_s: float, limit_s: float) -> float:
    """A reported position within what is possible: 0 to `limit_s`, and 0 for what is no number."""
    return min(position_s, limit_s) if position_s > 0 else 0.0


class SegmentedOutput(AudioOutput):
    """Keeps one record per segment and answers each exactly once (the second law).

    A leaf calls `_account` for each frame it takes, and the `on_playback_*` methods with what it learns. Events are
    matched by segment; without one, for a protocol that has no ids, the oldest pending segment is meant. What
    matches nothing is counted in `ignored_events` and changes nothing (R7).
    """

    def __init__(
        self,
        *,
        label: str,
        next_in_chain: AudioOutput | None = None,
        sample_rate_hz: int | None = None,
        capabilities: OutputCapabilities | None = None,
        clock: Clock | None = None,
    ) -> None:
        super().__init__(label=label, next_in_chain=next_in_chain)
        self.ignored_events = 0
        self.segments_captured = 0
        self.segments_finished = 0
        self._sample_rate_hz = sample_rate_hz
        self._capabilities = capabilities or OutputCapabilities()
        self._clock = clock or MonotonicClock()
        # Two outputs may name segments for one worker, so a bare count would not do.
        self._id_prefix = secrets.token_hex(3)
        self._tasks = TaskGroup(on_failure=self._on_task_failure)
        self._pending: dict[SegmentRef, SegmentRecord] = {}
        self._capturing: SegmentRecord | None = None
        self._newest_ref: SegmentRef | None = None
        # The answer to the newest segment answered so far.
        self._last_finished = PlaybackFinishedEvent(playback_position=0.0, interrupted=False)
        self._closed = False

    @property
    def sample_rate_hz(self) -> int | None:
        """The rate this output asks for; None where any will do."""
        return self._sample_rate_hz

    @property
    def capabilities(self) -> OutputCapabilities:
        """What this output can do by itself."""
        return self._capabilities

    @property
    def pending_segments(self) -> tuple[Segment, ...]:
        """The segments not yet finished, oldest first."""
        return tuple(record.snapshot() for record in self._pending.values())

    def flush(self) -> None:
        """End the segment being captured; nothing without frames (R2)."""
        if self._capturing is not None and not self._capturing.finished:
            self._capturing.state = SegmentState.FLUSHED
        self._capturing = None

    async def wait_for_playout(self) -> PlaybackFinishedEvent:
        """Wait until every segment captured so far is finished; returns the newest answer (R8)."""
        for record in tuple(self._pending.values()):
            await record.done.wait()
        return self._last_finished

    def pause(self) -> None:
        """Refused unless a subclass can."""
        raise PlaybackError(f"{self.label} cannot pause; look at can_pause first")

    def resume(self) -> None:
        """Nothing to go on with unless a subclass can pause."""

    def on_attached(self) -> None:
        """Nothing to prepare unless a subclass has something."""

    def on_detached(self) -> None:
        """Nothing to put away unless a subclass has something."""

    async def aclose(self) -> None:
        """End its tasks and finish what is pending as interrupted; harmless twice."""
        self._closed = True
        await self._tasks.aclose()
        self._finish_all()

    def on_playback_started(self, *, created_at: float | None = None, segment: SegmentRef | None = None) -> None:
        """The first sound of a segment was heard; a second report for one segment is ignored (R5)."""
        record = self._find(segment)
        if record is None or record.started_at is not None:
            self._ignore("started", segment)
            return
        record.started_at = self._clock.now() if created_at is None else created_at
        self.playback_started.emit(PlaybackStartedEvent(record.started_at, record.snapshot()))

    def on_playback_progressed(
        self, *, started_at: float, offset: float, duration: float, segment: SegmentRef | None = None
    ) -> None:
        """A stretch of a segment was heard (R6); one without finite bounds places nothing, and is ignored."""
        record = self._find(segment)
        if record is None or not all(map(math.isfinite, (started_at, offset, duration))):
            self._ignore("progressed", segment)
            return
        record.position_s = max(
            record.position_s, credible_position(offset + duration - record.lost_s, record.pushed_s)
        )
        self.playback_progressed.emit(PlaybackProgressedEvent(started_at, offset, duration, record.snapshot()))

    def on_playback_finished(
        self,
        *,
        playback_position: float,
        interrupted: bool,
        segment: SegmentRef | None = None,
        synchronized_transcript: str | None = None,
    ) -> None:
        """A segment is over (R4); for one that is finished already this changes nothing (R7)."""
        record = self._find(segment)
        if record is None:
            self._ignore("finished", segment)
            return
        del self._pending[record.ref]
        record.state = SegmentState.FINISHED
        record.position_s = credible_position(playback_position, record.pushed_s)
        record.interrupted = interrupted
        self.segments_finished += 1
        event = PlaybackFinishedEvent(record.position_s, interrupted, record.snapshot(), synchronized_transcript)
        self._last_finished = event
        record.done.set()
        self.playback_finished.emit(event)
        self._on_segment_over()

    def _on_segment_over(self) -> None:
        """Whatever a subclass keeps of segments that are not pending any more can go."""

    def _account(self, frame: AudioFrame, segment: SegmentRef | None) -> SegmentRecord:
        """The record of the segment that `frame` belongs to, opened by its first frame (R2).

        The record may be finished already: then the frame belongs to what is over, and is to be dropped (R4).
        Raises PlaybackError for a frame of a segment that has been ended.
        """
        if self._closed:
            raise PlaybackError(f"{self.label} is closed and takes no speech")
        record = self._capturing
        if record is None:
            if segment is not None and (segment == self._newest_ref or segment in self._pending):
                raise PlaybackError(f"{self.label}: segment {segment.id} has ended, its late frame is refused")
            record = self._open(segment or SegmentRef(f"{self._id_prefix}-{self.segments_captured + 1}"))
        elif segment is not None and segment != record.ref:
            raise PlaybackError(f"{self.label}: segment {segment.id} cannot begin before {record.ref.id} is flushed")
        record.pushed_s += frame.duration_s
        return record

    def _open(self, ref: SegmentRef) -> SegmentRecord:
        record = SegmentRecord(ref, sink=self.label, generation=ref.generation)
        self._pending[ref] = self._capturing = record
        self._newest_ref = ref
        self.segments_captured += 1
        self.segment_opened.emit(record.snapshot())
        return record

    def _finish_within(self, timeout_s: float, segments: Collection[SegmentRef]) -> None:
        """Finish `segments` as interrupted, where they are thought to be, unless answered within `timeout_s` (B14)."""
        now_s = self._clock.now()
        # The sound stopped now, so the guess is made now.
        positions_s = {ref: self._pending[ref].estimate_s(now_s) for ref in segments}

        async def give_up() -> None:
            await self._clock.sleep_until(now_s + timeout_s)
            for ref, position_s in positions_s.items():
                if ref in self._pending:
                    _log.warning("%s: segment %s was not answered in %.1f s", self.label, ref.id, timeout_s)
                    self.on_playback_finished(playback_position=position_s, interrupted=True, segment=ref)

        if segments:
            self._tasks.spawn(give_up(), name=f"{self.label} clear timeout")

    def _finish_all(self) -> None:
        for record in tuple(self._pending.values()):
            position_s = record.estimate_s(self._clock.now())
            self.on_playback_finished(playback_position=position_s, interrupted=True, segment=record.ref)

    def _find(self, segment: SegmentRef | None) -> SegmentRecord | None:
        if segment is None:
            return next(iter(self._pending.values()), None)
        return self._pending.get(segment)

    def _ignore(self, what: str, segment: SegmentRef | None) -> None:
        self.ignored_events += 1
        _log.debug("%s: playback %s for %s matches no pending segment", self.label, what, segment)

    def _on_task_failure(self, name: str, failure: BaseException) -> None:
        _log.error("%s failed in %s", name, self.label, exc_info=failure)
