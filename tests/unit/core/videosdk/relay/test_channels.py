"""The stand-in's data channels: VideoSDK's measured habits (PROTOCOLS V5 to V8)."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from avatar_core.tasks import TaskGroup
from avatar_core.videosdk.relay.channels import MAX_BUFFERED_BYTES, UnorderedChannel, handed_over, size_of
from avatar_core.wire.relay import MeetingPlace
from avatar_core.wire.videosdk import Reliability

SENT = [f"message {number}" for number in range(60)]


class Line:
    """Channels, and what came out of them. `gate` holds everything back while it is not set."""

    def __init__(self) -> None:
        self.came: list[bytes | str] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.tasks = TaskGroup()

    def channel(self, name: Reliability, **habits: float) -> UnorderedChannel:
        async def deliver(payload: bytes | str) -> None:
            await self.gate.wait()
            self.came.append(payload)

        place = MeetingPlace("stand-in", "room", "agent", "avatar", "token", **habits)
        return UnorderedChannel(name, deliver, place, self.tasks)

    async def settle(self, done: Callable[[], bool]) -> None:
        async with asyncio.timeout(5):
            while not done():
                await asyncio.sleep(0.001)


@pytest.fixture
async def line() -> AsyncIterator[Line]:
    line = Line()
    yield line
    await line.tasks.aclose()


async def test_without_loss_messages_keep_their_order(line: Line) -> None:
    channel = line.channel("UNRELIABLE")
    for message in SENT:
        await channel.send(message)
    await line.settle(lambda: len(line.came) == len(SENT))
    assert line.came == SENT


@pytest.mark.parametrize("name", ["RELIABLE", "UNRELIABLE"])
async def test_late_messages_are_overtaken_on_either_channel(line: Line, name: Reliability) -> None:
    channel = line.channel(name, spread_s=0.02)
    for message in SENT:
        await channel.send(message)
    await line.settle(lambda: len(line.came) == len(SENT))
    assert line.came != SENT
    assert sorted(line.came) == sorted(SENT)


async def test_only_the_channel_called_reliable_loses(line: Line) -> None:
    """V6: the names mislead both ways."""
    reliable, unreliable = line.channel("RELIABLE", loss=0.5), line.channel("UNRELIABLE", loss=0.5)
    for message in SENT:
        await reliable.send(message)
    await line.settle(lambda: len(line.came) + reliable.lost == len(SENT))
    assert 0 < reliable.lost < len(SENT)
    line.came.clear()
    for message in SENT:
        await unreliable.send(message)
    await line.settle(lambda: len(line.came) == len(SENT))
    assert unreliable.lost == 0


async def test_sender_waits_while_too_much_is_on_its_way(line: Line) -> None:
    """V7."""
    channel = line.channel("UNRELIABLE")
    line.gate.clear()
    for _ in range(MAX_BUFFERED_BYTES // 15_000 + 1):
        await channel.send(bytes(15_000))
    waiting = line.tasks.spawn(channel.send(b"one more"), name="sender")
    await asyncio.sleep(0)
    assert not waiting.done()
    line.gate.set()
    async with asyncio.timeout(5):
        await waiting


def test_what_is_valid_text_comes_as_text() -> None:
    """V8: silence, too."""
    assert handed_over(bytes(4)) == "\0\0\0\0"
    assert handed_over(b"\xff\xfe") == b"\xff\xfe"
    assert handed_over("text") == "text"


def test_size_is_that_of_the_bytes() -> None:
    """V5."""
    assert size_of("ä") == 2
    with pytest.raises(ValueError, match="too large"):
        size_of(bytes(15 * 1024 + 1))
    with pytest.raises(TypeError):
        size_of(17)  # type: ignore[arg-type]
