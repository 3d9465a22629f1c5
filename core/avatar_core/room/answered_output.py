"""The base of leaves that speak through an avatar in the room and are answered by it, by any wire (PROTOCOLS 1.5).

Readiness, pacing, interrupts, answers that do not come, reports. What goes over the wire is a subclass's.
"""

import asyncio
import logging
from abc import abstractmethod
from collections.abc import Callable, Collection

from avatar_core.clock import Clock
from avatar_core.errors import PlaybackError, RoomError
from avatar_core.media.frames import AudioFrame
from avatar_core.playback.contract import OutputCapabilities
from avatar_core.playback.segment import SegmentRecord, SegmentRef
from avatar_core.playback.segmented import SegmentedOutput
from avatar_core.room.answer_checks import AnswerChecks, WireFinding
from avatar_core.room.avatar_reports import ReportReader
from avatar_core.room.connection import RoomConnection
from avatar_core.room.presence import Presence
from avatar_core.room.values import ConnectionState, DataPacket, Participant, ParticipantLeft, StateChanged, TrackKind
from avatar_core.signal import Signal
from avatar_core.wire.livekit import AvatarReport

_log = logging.getLogger(__name__)

_WHOLE_WITHIN_S = 0.1
"""What is reported to have been heard up to here was heard: a report is as old as that at most."""


