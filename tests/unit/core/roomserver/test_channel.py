"""The signalling channel: order, bounds, and clients that do not read."""

import asyncio

import pytest
from livekit.protocol import models, rtc

from avatar_core.roomserver.channel import SignalChannel


class FakeSocket:
    """A WebSocket whose client reads while `reads` is set."""

    def __init__(self) -> None:
        self.reads = asyncio.Event()
        self.reads.set()
        self.messages: list[rtc.SignalResponse] = []
        self.closed = False
        self.cut_off = False
        self.breaks = False

    async def send_bytes(self, data: bytes) -> None:
        if self.breaks:
            raise ConnectionResetError("the client is gone")
        await self.reads.wait()
        self.messages.append(rtc.SignalResponse.FromString(data))

    async def close(self) -> None:
        await self.reads.wait()
        self.closed = True

    def cut(self) -> None:
        self.cut_off = True
        self.reads.set()


def channel_of(socket: FakeSocket, *, capacity: int = 8, write_s: float = 60.0) -> SignalChannel:
    channel = SignalChannel(socket, socket.cut, capacity=capacity, write_s=write_s)
    channel.start("test signalling")
    return channel


def kinds(socket: FakeSocket) -> list[str | None]:
    return [message.WhichOneof("message") for message in socket.messages]


async def test_messages_go_out_in_order_and_the_close_after_them() -> None:
    socket = FakeSocket()
    channel = channel_of(socket)
    for timestamp in range(3):
        channel.send(pong=timestamp)
    channel.leave(models.DisconnectReason.DUPLICATE_IDENTITY, rtc.LeaveRequest.Action.DISCONNECT)
    channel.send(pong=99)
    await channel.aclose()
    await channel.aclose()
    assert [message.pong for message in socket.messages[:3]] == [0, 1, 2]
    assert socket.messages[3].leave.reason == models.DisconnectReason.DUPLICATE_IDENTITY
    assert (len(socket.messages), socket.closed, socket.cut_off) == (4, True, False)


@pytest.mark.parametrize("extra", [1, 100])
async def test_client_that_leaves_too_much_unread_is_cut_off_at_once(extra: int) -> None:
    socket = FakeSocket()
    socket.reads.clear()
    channel = channel_of(socket, capacity=8)
    for timestamp in range(8 + extra):
        channel.send(pong=timestamp)
    assert socket.cut_off
    await channel.aclose()
    assert len(socket.messages) <= 8


async def test_client_that_leaves_one_message_unread_for_long_is_cut_off() -> None:
    socket = FakeSocket()
    socket.reads.clear()
    channel = channel_of(socket, write_s=0.01)
    channel.send(pong=1)
    async with asyncio.timeout(5):
        await socket.reads.wait()
    assert socket.cut_off
    channel.send(pong=2)
    await channel.aclose()
    assert socket.messages == []


async def test_client_that_is_gone_ends_the_writing_without_a_fuss() -> None:
    socket = FakeSocket()
    socket.breaks = True
    channel = channel_of(socket)
    channel.send(pong=1)
    await channel.aclose()
    assert (socket.messages, socket.cut_off) == ([], False)


async def test_close_of_a_channel_that_is_full_still_gets_out() -> None:
    socket = FakeSocket()
    channel = channel_of(socket, capacity=2)
    channel.send(pong=1)
    channel.send(pong=2)
    channel.close()
    channel.close()
    await channel.aclose()
    assert socket.closed
    assert kinds(socket) == ["pong"]


async def test_aclose_does_not_wait_for_ever_for_a_client_that_does_not_read() -> None:
    socket = FakeSocket()
    socket.reads.clear()
    channel = channel_of(socket)
    channel.send(pong=1)
    async with asyncio.timeout(10):
        await channel.aclose()
    assert socket.cut_off
