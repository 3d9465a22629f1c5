"""Data channels between two ends in memory, and the private surface of aiortc that they rest on."""

import asyncio
import importlib.metadata
import struct
from collections.abc import Callable

import pytest
from aiortc import RTCDataChannel, RTCSctpTransport, rtcsctptransport
from aiortc.rtcsctptransport import DataChunk, SackChunk, serialize_packet
from hypothesis import given, settings
from hypothesis import strategies as st

from avatar_core.roomserver.sctp import DataChannels, is_sound


def test_aiortc_is_the_version_whose_private_surface_is_known() -> None:
    assert importlib.metadata.version("aiortc") == "1.16.0", "look through sctp.py before moving the pin"


def test_private_members_of_aiortc_are_still_there() -> None:
    assert asyncio.iscoroutinefunction(RTCSctpTransport._handle_data)
    for member in ("bufferedAmount", "readyState", "send"):
        assert hasattr(RTCDataChannel, member)
    assert rtcsctptransport.InboundStream().reassembly == []


async def test_private_state_of_aiortc_is_still_there() -> None:
    class Wire:
        """No more of a DTLS transport than the five members that the server stands in with."""

        state = "connected"
        _role = "client"
        receiver: object = None
        sent: list[bytes] = []  # noqa: RUF012 - one instance, one test

        def _register_data_receiver(self, receiver: object) -> None:
            self.receiver = receiver

        def _unregister_data_receiver(self, receiver: object) -> None:
            self.receiver = None

        async def _send_data(self, data: bytes) -> None:
            self.sent.append(data)

    wire = Wire()
    transport = RTCSctpTransport(wire, 5000)
    assert (transport._advertised_rwnd, transport._inbound_streams) == (1 << 20, {})
    await transport.start(rtcsctptransport.RTCSctpCapabilities(65_535), 5000)
    assert wire.receiver is transport
    assert len(wire.sent) == 1  # its INIT
    await transport.stop()
    assert wire.receiver is None


class End:
    """One end of an association: what it sent and has not been carried yet, and what reached it."""

    def __init__(self, *, is_dtls_server: bool) -> None:
        self.outbox: list[bytes] = []
        self.opened = 0
        self.received: list[tuple[bytes, bool]] = []
        self.channels = DataChannels(
            is_dtls_server=is_dtls_server,
            send=self.outbox.append,
            on_open=self._opened,
            on_message=lambda data, reliable: self.received.append((data, reliable)),
        )

    def _opened(self) -> None:
        self.opened += 1


async def carry(one: End, other: End, *, loses: Callable[[bytes], bool] = lambda _packet: False) -> None:
    """Carry packets both ways until both ends have been silent for some turns of the loop."""
    silent_turns = 0
    while silent_turns < 5:
        await asyncio.sleep(0)
        silent_turns += 1
        for sender, receiver in ((one, other), (other, one)):
            packets, sender.outbox[:] = list(sender.outbox), []
            for packet in packets:
                silent_turns = 0
                if not loses(packet):
                    await receiver.channels.receive(packet)


async def associated(*, client_opens: bool = True) -> tuple[End, End]:
    server, client = End(is_dtls_server=False), End(is_dtls_server=True)
    await server.channels.start(opens_channels=True)
    await client.channels.start(opens_channels=client_opens)
    await carry(server, client)
    return server, client


async def test_both_channels_open_once_and_carry_data_both_ways() -> None:
    server, client = await associated()
    assert (server.opened, client.opened) == (1, 1)
    server.channels.send(b"to client", reliable=True)
    server.channels.send(b"lossy", reliable=False)
    client.channels.send(b"to server", reliable=True)
    await carry(server, client)
    assert sorted(client.received) == [(b"lossy", False), (b"to client", True)]
    assert server.received == [(b"to server", True)]
    await server.channels.aclose()
    await client.channels.aclose()


async def test_messages_of_the_largest_size_arrive_whole_and_in_order() -> None:
    server, client = await associated()
    messages = [bytes([number]) * 65_535 for number in range(8)]
    for message in messages:
        server.channels.send(message, reliable=True)
    assert server.channels.reliable_buffered > 0
    await carry(server, client)
    assert [data for data, _ in client.received] == messages
    assert server.channels.reliable_buffered == 0
    await server.channels.aclose()
    await client.channels.aclose()


async def test_data_a_receiver_leaves_unread_is_counted() -> None:
    server, client = await associated()
    for _ in range(100):
        server.channels.send(bytes(1000), reliable=True)
        server.channels.send(bytes(500), reliable=False)
    await asyncio.sleep(0)
    assert 50_000 < server.channels.reliable_buffered <= 100_000
    assert 25_000 < server.channels.lossy_buffered <= 50_000
    await server.channels.aclose()
    await client.channels.aclose()


async def test_side_without_channels_of_its_own_still_receives() -> None:
    server, client = await associated(client_opens=False)
    client.channels.send(b"nowhere", reliable=True)
    server.channels.send(b"data", reliable=True)
    await carry(server, client)
    assert (server.received, client.received, client.opened) == ([], [(b"data", True)], 0)
    await server.channels.aclose()
    await client.channels.aclose()


