"""The signalling channel to one client: a bounded queue of responses and the one writer of its WebSocket."""

import asyncio
import logging

from aiohttp import web
from google.protobuf.message import Message
from livekit.protocol import models, rtc

_log = logging.getLogger(__name__)


class SignalChannel:
    """Owned by the participant's WebSocket handler. A client that does not read is let go, not waited for."""

    def __init__(self, socket: web.WebSocketResponse, *, capacity: int) -> None:
        self._socket = socket
        self._queue: asyncio.Queue[bytes | None] = asyncio.Queue(capacity)
        self._closing = False

    def send(self, **response: Message | str | int) -> None:
        """Queue `SignalResponse(**response)`; ignored once closing."""
        if self._closing:
            return
        try:
            self._queue.put_nowait(rtc.SignalResponse(**response).SerializeToString())  # type: ignore[arg-type]
        except asyncio.QueueFull:
            _log.warning("a client left %d signalling messages unread and is disconnected", self._queue.qsize())
            self.close()

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

    async def write(self) -> None:
        """Write until closed; the handler runs this beside its reading."""
        try:
            while (message := await self._queue.get()) is not None:
                await self._socket.send_bytes(message)
        except ConnectionError:
            pass  # the reading side sees the same end
        finally:
            self._closing = True
            await self._socket.close()
