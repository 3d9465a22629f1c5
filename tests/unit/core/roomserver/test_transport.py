"""One transport from the client's first check to the close, with a client made of the same parts, in memory."""

import asyncio
import struct
from collections.abc import AsyncIterator

import pytest

from avatar_core.roomserver.dtls import Certificate, DtlsEndpoint, DtlsRole, DtlsState
from avatar_core.roomserver.sctp import DataChannels
from avatar_core.roomserver.transport import PeerTransport
from tests.unit.core.roomserver.fakes import FakeSocket

HERE = ("192.0.2.1", 4000)
CLIENT, SERVER = Certificate(), Certificate()
CLIENT_CONTEXT, SERVER_CONTEXT = CLIENT.context(), SERVER.context()


class Owner:
    """Keeps what it hears of its transport."""

    def __init__(self) -> None:
        self.rtp: list[bytes] = []
        self.rtcp: list[bytes] = []
        self.data: list[tuple[bytes, bool]] = []
        self.openings = 0
        self.failures: list[str] = []

    def rtp_received(self, packet: bytes, arrival_s: float) -> None:
        self.rtp.append(packet)

    def rtcp_received(self, packet: bytes, arrival_s: float) -> None:
        self.rtcp.append(packet)

    def data_channels_opened(self) -> None:
        self.openings += 1

    def data_received(self, data: bytes, reliable: bool) -> None:
        self.data.append((data, reliable))

    def transport_failed(self, reason: str) -> None:
        self.failures.append(reason)


class Client:
    """The other end: its DTLS takes what the socket was to send, its data channels what DTLS held."""

    def __init__(self, transport: PeerTransport, socket: FakeSocket, *, role: DtlsRole = DtlsRole.SERVER) -> None:
        self.transport = transport
        self.socket = socket
        self.dtls = DtlsEndpoint(CLIENT_CONTEXT, role, (SERVER.fingerprint,))
        self.media: list[bytes] = []
        self.data: list[tuple[bytes, bool]] = []
        self.channels: DataChannels | None = None

    async def run(self) -> None:
        """Carry datagrams both ways until nothing has moved for some turns of the loop."""
        quiet_turns = 0
        while quiet_turns < 10:
            await asyncio.sleep(0)
            quiet_turns += 1
            arrived, sent = self.socket.take(), list(self.dtls.outgoing())
            if arrived or sent:
                quiet_turns = 0
            for datagram in sent:
                self.transport.datagram_received(datagram)
            for datagram in arrived:
                await self._receive(datagram)

    async def _receive(self, datagram: bytes) -> None:
        if datagram[0] >= 128:
            self.media.append(datagram)
            return
        for packet in self.dtls.receive(datagram):
            if self.channels is not None:
                await self.channels.receive(packet)
        if self.dtls.state is DtlsState.CONNECTED and self.channels is None:
            self.channels = DataChannels(
                is_dtls_server=self.dtls.role is DtlsRole.SERVER,
                send=self.dtls.send,
                on_open=lambda: None,
                on_message=lambda data, reliable: self.data.append((data, reliable)),
            )
            await self.channels.start(opens_channels=True)


@pytest.fixture
async def ends() -> AsyncIterator[tuple[PeerTransport, Client, Owner, FakeSocket]]:
    """A server's transport that knows its client's certificate, before the first check."""
    socket, owner = FakeSocket(), Owner()
    transport = PeerTransport(owner, socket, SERVER_CONTEXT, opens_channels=True)
    client = Client(transport, socket)
    transport.describe_remote((CLIENT.fingerprint,), DtlsRole.CLIENT)
    client.dtls.start()
    yield transport, client, owner, socket
    await transport.aclose()
    if client.channels is not None:
        await client.channels.aclose()
    assert socket.transports == []


Ends = tuple[PeerTransport, Client, Owner, FakeSocket]


async def test_nomination_starts_dtls_and_data_channels_follow(ends: Ends) -> None:
    transport, client, owner, socket = ends
    assert socket.sent == []
    transport.nominated(HERE)
    assert socket.sent[0][1] == HERE
    await client.run()
    assert (owner.openings, owner.failures, transport.dropped) == (1, [], 0)


async def test_data_flows_both_ways(ends: Ends) -> None:
    transport, client, owner, _ = ends
    transport.nominated(HERE)
    await client.run()
    assert client.channels is not None
    transport.send_data(b"to client", reliable=True)
    client.channels.send(b"to server", reliable=False)
    assert transport.buffered(reliable=True) == len(b"to client")
    await client.run()
    assert (client.data, owner.data) == ([(b"to client", True)], [(b"to server", False)])
    assert transport.buffered(reliable=True) == 0


