"""DataStreamAudioOutput (LiveKit's name): the leaf that speaks through an avatar by LiveKit's wire (PROTOCOLS 1.5)."""

import asyncio
import logging
from collections.abc import Callable, Collection
from typing import TypeVar

from avatar_core.clock import Clock
from avatar_core.errors import PlaybackError, RoomError, WireError
from avatar_core.media.frames import AudioFrame
from avatar_core.playback.contract import OutputCapabilities
from avatar_core.playback.segment import SegmentRecord, SegmentRef
from avatar_core.playback.segmented import SegmentedOutput
from avatar_core.room.answer_checks import AnswerChecks, WireFinding
from avatar_core.room.avatar_reports import ReportReader
from avatar_core.room.connection import RoomConnection
from avatar_core.room.data_streams import StreamWriter
from avatar_core.room.rpc import RpcCall, RpcError, RpcErrorCode
from avatar_core.room.values import ConnectionState, DataPacket, ParticipantLeft, StateChanged, TrackKind
from avatar_core.signal import Signal
from avatar_core.wire.livekit import (
    AUDIO_STREAM_NAME_PREFIX,
    RPC_CLEAR_BUFFER,
    RPC_OK,
    RPC_PLAYBACK_FINISHED,
    RPC_PLAYBACK_STARTED,
    TOPIC_AUDIO_STREAM,
    AudioStreamHeader,
    AvatarReport,
    decode_playback_finished,
    decode_playback_started,
    encode_audio_stream_attributes,
)

_log = logging.getLogger(__name__)

M = TypeVar("M")

BURST_S = 0.5
"""Seconds of speech that go out at once, whatever `max_speed` says."""