class AnsweredOutput(SegmentedOutput):
    """Speaks through the participant `destination_identity`, which tells when it has played a segment.

    Ready once that participant is active and publishes every kind of `wait_remote_tracks`; until then `capture_frame`
    waits, up to `ready_timeout_s`, and may be cancelled (B13). Without `wait_playback_start` a segment counts as
    started when its first frame is sent. A clear that the avatar does not answer within `clear_buffer_timeout_s`
    finishes the segments where they are thought to be (B14), and so does the avatar's departure (B15), one turn of the
    loop later, so that a proxy above can take back what was not heard. One that comes back under the same identity is
    told to drop what it may still have, and takes speech again. A segment that is not answered `answer_timeout_s` after
    its end must have been heard counts as heard (B4). `found` tells of flaws of the other end that its answers show.
    What is subscribed of the connection, which is given, not owned, is taken back by `aclose` (B1, B2).
    """

    def __init__(
        self,
        connection: RoomConnection,
        destination_identity: str,
        *,
        label: str,
        sample_rate_hz: int | None,
        wait_remote_tracks: Collection[TrackKind],
        ready_timeout_s: float,
        clear_buffer_timeout_s: float,
        answer_timeout_s: float,
        wait_playback_start: bool,
        exact_position: bool,
        clock: Clock | None,
    ) -> None:
        super().__init__(
            label=label,
            sample_rate_hz=sample_rate_hz,
            capabilities=OutputCapabilities(exact_position=exact_position),
            clock=clock,
        )
        self.reported: Signal[AvatarReport] = Signal(f"{self.label}.reported")
        self.found: Signal[WireFinding] = Signal(f"{self.label}.found")
        self.held_up: Signal[float] = Signal(f"{self.label}.held_up")
        """Of each segment that was flushed: seconds for which the wire kept its slowest frame waiting."""
        self._slowest_s = 0.0
        self._connection = connection
        self._destination = destination_identity
        self._presence = Presence(connection, destination_identity, wait_remote_tracks)
        self._ready_timeout_s = ready_timeout_s
        self._clear_buffer_timeout_s = clear_buffer_timeout_s
        self._answer_timeout_s = answer_timeout_s
        self._checks = AnswerChecks()
        self._wait_playback_start = wait_playback_start
        # Whatever goes out does so in the order in which it asked for this; an interrupt alone does not ask.
        self._wire = asyncio.Lock()
        # Pending segments that an interrupt is about to finish, and the interrupt.
        self._cleared: set[SegmentRef] = set()
        self._clearing: asyncio.Task[None] | None = None
        # Whether the avatar left with speech that was given up, and would go on with it if it came back.
        self._to_silence = False
        self._reports = ReportReader(destination_identity)
        events = connection.events
        self._subscribed: list[Callable[[], None]] = [
            events.participant_connected.connect(self._on_participant_joined),
            events.participant_disconnected.connect(self._on_participant_left),
            events.state_changed.connect(self._on_state_changed),
            events.data_received.connect(self._on_data),
        ]

    @property
    def bad_reports(self) -> int:
        """Reports of the avatar that could not be read."""
        return self._reports.bad

    @property
    def ready(self) -> bool:
        """Whether the avatar takes speech now."""
        return self._presence.whole

    async def wait_until_ready(self) -> None:
        """Return once the avatar takes speech; PlaybackError names what was missing after `ready_timeout_s`."""
        try:
            await self._presence.wait_until_whole(timeout_s=self._ready_timeout_s)
        except RoomError as failure:
            raise PlaybackError(f"{self.label} cannot speak: {failure}") from failure

    async def capture_frame(self, frame: AudioFrame, *, segment: SegmentRef | None = None) -> None:
        """Send a frame, once the avatar is ready and an interrupt under way is over; PlaybackError where it can't be.

        What belongs to a segment that was interrupted is dropped (R4).
        """
        if self._capturing is None or not self._is_over(self._capturing):
            if self._clearing is not None:
                await asyncio.wait({self._clearing})
            await self.wait_until_ready()
            await self._wait_for_the_way(frame.duration_s)
        self._check_format(frame)
        record = self._account(frame, segment)
        if self._is_over(record):
            return
        # Once accounted it goes out whatever becomes of the caller: a stream cut while it opens would never be ended.
        sending = self._tasks.spawn(self._sent(record, frame), name=f"{self.label} send")
        await asyncio.wait({sending})
        if sending.cancelled():
            raise PlaybackError(f"{self.label} was closed while it sent speech")
        if (failure := sending.result()) is not None:
            raise PlaybackError(f"{self.label} could not send speech: {failure}") from failure

    def flush(self) -> None:
        """End the segment being captured, in order behind its frames."""
        record = self._capturing
        super().flush()
        if record is not None and not self._closed:
            self.held_up.emit(self._slowest_s)
            self._slowest_s = 0.0
            self._tasks.spawn(self._end_stream(), name=f"{self.label} end of stream")
            if not self._is_over(record):
                ends_s = self._checks.ends_s(record.ref, self._clock.now())
                self._tasks.spawn(self._await_answer(record, ends_s), name=f"{self.label} answer")

    def clear_buffer(self) -> None:
        """Ask the avatar to stop at once; every pending segment is answered, at the latest when the time is over."""
        refs = [ref for ref in self._pending if ref not in self._cleared]
        if not refs or self._closed:
            return
        self._cleared.update(refs)
        self._checks.cleared(self._clock.now())
        self._finish_within(self._clear_buffer_timeout_s, refs)
        self._clearing = self._tasks.spawn(self._clear(refs), name=f"{self.label} clear")

    async def aclose(self) -> None:
        """Take back the handlers, end the stream, finish what is pending as interrupted; harmless twice."""
        for end in self._subscribed:
            end()
        await super().aclose()
        await self._end_stream()

    @abstractmethod
    async def _send(self, record: SegmentRecord, frame: AudioFrame) -> None:
        """Send a frame of a segment; RoomError where that fails."""

    @abstractmethod
    async def _send_end(self) -> None:
        """Send the end of the segment whose frames were sent last, if it has none yet; RoomError where that fails."""

    @abstractmethod
    async def _interrupt(self, refs: Collection[SegmentRef]) -> None:
        """Tell the avatar to stop: all that was sent is void, `refs` of it wait for answers; RoomError on failure."""

    @abstractmethod
    async def _wait_for_the_way(self, duration_s: float) -> None:
        """Return when a frame of that length may go out."""

    @abstractmethod
    def _check_format(self, frame: AudioFrame) -> None:
        """Raise PlaybackError for a frame of a rate or channels that the wire can't tell."""

    def _is_over(self, record: SegmentRecord) -> bool:
        return record.finished or record.ref in self._cleared

    def _on_segment_over(self) -> None:
        self._checks.keep(self._pending)

    async def _sent(self, record: SegmentRecord, frame: AudioFrame) -> RoomError | None:
        began_s = self._clock.now()
        try:
            async with self._wire:
                if self._is_over(record):
                    return None
                self._checks.sent(record.ref, frame.duration_s, self._clock.now())
                await self._send(record, frame)
                self._slowest_s = max(self._slowest_s, self._clock.now() - began_s)
        except RoomError as failure:
            self._finish_at_estimate([record.ref])
            return failure
        if not self._wait_playback_start and record.started_at is None and not record.finished:
            self.on_playback_started(segment=record.ref)
        return None

    async def _end_stream(self) -> None:
        async with self._wire:
            try:
                await self._send_end()
            except RoomError as failure:
                _log.warning("%s: %s", self.label, failure)

    async def _await_answer(self, record: SegmentRecord, ends_s: float) -> None:
        """Give a segment up that is never answered; while it is heard to go on, before its end, it is waited for."""
        goes_on = True
        while not record.done.is_set() and goes_on:
            heard_s = record.position_s
            await self._clock.sleep_until(ends_s + self._answer_timeout_s)
            ends_s = self._clock.now()
            goes_on = heard_s < record.position_s < record.pushed_s - _WHOLE_WITHIN_S
        if not self._is_over(record):
            self.found.emit(self._checks.unanswered(record.ref, self._answer_timeout_s, self._clock.now()))
            self.on_playback_finished(playback_position=record.pushed_s, interrupted=False, segment=record.ref)

    async def _clear(self, refs: list[SegmentRef]) -> None:
        records = [record for ref in refs if (record := self._pending.get(ref)) is not None]
        if self._connection.has_left(self._destination):
            # A call would fail only after seconds.
            self._to_silence = True
            self._finish_at_estimate(refs)
        else:
            try:
                await self._interrupt(refs)
            except RoomError as failure:
                _log.warning("%s: the avatar could not be interrupted: %s", self.label, failure)
                self._finish_at_estimate(refs)
        await self._end_stream()
        # New speech waits for this: an answer without a segment's name means the oldest one pending.
        for record in records:
            await record.done.wait()
        self._cleared.difference_update(refs)

    def _finish_at_estimate(self, refs: Collection[SegmentRef]) -> None:
        for ref in refs:
            if (record := self._pending.get(ref)) is not None:
                position_s = record.estimate_s(self._clock.now())
                self.on_playback_finished(playback_position=position_s, interrupted=True, segment=ref)

    def _heard_started(self, segment_id: str | None, generation: int) -> None:
        """The avatar says that a segment, the oldest one where it has no name, begins to sound."""
        segment = _ref(segment_id, generation)
        if segment is None or segment in self._pending:
            self._tell(self._checks.started(segment or next(iter(self._pending), None), self._clock.now()))
        if self._wait_playback_start:
            self.on_playback_started(segment=segment)

    def _heard_finished(self, segment_id: str | None, generation: int, position_s: float, interrupted: bool) -> None:
        """The avatar says that a segment, the oldest one where it has no name, is over."""
        segment, now_s = _ref(segment_id, generation), self._clock.now()
        answered = segment or next(iter(self._pending), None)
        if segment is not None and segment not in self._pending:
            self._tell(self._checks.finished_again(segment, now_s))
        if segment is None and self._checks.is_of_an_earlier_interrupt(
            interrupted=interrupted, cleared=answered in self._cleared
        ):
            self._tell(self._checks.interrupted_again(now_s))
            return
        self._tell(self._checks.finished(answered, position_s, now_s, interrupted=interrupted))
        self.on_playback_finished(playback_position=position_s, interrupted=interrupted, segment=segment)

    def _tell(self, finding: WireFinding | None) -> None:
        if finding is not None:
            self.found.emit(finding)

    def _on_participant_left(self, left: ParticipantLeft) -> None:
        if left.participant.identity == self._destination:
            self._reports.begin_anew()
            self._checks.left()
            self._tasks.spawn(self._give_up(tuple(self._pending)), name=f"{self.label} departure")

    async def _give_up(self, refs: tuple[SegmentRef, ...]) -> None:
        """What the avatar that left had is over, and another that comes under its name must not go on with it."""
        self._to_silence = self._to_silence or bool(refs)
        self._finish_at_estimate(refs)
        await self._end_stream()

    def _on_participant_joined(self, participant: Participant) -> None:
        if participant.identity == self._destination and self._to_silence:
            self._clearing = self._tasks.spawn(self._silence(), name=f"{self.label} silence after return")

    async def _silence(self) -> None:
        """Have what was given up dropped by whoever came back: only its connection may have been away."""
        try:
            await self._presence.wait_until_active(timeout_s=self._ready_timeout_s)
            self._to_silence = False
            await self._interrupt(())
        except RoomError as failure:
            _log.warning("%s: the avatar that came back could not be silenced: %s", self.label, failure)

    def _on_state_changed(self, change: StateChanged) -> None:
        if change.current in (ConnectionState.LOST, ConnectionState.CLOSED):
            self._finish_at_estimate(tuple(self._pending))

    def _on_data(self, packet: DataPacket) -> None:
        if (report := self._reports.read(packet)) is None:
            return
        for ref, offset_s, duration_s in self._reports.progress(report, self._pending):
            # By the own clock: the worker's is another one where it runs elsewhere.
            started_s = self._clock.now() - duration_s
            self.on_playback_progressed(started_at=started_s, offset=offset_s, duration=duration_s, segment=ref)
        self.reported.emit(report)


def _ref(segment_id: str | None, generation: int) -> SegmentRef | None:
    return None if segment_id is None else SegmentRef(segment_id, generation)
