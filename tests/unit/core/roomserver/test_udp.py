"""The shared socket without a network: who gets which datagram, and what is dropped."""

import random
import socket

import pytest

from avatar_core.roomserver.ice import Address, IceCredentials
from avatar_core.roomserver.udp import MediaSocket
from tests.unit.core.roomserver.fakes import binding_request

HERE, THERE = ("192.0.2.1", 1000), ("192.0.2.2", 2000)


class FakeTransport:
    """The asyncio transport: takes datagrams until it is told to be full."""

    def __init__(self) -> None:
        self.sent: list[tuple[bytes, Address]] = []
        self.limits: int | None = None
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.closed = False

    def get_extra_info(self, name: str) -> object:
        return self._socket if name == "socket" else ("127.0.0.1", 5004)

    def set_write_buffer_limits(self, *, high: int) -> None:
        self.limits = high

    def sendto(self, datagram: bytes, address: Address) -> None:
        self.sent.append((datagram, address))

    def close(self) -> None:
        self._socket.close()
        self.closed = True


class FakePeer:
    """A transport of the room: keeps what it is told."""

    def __init__(self) -> None:
        self.credentials = IceCredentials.generate()
        self.address: Address | None = None
        self.received: list[bytes] = []
        self.nominations = 0

    def nominated(self, address: Address) -> None:
        self.address = address
        self.nominations += 1

    def datagram_received(self, datagram: bytes) -> None:
        self.received.append(datagram)


@pytest.fixture
def media_socket() -> MediaSocket:
    media = MediaSocket()
    transport = FakeTransport()
    media.connection_made(transport)
    media.transport = transport
    yield media
    media.close()
    assert transport.closed


@pytest.fixture
def peer(media_socket: MediaSocket) -> FakePeer:
    attached = FakePeer()
    media_socket.attach(attached)
    return attached


def test_datagrams_reach_a_peer_from_the_address_it_nominated_alone(media_socket: MediaSocket, peer: FakePeer) -> None:
    media_socket.datagram_received(b"\x80early", HERE)
    media_socket.datagram_received(binding_request(peer.credentials), HERE)
    media_socket.datagram_received(b"\x80media", HERE)
    media_socket.datagram_received(b"\x80elsewhere", THERE)
    assert (peer.address, peer.received) == (HERE, [b"\x80media"])
    assert media_socket.dropped == 2
    assert [address for _, address in media_socket.transport.sent] == [HERE]


def test_check_that_does_not_nominate_is_answered_and_nothing_more(media_socket: MediaSocket, peer: FakePeer) -> None:
    media_socket.datagram_received(binding_request(peer.credentials, nominates=False), HERE)
    media_socket.datagram_received(b"\x80media", HERE)
    assert (peer.address, peer.received, len(media_socket.transport.sent)) == (None, [], 1)


def test_check_with_a_guessed_password_moves_nothing(media_socket: MediaSocket, peer: FakePeer) -> None:
    media_socket.datagram_received(binding_request(peer.credentials), HERE)
    media_socket.datagram_received(binding_request(peer.credentials, password="guess"), THERE)
    assert peer.address == HERE
    assert len(media_socket.transport.sent) == 1


def test_repeated_checks_nominate_once(media_socket: MediaSocket, peer: FakePeer) -> None:
    for _ in range(3):
        media_socket.datagram_received(binding_request(peer.credentials), HERE)
    assert (peer.nominations, len(media_socket.transport.sent)) == (1, 3)


def test_peer_has_one_address_and_may_return_to_an_earlier_one(media_socket: MediaSocket, peer: FakePeer) -> None:
    for address in (HERE, THERE):
        media_socket.datagram_received(binding_request(peer.credentials), address)
    media_socket.datagram_received(b"\x80old", HERE)
    media_socket.datagram_received(b"\x80new", THERE)
    assert peer.received == [b"\x80new"]
    media_socket.datagram_received(binding_request(peer.credentials), HERE)
    media_socket.datagram_received(b"\x80back", HERE)
    assert (peer.address, peer.received) == (HERE, [b"\x80new", b"\x80back"])


def test_address_of_a_peer_that_left_can_be_anothers(media_socket: MediaSocket, peer: FakePeer) -> None:
    other = FakePeer()
    media_socket.attach(other)
    media_socket.datagram_received(binding_request(peer.credentials), HERE)
    media_socket.datagram_received(binding_request(other.credentials), HERE)
    media_socket.detach(peer)
    media_socket.detach(peer)
    media_socket.datagram_received(b"\x80media", HERE)
    assert (peer.received, other.received, len(media_socket)) == ([], [b"\x80media"], 1)
    media_socket.detach(other)
    media_socket.datagram_received(b"\x80media", HERE)
    media_socket.datagram_received(binding_request(other.credentials), HERE)
    assert len(other.received) == 1
    assert media_socket.dropped == 2


def test_noise_is_counted_and_disturbs_nobody(media_socket: MediaSocket, peer: FakePeer) -> None:
    media_socket.datagram_received(binding_request(peer.credentials), HERE)
    noise = random.Random(1)
    for size in range(200):
        media_socket.datagram_received(noise.randbytes(size), THERE)
        media_socket.datagram_received(bytes([noise.randrange(4)]) + noise.randbytes(size), THERE)
    media_socket.datagram_received(b"", HERE)
    assert media_socket.dropped == 401
    assert (peer.address, peer.received) == (HERE, [])


def test_what_the_kernel_does_not_take_is_dropped_and_not_queued(media_socket: MediaSocket) -> None:
    assert media_socket.transport.limits == 0
    media_socket.pause_writing()
    media_socket.send(b"lost", HERE)
    media_socket.resume_writing()
    media_socket.send(b"sent", HERE)
    assert (media_socket.dropped, media_socket.transport.sent) == (1, [(b"sent", HERE)])


def test_sending_after_the_close_is_counted() -> None:
    media = MediaSocket()
    media.send(b"lost", HERE)
    assert media.dropped == 1
