"""One direction of a data channel through the relay: in order, bounded, and a failure mutes nothing."""

import asyncio
from collections.abc import Callable

from avatar_core.errors import RoomError
from avatar_core.videosdk.relay.messages import MAX_WAITING_BYTES, MessageWay
from avatar_core.videosdk.relay.visit import Said


class Far:
    """The other side. It takes nothing while `gate` is not set, and refuses what is in `refuses`."""

    def __init__(self) -> None:
        self.came: list[bytes | str] = []
        self.refuses: set[bytes | str] = set()
        self.gate = asyncio.Event()
        self.gate.set()

    async def send(self, said: Said) -> None:
        await self.gate.wait()
        if said.payload in self.refuses:
            raise RoomError("not that one")
        self.came.append(said.payload)


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not holds():
            await asyncio.sleep(0)


async def test_messages_go_on_in_their_order_past_one_that_fails() -> None:
    """V9: elsewhere the first failure is the end of all speech."""
    far = Far()
    far.refuses.add("b")
    way = MessageWay(far.send, name="there")
    for payload in ("a", "b", "c"):
        way.put(Said(payload, "RELIABLE"))
    await until(lambda: len(far.came) == 2)
    assert far.came == ["a", "c"]
    assert (way.passed, way.lost) == (2, 1)
    await way.aclose()


async def test_what_finds_no_room_is_counted_and_what_follows_goes_on() -> None:
    far = Far()
    far.gate.clear()
    way = MessageWay(far.send, name="there")
    for _ in range(5):
        way.put(Said(bytes(MAX_WAITING_BYTES // 4), "UNRELIABLE"))
    # The first is taken out of the queue by the sending; the fifth found it full.
    assert way.lost == 1
    far.gate.set()
    await until(lambda: way.passed == 4)
    way.put(Said(b"more", "UNRELIABLE"))
    await until(lambda: way.passed == 5)
    await way.aclose()
