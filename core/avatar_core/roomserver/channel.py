"""The signalling channel to one client: a bounded queue of responses and the one writer of its WebSocket."""

import asyncio
import logging
from collections.abc import Callable

from aiohttp import web
from google.protobuf.message import Message
from livekit.protocol import models, rtc

from avatar_core.tasks import TaskGroup

_log = logging.getLogger(__name__)

_LAST_WRITES_S = 1.0


class SignalChannel:
    """Owned by the client's WebSocket handler, which reads beside it. A client that does not read is not waited for.

    `cut_off` ends the connection under the WebSocket at once; the handler's reading then ends too.
    """

    def __init__(
        self, socket: web.WebSocketResponse, cut_off: Callable[[], None], *, capacity: int, write_s: float
    ) -> None:
        self._socket = socket
        self._cut_off = cut_off
        self._write_s = write_s
        self._queue: asyncio.Queue[bytes | None] = asyncio.Queue(capacity)
        self._closing = False
        self._tasks = TaskGroup()
        self._writer: asyncio.Task[None] | None = None

    def start(self, name: str) -> None:
        """Begin to write, in a task of that name."""
        self._writer = self._tasks.spawn(self._write(), name=name)

    def send(self, **response: Message | str | int) -> None:
        """Queue `SignalResponse(**response)`; ignored once closing."""
        if self._closing:
            return
        try:
            self._queue.put_nowait(rtc.SignalResponse(**response).SerializeToString())  # type: ignore[arg-type]
        except asyncio.QueueFull:
            _log.warning("a client left %d signalling messages unread and is cut off", self._queue.qsize())
            self.close()
            self._cut_off()

    def leave(self, reason: models.DisconnectReason, action: rtc.LeaveRequest.Action) -> None:
        """Tell the client to leave, then close."""
        self.send(leave=rtc.LeaveRequest(reason=reason, action=action))
        self.close()

    def close(self) -> None:
        """Close once what is queued has been written; harmless twice."""
        if self._closing:
            return
        self._closing = True
        if self._queue.full():
            self._queue.get_nowait()
        self._queue.put_nowait(None)

    async def aclose(self) -> None:
        """Let the last messages out, but not for ever; harmless twice."""
        self.close()
        try:
            if self._writer is not None:
                _, unfinished = await asyncio.wait({self._writer}, timeout=_LAST_WRITES_S)
                if unfinished:
                    self._cut_off()
        finally:
            await self._tasks.aclose()

    async def _write(self) -> None:
        try:
            while (message := await self._queue.get()) is not None:
                async with asyncio.timeout(self._write_s):
                    await self._socket.send_bytes(message)
            await self._socket.close()
        except ConnectionError:
            pass  # the reading side sees the same end
        except TimeoutError:
            _log.warning("a client left a signalling message unread for %.0f s and is cut off", self._write_s)
            self._cut_off()
        finally:
            self._closing = True
