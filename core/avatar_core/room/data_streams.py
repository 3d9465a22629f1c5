"""Byte and text streams (LiveKit's data streams): write one, or handle those that come in (PROTOCOLS 1.3)."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from livekit import rtc

from avatar_core.clock import MonotonicClock
from avatar_core.errors import RoomError
from avatar_core.room.incoming_stream import C, IncomingStream, StreamAborted
from avatar_core.room.link import RoomLink
from avatar_core.room.routes import Routes
from avatar_core.room.stream_writer import StreamWriter
from avatar_core.room.wire_record import WireRecord
from avatar_core.signal import Signal
from avatar_core.tasks import TaskGroup

_log = logging.getLogger(__name__)

MAX_OPEN_STREAMS = 64  # incoming, per connection; further ones are refused and counted


@dataclass(frozen=True)
class StreamHandlerFailed:
    """The handler of a stream raised; a StreamAborted that it let through counts as well."""

    topic: str
    sender: str
    error: Exception


ByteStreamHandler = Callable[[IncomingStream[bytes]], Awaitable[None]]
TextStreamHandler = Callable[[IncomingStream[str]], Awaitable[None]]


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
