"""DataStreamAudioOutput (LiveKit's name): the leaf that speaks through an avatar by LiveKit's wire (PROTOCOLS 1.5)."""

import logging
from collections.abc import Callable, Collection
from typing import TypeVar

from avatar_core.clock import Clock
from avatar_core.errors import PlaybackError, WireError
from avatar_core.media.frames import AudioFrame
from avatar_core.playback.segment import SegmentRecord, SegmentRef
from avatar_core.room.answered_output import AnsweredOutput
from avatar_core.room.connection import RoomConnection
from avatar_core.room.rpc import RpcCall, RpcError, RpcErrorCode
from avatar_core.room.stream_writer import StreamWriter
from avatar_core.room.values import TrackKind
from avatar_core.wire.livekit import (
    AUDIO_STREAM_NAME_PREFIX,
    MAX_SEGMENTS_NAMED,
    RPC_CLEAR_BUFFER,
    RPC_OK,
    RPC_PLAYBACK_FINISHED,
    RPC_PLAYBACK_STARTED,
    TOPIC_AUDIO_STREAM,
    AudioStreamHeader,
    ClearBuffer,
    SegmentName,
    decode_playback_finished,
    decode_playback_started,
    encode_audio_stream_attributes,
    encode_clear_buffer,
)

_log = logging.getLogger(__name__)

M = TypeVar("M")

BURST_S = 0.3
"""Seconds of speech that go out at once, whatever `max_speed` says."""


class DataStreamAudioOutput(AnsweredOutput):
    """Sends speech to the participant `destination_identity`, one byte stream per segment, and takes its answers.

    Beyond BURST_S, speech goes out at most `max_speed` times as fast as it sounds, where given: with LiveKit's server
    everybody in the room receives it (B16), and a flood of it delays the media that share the way. At most one output
    per connection and destination is open at a time.
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
            connection,
            destination_identity,
            label=label or f"DataStreamAudioOutput({destination_identity})",
            sample_rate_hz=sample_rate_hz,
            wait_remote_tracks=wait_remote_tracks,
            ready_timeout_s=ready_timeout_s,
            clear_buffer_timeout_s=clear_buffer_timeout_s,
            answer_timeout_s=answer_timeout_s,
            wait_playback_start=wait_playback_start,
            exact_position=exact_position,
            clock=clock,
        )
        self._max_speed = max_speed
        # Up to when the way is taken by what was sent, at `max_speed`.
        self._taken_until_s = 0.0
        # The stream of the segment being captured, and the rate and channels that its header told.
        self._stream: StreamWriter[bytes] | None = None
        self._format = (0, 0)
        rpc = connection.rpc
        # What starts are told is looked at also where they are not waited for: ends are checked against them (B7).
        self._subscribed += [
            rpc.register(RPC_PLAYBACK_FINISHED, self._on_finished, caller=destination_identity),
            rpc.register(RPC_PLAYBACK_STARTED, self._on_started, caller=destination_identity),
        ]

    async def _wait_for_the_way(self, duration_s: float) -> None:
        if self._max_speed is not None:
            await self._clock.sleep_until(self._taken_until_s - BURST_S / self._max_speed)
            self._taken_until_s = max(self._taken_until_s, self._clock.now()) + duration_s / self._max_speed

    def _check_format(self, frame: AudioFrame) -> None:
        pcm_format = (frame.sample_rate_hz, frame.num_channels)
        if self._capturing is not None and self._format != pcm_format:
            raise PlaybackError(f"{self.label}: the rate or the channels of the frames changed within a segment")
        self._format = pcm_format

    async def _send(self, record: SegmentRecord, frame: AudioFrame) -> None:
        stream = self._stream or await self._open_stream(record, frame)
        await stream.write(frame.to_bytes())

    async def _open_stream(self, record: SegmentRecord, frame: AudioFrame) -> StreamWriter[bytes]:
        header = AudioStreamHeader(frame.sample_rate_hz, frame.num_channels, record.ref.id, record.ref.generation)
        self._stream = await self._connection.streams.open_bytes(
            TOPIC_AUDIO_STREAM,
            name=f"{AUDIO_STREAM_NAME_PREFIX}{record.ref.id}",
            destinations=[self._destination],
            attributes=encode_audio_stream_attributes(header),
        )
        return self._stream

    async def _send_end(self) -> None:
        stream, self._stream = self._stream, None
        if stream is not None:
            await stream.aclose()

    async def _interrupt(self, refs: Collection[SegmentRef]) -> None:
        limit_s = self._clear_buffer_timeout_s
        named = list(refs)[-MAX_SEGMENTS_NAMED:] if self._reports.any_came else ()
        answer = await self._connection.rpc.perform(
            self._destination,
            RPC_CLEAR_BUFFER,
            encode_clear_buffer(ClearBuffer(tuple(SegmentName(ref.id, ref.generation) for ref in named))),
            response_timeout_s=limit_s,
            ack_timeout_s=limit_s,
        )
        if answer != RPC_OK:
            _log.warning("%s: the avatar answered the interrupt with %.40r", self.label, answer)

    async def _on_started(self, call: RpcCall) -> str:
        message = _decoded(decode_playback_started, call.payload)
        self._heard_started(message.segment_id, message.generation)
        return RPC_OK

    async def _on_finished(self, call: RpcCall) -> str:
        message = _decoded(decode_playback_finished, call.payload)
        self._heard_finished(message.segment_id, message.generation, message.playback_position, message.interrupted)
        return RPC_OK


def _decoded(decode: Callable[[str], M], payload: str) -> M:
    try:
        return decode(payload)
    except WireError as failure:
        raise RpcError(RpcErrorCode.APPLICATION_ERROR, str(failure)) from None
