"""The child's end of `child.ChildProcess`: lines from the owner on stdin, lines to it on stdout.

Formats are the child's matter. The end of `lines` means that the owner is gone.
"""

import asyncio
import logging
import signal
import sys
from collections.abc import AsyncIterator, Callable

from avatar_core.sdk_log import calm_sdk_log

MAX_LINE_BYTES = 1 << 20
_MAX_UNREAD_BYTES = 1 << 20


class OwnerPipe:
    """Opened inside a running loop. Writing never waits: what a stalled owner leaves unread is dropped and counted."""

    def __init__(self, reader: asyncio.StreamReader, read_pipe: asyncio.ReadTransport, out: asyncio.WriteTransport):
        self.dropped = 0
        self._reader = reader
        self._read_pipe = read_pipe
        self._out = out

    @classmethod
    async def open(cls) -> "OwnerPipe":
        """Take over stdin and stdout of this process."""
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader(limit=MAX_LINE_BYTES)
        read_pipe, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
        out, _ = await loop.connect_write_pipe(asyncio.BaseProtocol, sys.stdout)
        return cls(reader, read_pipe, out)

    async def read_line(self) -> bytes:
        """The next line; empty once the owner is gone."""
        return await self._reader.readline()

    async def lines(self) -> AsyncIterator[bytes]:
        """Every further line until the owner is gone."""
        while line := await self.read_line():
            yield line

    def send(self, line: bytes) -> None:
        """Write one line, newline included."""
        if self._out.is_closing() or self._out.get_write_buffer_size() > _MAX_UNREAD_BYTES:
            self.dropped += 1
        else:
            self._out.write(line)

    def close(self) -> None:
        """Give up both pipes; what is written already still goes out."""
        self._read_pipe.close()
        self._out.close()


def log_to_owner() -> None:
    """Log to stderr, which the owner reads line by line; the SDK's chatter about every connection stays out."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s %(message)s", stream=sys.stderr)
    logging.getLogger("livekit").setLevel(logging.WARNING)
    calm_sdk_log()


def on_termination(stop: Callable[[], None]) -> None:
    """Call `stop` at SIGTERM and SIGINT, in the running loop."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