class DataStreamAudioOutput(SegmentedOutput):
    """Sends speech to the participant `destination_identity`, one byte stream per segment, and takes its answers.

    Ready once that participant is active and publishes every kind of `wait_remote_tracks`; until then `capture_frame`
    waits, up to `ready_timeout_s`, and may be cancelled (B13). Without `wait_playback_start` a segment counts as
    started when its first frame is sent. A clear that the avatar does not answer within `clear_buffer_timeout_s`
    finishes the segments where they are thought to be (B14), and so does the avatar's departure (B15); a segment that
    is not answered `answer_timeout_s` after its end must have been heard counts as heard (B4). `found` tells of flaws
    of the other end that its answers show. Beyond
    BURST_S, speech goes out at most `max_speed` times as fast as it sounds, where given: everybody in the room
    receives it (B16), and a flood of it delays the media that share the way. Handlers belong
    to the connection, which is given, not owned, and are taken back by `aclose` (B1, B2): at most one output per
    connection and destination is open at a time.
    """

    def __init__(
        self,
        connection: RoomConnection,
        destination_identity: str,
        *,
        label: str | None = None,
        sample_rate_hz: int | None = None,
        wait_remote_tracks: Collection[TrackKind] = (),
        ready_timeout_s: float = 30.0,
        clear_buffer_timeout_s: float = 2.0,
        answer_timeout_s: float = 10.0,
        wait_playback_start: bool = False,
        exact_position: bool = False,
        max_speed: float | None = None,
        clock: Clock | None = None,
    ) -> None:
        super().__init__(
            label=label or f"DataStreamAudioOutput({destination_identity})",
            sample_rate_hz=sample_rate_hz,
            capabilities=OutputCapabilities(exact_position=exact_position),
            clock=clock,
        )
        self.reported: Signal[AvatarReport] = Signal(f"{self.label}.reported")
        self.found: Signal[WireFinding] = Signal(f"{self.label}.found")
        self._connection = connection
        self._destination = destination_identity
        self._wait_remote_tracks = tuple(wait_remote_tracks)
        self._ready_timeout_s = ready_timeout_s
        self._clear_buffer_timeout_s = clear_buffer_timeout_s
        self._answer_timeout_s = answer_timeout_s
        self._checks = AnswerChecks()
        self._wait_playback_start = wait_playback_start
        self._max_speed = max_speed
        # Up to when the way is taken by what was sent, at `max_speed`.
        self._taken_until_s = 0.0
        # The stream of the segment being captured, and the rate and channels that its header told.
        self._stream: StreamWriter[bytes] | None = None
        self._format = (0, 0)
        # Whatever goes out on streams does so in the order in which it asked for this.
        self._wire = asyncio.Lock()
        # Pending segments that an interrupt is about to finish, and the interrupt.
        self._cleared: set[SegmentRef] = set()
        self._clearing: asyncio.Task[None] | None = None
        self._reports = ReportReader(destination_identity)
        self._reported_s: dict[SegmentRef, float] = {}
        self._unsubscribe = self._subscribe()

    @property
    def bad_reports(self) -> int:
        """Reports of the avatar that could not be read."""
        return self._reports.bad

    @property
    def ready(self) -> bool:
        """Whether the avatar takes speech now."""
        return not self._missing()

    async def wait_until_ready(self) -> None:
        """Return once the avatar takes speech; PlaybackError names what was missing after `ready_timeout_s`."""
        if self.ready:
            return
        try:
            await self._connection.wait_for(
                lambda: self.ready or None, what=f"avatar {self._destination!r}", timeout_s=self._ready_timeout_s
            )
        except RoomError as failure:
            waited_in_vain = self._connection.state is ConnectionState.CONNECTED
            reason = f"waited {self._ready_timeout_s:g} s, {self._missing()}" if waited_in_vain else str(failure)
            raise PlaybackError(f"{self.label} cannot speak: {reason}") from failure

    async def capture_frame(self, frame: AudioFrame, *, segment: SegmentRef | None = None) -> None:
        """Send a frame, once the avatar is ready and an interrupt under way is over; PlaybackError where it can't be.

        What belongs to a segment that was interrupted is dropped (R4).
        """
        if self._capturing is None or not self._is_over(self._capturing):
            if self._clearing is not None:
                await asyncio.wait({self._clearing})
            await self.wait_until_ready()
            await self._wait_for_the_way(frame.duration_s)
        pcm_format = (frame.sample_rate_hz, frame.num_channels)
        if self._capturing is not None and self._format != pcm_format:
            raise PlaybackError(f"{self.label}: the rate or the channels of the frames changed within a segment")
        record = self._account(frame, segment)
        self._format = pcm_format
        if self._is_over(record):
            return
        # Once accounted it goes out whatever becomes of the caller: a stream cut while it opens would never be ended.
        sending = self._tasks.spawn(self._send(record, frame), name=f"{self.label} send")
        await asyncio.wait({sending})
        if sending.cancelled():
            raise PlaybackError(f"{self.label} was closed while it sent speech")
        if (failure := sending.result()) is not None:
            raise PlaybackError(f"{self.label} could not send speech: {failure}") from failure

    def flush(self) -> None:
        """End the segment being captured, its stream too, in order behind its frames."""
        record = self._capturing
        super().flush()
        if record is not None and not self._closed:
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

    def _on_segment_over(self) -> None:
        self._checks.keep(self._pending)

    async def aclose(self) -> None:
        """Take back the handlers, end the stream, finish what is pending as interrupted; harmless twice."""
        self._unsubscribe()
        await super().aclose()
        await self._end_stream()

    def _subscribe(self) -> Callable[[], None]:
        rpc, events = self._connection.rpc, self._connection.events
        ends = [
            rpc.register(RPC_PLAYBACK_FINISHED, self._on_finished, caller=self._destination),
            events.participant_disconnected.connect(self._on_participant_left),
            events.state_changed.connect(self._on_state_changed),
            events.data_received.connect(self._on_data),
        ]
        if self._wait_playback_start:
            ends.append(rpc.register(RPC_PLAYBACK_STARTED, self._on_started, caller=self._destination))

        def unsubscribe() -> None:
            for end in ends:
                end()

        return unsubscribe

    def _missing(self) -> str:
        """What keeps the avatar from taking speech, in words; empty when nothing does."""
        participant = self._connection.participants.get(self._destination)
        if participant is None:
            return f"participant {self._destination!r} is not in the room"
        if not participant.active:
            return f"participant {self._destination!r} has joined but is not active yet"
        published = {publication.kind for publication in participant.publications}
        missing = [kind.value for kind in self._wait_remote_tracks if kind not in published]
        return f"participant {self._destination!r} publishes no {' and no '.join(missing)}" if missing else ""

    async def _wait_for_the_way(self, duration_s: float) -> None:
        if self._max_speed is not None:
            await self._clock.sleep_until(self._taken_until_s - BURST_S / self._max_speed)
            self._taken_until_s = max(self._taken_until_s, self._clock.now()) + duration_s / self._max_speed

    def _is_over(self, record: SegmentRecord) -> bool:
        return record.finished or record.ref in self._cleared

    async def _send(self, record: SegmentRecord, frame: AudioFrame) -> RoomError | None:
        try:
            async with self._wire:
                if self._is_over(record):
                    return None
                stream = self._stream or await self._open_stream(record, frame)
                self._checks.sent(record.ref, frame.duration_s, self._clock.now())
                await stream.write(frame.to_bytes())
        except RoomError as failure:
            self._finish_at_estimate([record.ref])
            return failure
        if not self._wait_playback_start and record.started_at is None and not record.finished:
            self.on_playback_started(segment=record.ref)
        return None

    async def _open_stream(self, record: SegmentRecord, frame: AudioFrame) -> StreamWriter[bytes]:
        header = AudioStreamHeader(frame.sample_rate_hz, frame.num_channels, record.ref.id, record.ref.generation)
        self._stream = await self._connection.streams.open_bytes(
            TOPIC_AUDIO_STREAM,
            name=f"{AUDIO_STREAM_NAME_PREFIX}{record.ref.id}",
            destinations=[self._destination],
            attributes=encode_audio_stream_attributes(header),
        )
        return self._stream

    async def _end_stream(self) -> None:
        async with self._wire:
            stream, self._stream = self._stream, None
            if stream is None:
                return
            try:
                await stream.aclose()
            except RoomError as failure:
                _log.warning("%s: %s", self.label, failure)

    async def _await_answer(self, record: SegmentRecord, ends_s: float) -> None:
        """Give a segment up that is never answered; while it is heard to go on it is waited for."""
        heard_s = -1.0
        while not record.done.is_set() and record.position_s > heard_s:
            heard_s = record.position_s
            await self._clock.sleep_until(ends_s + self._answer_timeout_s)
            ends_s = self._clock.now()
        if not self._is_over(record):
            self.found.emit(self._checks.unanswered(record.ref, self._answer_timeout_s, self._clock.now()))
            self.on_playback_finished(playback_position=record.pushed_s, interrupted=False, segment=record.ref)

    async def _clear(self, refs: list[SegmentRef]) -> None:
        records = [record for ref in refs if (record := self._pending.get(ref)) is not None]
        try:
            limit_s = self._clear_buffer_timeout_s
            answer = await self._connection.rpc.perform(
                self._destination, RPC_CLEAR_BUFFER, response_timeout_s=limit_s, ack_timeout_s=limit_s
            )
            if answer != RPC_OK:
                _log.warning("%s: the avatar answered the interrupt with %.40r", self.label, answer)
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

    async def _on_started(self, call: RpcCall) -> str:
        message = _decoded(decode_playback_started, call.payload)
        if message.segment_id is None:
            self._tell(self._checks.started(bool(self._pending), self._clock.now()))
        self.on_playback_started(segment=_ref(message.segment_id, message.generation))
        return RPC_OK

    async def _on_finished(self, call: RpcCall) -> str:
        message = _decoded(decode_playback_finished, call.payload)
        segment, now_s = _ref(message.segment_id, message.generation), self._clock.now()
        answered = segment or next(iter(self._pending), None)
        position_s, interrupted = message.playback_position, message.interrupted
        self._tell(self._checks.finished(answered, position_s, now_s, interrupted=interrupted))
        self.on_playback_finished(playback_position=position_s, interrupted=interrupted, segment=segment)
        return RPC_OK

    def _tell(self, finding: WireFinding | None) -> None:
        if finding is not None:
            self.found.emit(finding)

    def _on_participant_left(self, left: ParticipantLeft) -> None:
        if left.participant.identity == self._destination:
            self._reports.begin_anew()
            self._finish_at_estimate(tuple(self._pending))

    def _on_state_changed(self, change: StateChanged) -> None:
        if change.current in (ConnectionState.LOST, ConnectionState.CLOSED):
            self._finish_at_estimate(tuple(self._pending))

    def _on_data(self, packet: DataPacket) -> None:
        if (report := self._reports.read(packet)) is not None:
            self._progress(report)
            self.reported.emit(report)

    def _progress(self, report: AvatarReport) -> None:
        self._reported_s = {ref: played_s for ref, played_s in self._reported_s.items() if ref in self._pending}
        for segment in report.segments:
            ref = SegmentRef(segment.segment_id, segment.generation)
            known_s = self._reported_s.get(ref, 0.0)
            if ref in self._pending and segment.played_s > known_s:
                self._reported_s[ref] = segment.played_s
                duration_s = segment.played_s - known_s
                # By the own clock: the worker's is another one where it runs elsewhere.
                self.on_playback_progressed(
                    started_at=self._clock.now() - duration_s, offset=known_s, duration=duration_s, segment=ref
                )


def _ref(segment_id: str | None, generation: int) -> SegmentRef | None:
    return None if segment_id is None else SegmentRef(segment_id, generation)


def _decoded(decode: Callable[[str], M], payload: str) -> M:
    try:
        return decode(payload)
    except WireError as failure:
        raise RpcError(RpcErrorCode.APPLICATION_ERROR, str(failure)) from None
