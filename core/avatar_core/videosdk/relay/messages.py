"""One direction of a data channel through the relay: messages in their order, bounded, without a look into them."""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Final

from avatar_core.errors import RoomError
from avatar_core.tasks import cancel_and_wait, spawn
from avatar_core.videosdk.relay.visit import Said

_log = logging.getLogger(__name__)

MAX_WAITING_BYTES: Final = 4 << 20
"""A minute and a half of speech: our agent is a second ahead, theirs sends as fast as it synthesizes."""


class MessageWay:
    """Sends by `send` what is `put`, one after another. What fails, or finds no room, is counted in `lost`, and mutes
    nothing (PROTOCOLS V9). Made inside a running loop."""

    def __init__(self, send: Callable[[Said], Awaitable[None]], *, name: str) -> None:
        self.passed = 0
        self.lost = 0
        self._send = send
        self._name = name
        self._waiting: deque[Said] = deque()
        self._bytes = 0
        self._wake = asyncio.Event()
        self._task = spawn(self._run(), name=f"relay {name}")

    def put(self, said: Said) -> None:
        """Send it behind what waits; never waits itself."""
        if self._bytes + len(said.payload) > MAX_WAITING_BYTES:
            self._lose(f"{self._bytes} bytes wait already")
            return
        self._bytes += len(said.payload)
        self._waiting.append(said)
        self._wake.set()

    async def aclose(self) -> None:
        """Send no more; harmless twice."""
        await cancel_and_wait(self._task)

    async def _run(self) -> None:
        while True:
            while not self._waiting:
                self._wake.clear()
                await self._wake.wait()
            said = self._waiting.popleft()
            self._bytes -= len(said.payload)
            try:
                await self._send(said)
                self.passed += 1
            except (RoomError, ValueError) as failure:
                self._lose(str(failure))

    def _lose(self, why: str) -> None:
        self.lost += 1
        _log.warning("a message %s is lost: %s", self._name, why)
