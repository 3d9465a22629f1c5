"""One byte or text stream that comes in (PROTOCOLS 1.3)."""

from collections.abc import AsyncIterator, Mapping
from typing import Generic, TypeVar

from livekit import rtc

from avatar_core.errors import RoomError

C = TypeVar("C", bytes, str)
"""A chunk of a byte or of a text stream."""


class StreamAborted(RoomError):
    """An incoming stream that ended before its sender closed it."""


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
            self.received_bytes += size_bytes(chunk)
            return chunk
        except rtc.StreamError as failure:
            raise StreamAborted(
                f"The stream {self.id} on {self.topic!r} from {self.sender!r} ended early: {failure.description}"
            ) from None

    def close(self) -> None:
        """Stop reading; what still comes is dropped by the SDK."""
        self._reader.close()


def size_bytes(chunk: bytes | str) -> int:
    """How long a chunk is on the wire."""
    return len(chunk if isinstance(chunk, bytes) else chunk.encode())