async def test_nothing_is_called_or_sent_after_the_close() -> None:
    server, client = await associated()
    client.channels.send(b"late", reliable=True)
    await asyncio.sleep(0)
    await server.channels.aclose()
    await server.channels.aclose()
    await carry(server, client)
    server.channels.send(b"too late", reliable=True)
    assert server.received == []
    assert server.channels.reliable_buffered == 0
    await client.channels.aclose()


async def test_client_with_too_many_channels_is_refused() -> None:
    server, client = await associated()
    with pytest.raises(ConnectionError, match="16 data channels"):
        for number in range(20):
            RTCDataChannel(client.channels._sctp, rtcsctptransport.RTCDataChannelParameters(label=f"extra {number}"))
            await carry(server, client)
    await server.channels.aclose()
    await client.channels.aclose()


FIRST, LAST = 2, 1


def data_chunk(
    sender: End, number: int, *, flags: int, size: int = 1000, stream_id: int = 5, stream_number: int = 0
) -> bytes:
    """A packet with the `number`th of a row of DATA chunks that nobody really sent."""
    association = sender.channels._sctp
    chunk = DataChunk(flags)
    chunk.tsn = (association._local_tsn + number) & 0xFFFFFFFF
    chunk.stream_id = stream_id
    chunk.stream_seq = stream_number
    chunk.protocol = 53
    chunk.user_data = bytes(size)
    return serialize_packet(5000, 5000, association._remote_verification_tag, chunk)


async def test_message_without_end_is_cut_off() -> None:
    server, client = await associated()
    with pytest.raises(ConnectionError, match="receive window"):
        for number in range(2000):
            await server.channels.receive(data_chunk(client, number, flags=0 if number else FIRST))
    await server.channels.aclose()
    await client.channels.aclose()


async def test_messages_that_wait_for_one_that_never_comes_are_cut_off() -> None:
    server, client = await associated()
    with pytest.raises(ConnectionError, match="receive window"):
        for number in range(5000):
            packet = data_chunk(client, number, flags=FIRST | LAST, size=1, stream_number=number + 1)
            await server.channels.receive(packet)
    await server.channels.aclose()
    await client.channels.aclose()


async def test_client_on_too_many_streams_is_cut_off() -> None:
    server, client = await associated()
    with pytest.raises(ConnectionError, match="receive window"):
        for number in range(200):
            await server.channels.receive(data_chunk(client, number, flags=FIRST | LAST, stream_id=number))
    await server.channels.aclose()
    await client.channels.aclose()


def chunk_of(kind: int, body: bytes) -> bytes:
    """A packet with one chunk; its checksum does not matter to `is_sound`."""
    return bytes(12) + struct.pack("!BBH", kind, 0, 4 + len(body)) + body


def sack(*gaps: tuple[int, int], count: int | None = None) -> bytes:
    body = struct.pack("!LLHH", 1, 1 << 20, len(gaps) if count is None else count, 0)
    return chunk_of(3, body + b"".join(struct.pack("!HH", *gap) for gap in gaps))


@pytest.mark.parametrize(
    "packet",
    [
        chunk_of(1, bytes(16) + struct.pack("!HH", 1, 0)),
        chunk_of(4, struct.pack("!HH", 1, 0)),
        chunk_of(4, struct.pack("!HHL", 1, 8, 7) + struct.pack("!HH", 1, 3)),
        chunk_of(130, struct.pack("!HH", 13, 0)),
        sack((5, 4)),
        sack((5, 9), (9, 12)),
        sack((1, 65_535)),
        sack((1, 2), count=2),
        chunk_of(3, bytes(4)),
        bytes(12) + struct.pack("!BBH", 0, 0, 3),
        bytes(12) + struct.pack("!BBH", 0, 0, 400),
    ],
)
def test_packets_that_aiortc_would_choke_on_are_not_sound(packet: bytes) -> None:
    assert not is_sound(packet)


@pytest.mark.parametrize(
    "packet",
    [
        sack(),
        sack((2, 2), (4, 9)),
        chunk_of(4, struct.pack("!HHL", 1, 8, 7)),
        chunk_of(0, bytes(20)),
        chunk_of(11, b""),
    ],
)
def test_honest_packets_are_sound(packet: bytes) -> None:
    assert is_sound(packet)
    assert is_sound(packet + packet[12:])


async def test_packet_that_is_not_sound_is_refused() -> None:
    server, client = await associated()
    with pytest.raises(ConnectionError, match="malformed"):
        await server.channels.receive(sack((5, 4)))
    await server.channels.aclose()
    await client.channels.aclose()


@settings(deadline=None)
@given(st.binary(max_size=80), st.sampled_from((0, 1, 2, 3, 4, 5, 6, 7, 9, 10, 130, 192, 255)))
def test_arbitrary_packets_are_judged_without_error(noise: bytes, kind: int) -> None:
    is_sound(noise)
    is_sound(bytes(12) + bytes([kind, 0]) + noise)


def test_own_sack_of_aiortc_is_sound() -> None:
    chunk = SackChunk()
    chunk.gaps = [(2, 3), (5, 8)]
    chunk.duplicates = [4]
    assert is_sound(serialize_packet(5000, 5000, 1, chunk))
