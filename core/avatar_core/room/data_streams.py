"""Byte and text streams (LiveKit's data streams): write one, or handle those that come in (PROTOCOLS 1.3)."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from livekit import rtc

from avatar_core.clock import MonotonicClock
from avatar_core.errors import RoomError
from avatar_core.room.link import RoomLink
from avatar_core.room.routes import Routes
from avatar_core.room.wire_record import WireRecord
from avatar_core.signal import Signal
from avatar_core.tasks import TaskGroup

_log = logging.getLogger(__name__)

MAX_OPEN_STREAMS = 64  # incoming, per connection; further ones are refused and counted

C = TypeVar("C", bytes, str)


class StreamAborted(RoomError):
    """An incoming stream that ended before its sender closed it."""


@dataclass(frozen=True)
class StreamHandlerFailed:
    """The handler of a stream raised; a StreamAborted that it let through counts as well."""

    topic: str
    sender: str
    error: Exception


class IncomingStream(Generic[C]):
    """One stream that comes in: iterate its chunks. Chunks are cut anywhere.

    `total_bytes` is 0 where the sender did not tell. Iterating raises StreamAborted when the sender goes away, or sends
    more than ConnectOptions.max_stream_bytes, before the end.
    """

    def __init__(self, reader: rtc.ByteStreamReader | rtc.TextStreamReader, chunks: AsyncIterator[C], sender: str):
        self.received_bytes = 0
        info = reader.info
        self.id = info.stream_id
        self.topic = info.topic
        self.sender = sender
        self.name = info.name if isinstance(info, rtc.ByteStreamInfo) else ""
        self.attributes: Mapping[str, str] = dict(info.attributes or {})
        self.total_bytes = info.size or 0
        self._reader = reader
        self._chunks: AsyncIterator[C] = chunks

    def __aiter__(self) -> AsyncIterator[C]:
        return self

    async def __anext__(self) -> C:
        try:
            chunk = await anext(self._chunks)
            self.received_bytes += _size(chunk)
            return chunk
        except rtc.StreamError as failure:
            raise StreamAborted(
                f"The stream {self.id} on {self.topic!r} from {self.sender!r} ended early: {failure.description}"
            ) from None

    def close(self) -> None:
        """Stop reading; what still comes is dropped by the SDK."""
        self._reader.close()


ByteStreamHandler = Callable[[IncomingStream[bytes]], Awaitable[None]]
TextStreamHandler = Callable[[IncomingStream[str]], Awaitable[None]]


class StreamWriter(Generic[C]):
    """One stream that goes out. Writes and the close are taken one after another, in the order they were asked for."""

    def __init__(
        self,
        link: RoomLink,
        writer: rtc.ByteStreamWriter | rtc.TextStreamWriter,
        wire: WireRecord,
        *,
        topic: str,
        peer: str,
    ) -> None:
        self.id = writer.info.stream_id
        self._topic = topic
        self._link = link
        self._wire = wire
        self._peer = peer
        self._began_s = wire.now()
        self._sent_bytes = 0
        wire.note("sent", "stream_begin", self._topic, peer)
        self._writer = writer
        # livekit 1.1.21 does not order a close behind a write that is in progress (PROTOCOLS B17).
        self._lock = asyncio.Lock()
        self._closed = False

    async def write(self, chunk: C) -> None:
        """Send `chunk`; returns when the SDK has taken it. Raises RoomError when it could not be sent."""
        async with self._lock:
            if self._closed:
                raise RuntimeError("this stream is closed")
            try:
                await self._link.run(self._writer.write(chunk), name="stream write")  # type: ignore[arg-type]
                self._sent_bytes += _size(chunk)
            except rtc.StreamError as failure:
                raise RoomError(f"Could not write to stream {self.id}: {failure.description}") from None

    async def aclose(self, *, reason: str = "") -> None:
        """Send the end of the stream; harmless twice, and when the room is gone. Raises RoomError when it fails."""
        async with self._lock:
            if self._closed:
                return
            self._closed = True
            if not self._link.usable:
                self._note_end("the room was gone")
                return
            try:
                await self._link.run(self._writer.aclose(reason=reason), name="stream close")
            except rtc.StreamError as failure:
                self._note_end(failure.description)
                raise RoomError(f"Could not end stream {self.id}: {failure.description}") from None
            self._note_end(reason or "ok")

    def _note_end(self, outcome: str) -> None:
        self._wire.note(
            "sent",
            "stream_end",
            self._topic,
            self._peer,
            size_bytes=self._sent_bytes,
            outcome=outcome,
            since_s=self._began_s,
        )

    async def __aenter__(self) -> "StreamWriter[C]":
        return self

    async def __aexit__(self, _kind: type[BaseException] | None, error: BaseException | None, _trace: object) -> None:
        await self.aclose(reason="" if error is None else "error")


class DataStreams:
    """The streams of one connection: handlers by topic and sender, and writers."""

    def __init__(self, link: RoomLink, wire: WireRecord | None = None) -> None:
        self.handler_failed: Signal[StreamHandlerFailed] = Signal("stream_handler_failed")
        self.refused = 0
        self._link = link
        self._wire = wire or WireRecord(MonotonicClock())
        self._bytes: Routes[ByteStreamHandler] = Routes(what="byte stream topic")
        self._text: Routes[TextStreamHandler] = Routes(what="text stream topic")
        self._announced: set[tuple[type, str]] = set()
        self._tasks = TaskGroup()

    def handle_bytes(self, topic: str, handler: ByteStreamHandler, *, sender: str | None = None) -> Callable[[], None]:
        """Run `handler` for each byte stream on `topic`, those of `sender` alone where one is named.

        Each stream gets a task of this connection. May be called before the room is joined, so that no early stream is
        missed. Returns the call that ends it. Raises ValueError when topic and sender already have a handler.
        """
        remove = self._bytes.add(topic, sender, handler)
        if (bytes, topic) not in self._announced:
            self._announced.add((bytes, topic))
            self._link.room.register_byte_stream_handler(topic, self._on_bytes)
        return remove

    def handle_text(self, topic: str, handler: TextStreamHandler, *, sender: str | None = None) -> Callable[[], None]:
        """As `handle_bytes`, for text streams."""
        remove = self._text.add(topic, sender, handler)
        if (str, topic) not in self._announced:
            self._announced.add((str, topic))
            self._link.room.register_text_stream_handler(topic, self._on_text)
        return remove

    async def open_bytes(
        self,
        topic: str,
        *,
        name: str = "",
        destinations: Sequence[str] = (),
        attributes: Mapping[str, str] | None = None,
        total_bytes: int | None = None,
    ) -> StreamWriter[bytes]:
        """Open a byte stream to `destinations`, or to everybody. Raises RoomError when it can't be."""
        self._link.require_data_grant()
        call = self._link.room.local_participant.stream_bytes(
            name,
            topic=topic,
            destination_identities=list(destinations),
            attributes=dict(attributes or {}),
            total_size=total_bytes,
        )
        try:
            writer = await self._link.run(call, name="stream open")
            return StreamWriter(self._link, writer, self._wire, topic=topic, peer=",".join(destinations))
        except rtc.StreamError as failure:
            raise RoomError(f"Could not open a byte stream on {topic!r}: {failure.description}") from None

    async def open_text(
        self, topic: str, *, destinations: Sequence[str] = (), attributes: Mapping[str, str] | None = None
    ) -> StreamWriter[str]:
        """Open a text stream to `destinations`, or to everybody. Raises RoomError when it can't be."""
        self._link.require_data_grant()
        call = self._link.room.local_participant.stream_text(
            topic=topic, destination_identities=list(destinations), attributes=dict(attributes or {})
        )
        try:
            writer = await self._link.run(call, name="stream open")
            return StreamWriter(self._link, writer, self._wire, topic=topic, peer=",".join(destinations))
        except rtc.StreamError as failure:
            raise RoomError(f"Could not open a text stream on {topic!r}: {failure.description}") from None

    async def aclose(self) -> None:
        """End every handler's task and forget the handlers."""
        self._bytes.clear()
        self._text.clear()
        await self._tasks.aclose()

    def _on_bytes(self, reader: rtc.ByteStreamReader, sender: str) -> None:
        self._serve(self._bytes.find(reader.info.topic, sender), IncomingStream(reader, aiter(reader), sender))

    def _on_text(self, reader: rtc.TextStreamReader, sender: str) -> None:
        self._serve(self._text.find(reader.info.topic, sender), IncomingStream(reader, aiter(reader), sender))

    def _serve(self, handler: Callable[[IncomingStream[C]], Awaitable[None]] | None, stream: IncomingStream[C]) -> None:
        if handler is None or len(self._tasks) >= MAX_OPEN_STREAMS:
            self.refused += 1
            outcome = "refused: no handler" if handler is None else "refused: too many are open"
            self._wire.note("received", "stream_begin", stream.topic, stream.sender, outcome=outcome)
            why = "it has no handler" if handler is None else f"{MAX_OPEN_STREAMS} are open"
            _log.info("stream on %r from %r refused: %s", stream.topic, stream.sender, why)
            stream.close()
            return
        task = self._tasks.spawn(self._handle(handler, stream), name=f"stream {stream.topic} from {stream.sender}")
        # Not within the task: one that is cancelled before its first step never runs, nor does what it would clean up.
        task.add_done_callback(lambda _: stream.close())

    async def _handle(self, handler: Callable[[IncomingStream[C]], Awaitable[None]], stream: IncomingStream[C]) -> None:
        began_s, outcome = self._wire.now(), "ok"
        self._wire.note("received", "stream_begin", stream.topic, stream.sender)
        try:
            await handler(stream)
        except asyncio.CancelledError:
            outcome = "not read to its end"
            raise
        except Exception as failure:
            outcome = str(failure)
            if isinstance(failure, StreamAborted):
                _log.warning("%s", failure)
            else:
                _log.exception("the handler of a stream on %r from %r failed", stream.topic, stream.sender)
            self.handler_failed.emit(StreamHandlerFailed(stream.topic, stream.sender, failure))
        finally:
            self._wire.note(
                "received",
                "stream_end",
                stream.topic,
                stream.sender,
                size_bytes=stream.received_bytes,
                outcome=outcome,
                since_s=began_s,
            )


def _size(chunk: bytes | str) -> int:
    return len(chunk if isinstance(chunk, bytes) else chunk.encode())
