"""What a worker tells its controller about playback: RPCs in order, repeated where they fail, never fatal (B10)."""

import asyncio
import logging
from collections import deque

from avatar_core.errors import RoomError
from avatar_core.room.connection import RoomConnection
from avatar_core.room.rpc import RpcError, RpcErrorCode
from avatar_core.tasks import cancel_and_wait, spawn
from avatar_core.wire.livekit import RPC_OK

_log = logging.getLogger(__name__)

MAX_WAITING = 256
_ATTEMPTS = 3
_PAUSE_S = 0.1


class Acknowledgements:
    """Calls `destination`, one call after another. What can't be delivered is dropped and counted in `lost`."""

    def __init__(self, connection: RoomConnection, destination: str) -> None:
        self.lost = 0
        self._connection = connection
        self._destination = destination
        self._waiting: deque[tuple[str, str]] = deque()
        self._wake = asyncio.Event()
        self._task = spawn(self._run(), name="playback acknowledgements")

    def send(self, method: str, payload: str) -> None:
        """Call `method` behind what was sent before; when MAX_WAITING wait, the oldest is lost."""
        if len(self._waiting) >= MAX_WAITING:
            self._lose(*self._waiting.popleft(), "too many are waiting")
        self._waiting.append((method, payload))
        self._wake.set()

    async def aclose(self) -> None:
        """Give up what waits; harmless twice."""
        await cancel_and_wait(self._task)

    async def _run(self) -> None:
        while True:
            while not self._waiting:
                self._wake.clear()
                await self._wake.wait()
            await self._deliver(*self._waiting.popleft())

    async def _deliver(self, method: str, payload: str) -> None:
        why = ""
        for attempt in range(_ATTEMPTS):
            if attempt:
                await asyncio.sleep(_PAUSE_S)
            if self._connection.has_left(self._destination):
                # A call would wait for seconds before it failed, and hold up what comes behind it.
                why = "the controller has left the room"
                break
            try:
                answer = await self._connection.rpc.perform(self._destination, method, payload)
            except RoomError as failure:
                why = str(failure)
                if isinstance(failure, RpcError) and failure.code == RpcErrorCode.UNSUPPORTED_METHOD:
                    break
                continue
            if answer != RPC_OK:
                _log.warning("%s was answered with %.40r", method, answer)
            return
        self._lose(method, payload, why)

    def _lose(self, method: str, payload: str, why: str) -> None:
        self.lost += 1
        _log.warning("%s %s is lost: %s", method, payload, why)
