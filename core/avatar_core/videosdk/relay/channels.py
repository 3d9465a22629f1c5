"""What VideoSDK's data channels do to messages (PROTOCOLS V5 to V8), for the stand-in of a meeting. Measured there."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Final

from avatar_core.tasks import TaskGroup
from avatar_core.wire.relay import MeetingPlace
from avatar_core.wire.videosdk import MAX_MESSAGE_BYTES, Reliability

MAX_BUFFERED_BYTES: Final = 65_535


class UnorderedChannel:
    """One direction of one channel, passing on by `deliver`.

    Messages keep their order only where none is late; of RELIABLE some run out of their five retransmissions, of
    UNRELIABLE none does, whatever the names say (V6). `send` waits while more than MAX_BUFFERED_BYTES are on their way
    (V7).
    """

    def __init__(
        self,
        channel: Reliability,
        deliver: Callable[[bytes | str], Awaitable[None]],
        place: MeetingPlace,
        tasks: TaskGroup,
    ) -> None:
        self.lost = 0
        self._loss = place.loss if channel == "RELIABLE" else 0.0
        self._spread_s = place.spread_s
        self._deliver = deliver
        self._tasks = tasks
        self._random = random.Random(f"{place.seed} {channel}")
        self._buffered = 0
        self._low = asyncio.Event()
        self._turn = asyncio.Lock()

    async def send(self, payload: bytes | str) -> None:
        """Begin to pass it on; ValueError for what is too large (V5), TypeError for what is no message."""
        size = size_of(payload)
        while self._buffered > MAX_BUFFERED_BYTES:
            self._low.clear()
            await self._low.wait()
        self.begin(payload, size)

    def begin(self, payload: bytes | str, size: int) -> None:
        """The same at once, as what comes in does not wait."""
        self._buffered += size
        self._tasks.spawn(self._pass_on(payload, size), name="message of a stand-in meeting")

    async def _pass_on(self, payload: bytes | str, size: int) -> None:
        try:
            if self._spread_s:
                await asyncio.sleep(self._random.uniform(0, self._spread_s))
            if self._random.random() < self._loss:
                self.lost += 1
                return
            async with self._turn:
                await self._deliver(payload)
        finally:
            self._buffered -= size
            self._low.set()


def size_of(payload: bytes | str) -> int:
    """In bytes; ValueError above 15 KiB (V5), TypeError for what is neither bytes nor text."""
    if not isinstance(payload, bytes | str):
        raise TypeError(f"a message is bytes or text, not {type(payload).__name__}")
    size = len(payload.encode() if isinstance(payload, str) else payload)
    if size > MAX_MESSAGE_BYTES:
        raise ValueError(f"a message of {size} bytes is too large: {MAX_MESSAGE_BYTES} at most")
    return size


def handed_over(payload: bytes | str) -> bytes | str:
    """As the SDK hands it over: a text, where it is valid UTF-8 (V8)."""
    try:
        return payload.decode() if isinstance(payload, bytes) else payload
    except UnicodeDecodeError:
        return payload
