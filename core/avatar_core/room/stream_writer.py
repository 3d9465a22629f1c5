"""One byte or text stream that goes out (PROTOCOLS 1.3)."""

import asyncio
from typing import Generic

from livekit import rtc

from avatar_core.errors import RoomError
from avatar_core.room.incoming_stream import C, size_bytes
from avatar_core.room.link import RoomLink
from avatar_core.room.wire_record import WireRecord


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
                self._sent_bytes += size_bytes(chunk)
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
