"""DataStreamAudioReceiver (LiveKit's name): the worker's end of LiveKit's audio wire (PROTOCOLS 1.6)."""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator

from avatar_core.errors import WireError
from avatar_core.media.frames import AudioFrame, AudioSegmentEnd
from avatar_core.room.acknowledgements import Acknowledgements
from avatar_core.room.connection import RoomConnection
from avatar_core.room.incoming_segment import BufferCleared, IncomingSegment, StreamSegment
from avatar_core.room.incoming_stream import IncomingStream, StreamAborted
from avatar_core.room.reframing import Reframer
from avatar_core.room.rpc import RpcCall
from avatar_core.room.speech_items import SpeechItems
from avatar_core.signal import Signal
from avatar_core.wire.livekit import (
    MAX_SEGMENTS_NAMED,
    RPC_CLEAR_BUFFER,
    RPC_OK,
    RPC_PLAYBACK_FINISHED,
    RPC_PLAYBACK_STARTED,
    RPC_REJECT,
    TOPIC_AUDIO_STREAM,
    AudioStreamHeader,
    PlaybackFinished,
    PlaybackStarted,
    SegmentName,
    decode_audio_stream_attributes,
    decode_clear_buffer,
    encode_playback_finished,
    encode_playback_started,
)

_log = logging.getLogger(__name__)

SUPERSEDED_GRACE_S = 0.1
"""How long a stream without an end is still read once a newer one has begun."""