async def test_media_is_protected_both_ways(ends: Ends) -> None:
    transport, client, owner, _ = ends
    transport.nominated(HERE)
    await client.run()
    packet, report = rtp_packet(1), struct.pack("!BBHI", 0x80, 201, 1, 5)
    assert client.dtls.sender is not None and client.dtls.receiver is not None
    transport.datagram_received(client.dtls.sender.protect(packet))
    transport.datagram_received(client.dtls.sender.protect_rtcp(report))
    assert (owner.rtp, owner.rtcp) == ([packet], [report])
    transport.send_rtp(packet)
    transport.send_rtcp(report)
    await client.run()
    assert client.dtls.receiver.unprotect(client.media[0]) == packet
    assert client.dtls.receiver.unprotect_rtcp(client.media[1]) == report


async def test_what_cannot_be_read_or_sent_is_counted(ends: Ends) -> None:
    transport, client, owner, _ = ends
    transport.send_rtp(rtp_packet(1))
    transport.send_rtcp(rtp_packet(1))
    transport.datagram_received(b"\x80media before the keys")
    transport.datagram_received(b"\xffneither")
    assert transport.dropped == 4
    transport.nominated(HERE)
    await client.run()
    for noise in (b"\x80", b"\x80\xc8forged report", b"\x80\x60forged media", bytes([0x80]) * 3000, b"\x10", b"\x50"):
        transport.datagram_received(noise)
    transport.send_rtp(rtp_packet(2) + bytes(3000))
    assert transport.dropped == 11
    assert (owner.rtp, owner.rtcp, owner.failures) == ([], [], [])


async def test_forged_certificate_fails_the_transport_once(ends: Ends) -> None:
    _, _, owner, _ = ends
    socket = FakeSocket()
    transport = PeerTransport(owner, socket, SERVER_CONTEXT, opens_channels=True)
    client = Client(transport, socket)
    transport.describe_remote((SERVER.fingerprint,), DtlsRole.CLIENT)
    client.dtls.start()
    transport.nominated(HERE)
    await client.run()
    for _ in range(3):
        transport.datagram_received(b"\x16more of the handshake")
    assert len(owner.failures) == 1
    assert "fingerprint" in owner.failures[0]
    transport.send_rtp(rtp_packet(1))
    assert transport.dropped == 1
    await transport.aclose()


async def test_malformed_sctp_fails_the_transport_once(ends: Ends) -> None:
    transport, client, owner, _ = ends
    transport.nominated(HERE)
    await client.run()
    endless = bytes(12) + struct.pack("!BBHHH", 4, 0, 8, 1, 0)  # a heartbeat with a parameter of no length
    client.dtls.send(endless)
    client.dtls.send(endless)
    await client.run()
    assert owner.failures == ["data channels ended: ConnectionError: a malformed SCTP packet"]


async def test_client_that_closes_its_dtls_is_sent_nothing_more(ends: Ends) -> None:
    transport, client, owner, _ = ends
    transport.nominated(HERE)
    await client.run()
    client.dtls.close()
    await client.run()
    transport.send_rtp(rtp_packet(1))
    transport.send_data(b"data", reliable=True)
    await client.run()
    assert (transport.dropped, client.media, owner.failures) == (1, [], [])


async def test_server_can_wait_for_the_clients_hello(ends: Ends) -> None:
    _, _, owner, _ = ends
    socket = FakeSocket()
    transport = PeerTransport(owner, socket, SERVER_CONTEXT, opens_channels=True)
    client = Client(transport, socket, role=DtlsRole.CLIENT)
    transport.nominated(HERE)
    transport.describe_remote((CLIENT.fingerprint,), DtlsRole.SERVER)
    client.dtls.start()
    await client.run()
    assert owner.openings == 1
    await transport.aclose()
    assert client.channels is not None
    await client.channels.aclose()


async def test_later_descriptions_do_not_change_the_certificate(ends: Ends) -> None:
    transport, client, owner, _ = ends
    transport.describe_remote((SERVER.fingerprint,), DtlsRole.SERVER)
    transport.nominated(HERE)
    await client.run()
    assert (owner.openings, owner.failures) == (1, [])


async def test_close_says_goodbye_and_is_harmless_twice(ends: Ends) -> None:
    transport, client, owner, socket = ends
    transport.nominated(HERE)
    await client.run()
    await transport.aclose()
    await transport.aclose()
    assert socket.transports == []
    await client.run()
    assert client.dtls.state is DtlsState.CLOSED
    assert owner.failures == []


async def test_close_in_the_middle_of_the_handshake_leaves_nothing(ends: Ends) -> None:
    transport, client, owner, socket = ends
    transport.nominated(HERE)
    for datagram in socket.take():
        client.dtls.receive(datagram)
    await transport.aclose()
    assert (owner.failures, socket.transports) == ([], [])


def rtp_packet(number: int) -> bytes:
    return struct.pack("!BBHII", 0x80, 96, number, 0, 5) + b"media"