class DataStreamAudioReceiver:
    """Speech of one sender as frames of `frame_ms` and segment ends, in order, by `async for`.

    Everybody else is refused (B26). Streams are read one after another; at most `buffer_s` of speech waits here, the
    rest in the SDK. A stream ends with its trailer, when the sender aborts it, after `idle_timeout_s` without a byte,
    or when a newer one began and nothing more comes. Each segment is in `open_segments` until its one
    `notify_playback_finished`. Frames and ends carry the generation of clears they belong to. A stream that a clear
    named and that comes after it is void: nobody hears of it, its sender gets the answer.
    """

    def __init__(
        self,
        connection: RoomConnection,
        sender_identity: str,
        *,
        frame_ms: int = 20,
        buffer_s: float = 1.0,
        idle_timeout_s: float = 10.0,
    ) -> None:
        if not 10 <= frame_ms <= 100:
            raise ValueError(f"frames of {frame_ms} ms; choose 10 to 100")
        self.buffer_cleared: Signal[BufferCleared] = Signal("buffer_cleared")
        self.sender_identity = sender_identity
        self.generation = 0
        self.refused_streams = 0
        self.refused_calls = 0
        self.aborted_streams = 0
        self.abandoned_streams = 0
        self.overtaken_streams = 0
        """Streams that came after the clear that voids them."""
        self._frame_ms = frame_ms
        self._buffer_s = buffer_s
        self._idle_timeout_s = idle_timeout_s
        self._acknowledgements = Acknowledgements(connection, sender_identity)
        self._segments: dict[str, StreamSegment] = {}
        # Named by a clear before their streams came.
        self._void: deque[SegmentName] = deque(maxlen=MAX_SEGMENTS_NAMED)
        self._items = SpeechItems()
        # Held by the stream that is read; the others wait in the order in which they came.
        self._turn = asyncio.Lock()
        self._streams_waiting = 0
        self._patience: asyncio.Timeout | None = None
        # Before the room is joined, so that no early header is lost (B12).
        self._unregister = (
            connection.streams.handle_bytes(TOPIC_AUDIO_STREAM, self._on_stream, sender=sender_identity),
            connection.rpc.register(RPC_CLEAR_BUFFER, self._on_clear, caller=sender_identity),
            connection.rpc.register(RPC_CLEAR_BUFFER, self._on_foreign_clear),
        )

    @property
    def open_segments(self) -> tuple[IncomingSegment, ...]:
        """The segments that came in and are not answered yet, oldest first."""
        return tuple(segment.snapshot() for segment in self._segments.values())

    @property
    def lost_acknowledgements(self) -> int:
        """Answers that could not be brought to the sender."""
        return self._acknowledgements.lost

    def __aiter__(self) -> AsyncIterator[AudioFrame | AudioSegmentEnd]:
        return aiter(self._items)

    def notify_playback_started(self, key: str) -> None:
        """Tell the sender that the first sound of a segment left."""
        if (segment := self._segments.get(key)) is not None:
            started = PlaybackStarted(segment.header.segment_id, segment.header.generation)
            self._acknowledgements.send(RPC_PLAYBACK_STARTED, encode_playback_started(started))

    def notify_playback_finished(self, key: str, playback_position_s: float, *, interrupted: bool) -> None:
        """Answer a segment; one that is answered already, or unknown, stays as it is."""
        if (segment := self._segments.pop(key, None)) is not None:
            interrupted = interrupted or segment.damaged
            self.answer_again(segment.snapshot(), playback_position_s, interrupted=interrupted)

    def answer_again(self, segment: IncomingSegment, playback_position_s: float, *, interrupted: bool) -> None:
        """Say that `segment` is over, whether or not it has been said: what planted faults do."""
        finished = PlaybackFinished(
            playback_position=playback_position_s,
            interrupted=interrupted,
            segment_id=segment.segment_id,
            generation=segment.generation,
        )
        self._acknowledgements.send(RPC_PLAYBACK_FINISHED, encode_playback_finished(finished))

    async def aclose(self) -> None:
        """Take back the handlers; streams that are being read end with the connection. Harmless twice."""
        for remove in self._unregister:
            remove()
        await self._acknowledgements.aclose()

    async def _on_stream(self, stream: IncomingStream[bytes]) -> None:
        segment = self._begin(stream)
        if (name := segment.name) is not None and name in self._void:
            self._void.remove(name)
            self.overtaken_streams += 1
            self.notify_playback_finished(segment.key, 0.0, interrupted=True)
            return
        self._streams_waiting += 1
        self._wait_no_longer_than(SUPERSEDED_GRACE_S)
        try:
            await self._turn.acquire()
        finally:
            self._streams_waiting -= 1
        try:
            if not segment.cleared:
                await self._read(stream, segment)
        finally:
            self._turn.release()

    def _begin(self, stream: IncomingStream[bytes]) -> StreamSegment:
        try:
            segment = StreamSegment(stream.id, decode_audio_stream_attributes(stream.attributes), self.generation)
        except WireError as failure:
            # Its sender waits for an answer all the same: a segment without sound, in its turn (B11).
            self.refused_streams += 1
            _log.warning("a stream from %r cannot be played: %s", stream.sender, failure)
            segment = StreamSegment(
                stream.id, AudioStreamHeader(8_000, 1), self.generation, damaged=True, unreadable=True
            )
        self._segments[stream.id] = segment
        return segment

    async def _read(self, stream: IncomingStream[bytes], segment: StreamSegment) -> None:
        reframer = Reframer(segment.header, self._frame_ms)
        while not segment.unreadable and (chunk := await self._next_chunk(stream, segment)) is not None:
            for frame in reframer.push(chunk):
                await self._put(frame, segment)
        if (rest := reframer.rest()) is not None:
            await self._put(rest, segment)
        if not segment.cleared:
            self._items.append(AudioSegmentEnd(segment.key, segment.clears))

    async def _next_chunk(self, stream: IncomingStream[bytes], segment: StreamSegment) -> bytes | None:
        """The next bytes; None when the stream is over, for whatever reason."""
        if segment.cleared:
            return None
        limit_s = SUPERSEDED_GRACE_S if self._streams_waiting else self._idle_timeout_s
        try:
            async with asyncio.timeout(limit_s) as self._patience:
                return await anext(stream)
        except StopAsyncIteration:
            return None
        except StreamAborted as failure:
            self.aborted_streams += 1
            segment.damaged = True
            _log.warning("%s", failure)
            return None
        except TimeoutError:
            if not segment.cleared:
                self.abandoned_streams += 1
                _log.warning("stream %s from %r got no end", stream.id, stream.sender)
            return None
        finally:
            self._patience = None

    async def _put(self, frame: AudioFrame, segment: StreamSegment) -> None:
        while self._items.waiting_s >= self._buffer_s and not segment.cleared:
            await self._items.taken()
        if not segment.cleared:
            segment.received_s += frame.duration_s
            self._items.append(AudioFrame(frame.samples, frame.sample_rate_hz, generation=segment.clears))

    async def _on_clear(self, call: RpcCall) -> str:
        self.generation += 1
        self._note_void(call)
        for segment in self._segments.values():
            segment.cleared = True
        self._items.clear()
        self._wait_no_longer_than(0.0)
        self.buffer_cleared.emit(BufferCleared(self.generation, self.open_segments))
        return RPC_OK

    def _note_void(self, call: RpcCall) -> None:
        here = {segment.name for segment in self._segments.values()}
        try:
            self._void.extend(name for name in decode_clear_buffer(call.payload).segments if name not in here)
        except WireError as failure:
            _log.warning("what %r interrupts is not known by name: %s", call.caller, failure)

    async def _on_foreign_clear(self, call: RpcCall) -> str:
        self.refused_calls += 1
        _log.warning("%r wanted to interrupt; only %r may", call.caller, self.sender_identity)
        return RPC_REJECT

    def _wait_no_longer_than(self, limit_s: float) -> None:
        """Shorten the wait for the next bytes of the stream that is read."""
        if self._patience is not None and not self._patience.expired():
            self._patience.reschedule(asyncio.get_running_loop().time() + limit_s)
