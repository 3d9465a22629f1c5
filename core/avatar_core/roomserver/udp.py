"""The one UDP socket of the server: datagrams to and from the transports that share it.

A transport is found by its ICE user fragment until a check nominates its address, by that one address from then on.
"""

import asyncio
import logging
import socket
from typing import Protocol, cast

from avatar_core.errors import RoomServerError
from avatar_core.roomserver.ice import (
    Address,
    BindingRequest,
    IceCredentials,
    answer_binding_request,
    parse_binding_request,
)

_log = logging.getLogger(__name__)

_RECEIVE_BUFFER_BYTES = 4 << 20
_SEND_BUFFER_BYTES = 4 << 20


class MediaTransport(Protocol):
    """What the socket needs to know of a transport."""

    credentials: IceCredentials

    @property
    def address(self) -> Address | None:
        """Where the client is, once it has said so."""
        ...

    def nominated(self, address: Address) -> None:
        """The client chose this address."""
        ...

    def datagram_received(self, datagram: bytes) -> None:
        """DTLS, SRTP or SRTCP (RFC 7983) from the chosen address; never empty, and nothing may be raised."""
        ...


class MediaSocket(asyncio.DatagramProtocol):
    """Owns the socket and both maps; a stranger's datagram is counted and dropped."""

    def __init__(self) -> None:
        self.dropped = 0
        self._socket: asyncio.DatagramTransport | None = None
        self._by_ufrag: dict[str, MediaTransport] = {}
        self._by_address: dict[Address, MediaTransport] = {}
        self._is_full = False

    async def open(self, address: str) -> None:
        """Bind to a free port of `address`; raises RoomServerError where that fails."""
        loop = asyncio.get_running_loop()
        try:
            await loop.create_datagram_endpoint(lambda: self, local_addr=(address, 0))
        except OSError as error:
            raise RoomServerError(f"No UDP socket on {address} for media: {error.strerror}.") from error

    @property
    def port(self) -> int:
        """The port that candidates name."""
        assert self._socket is not None, "open() comes first"
        return int(self._socket.get_extra_info("sockname")[1])

    def __len__(self) -> int:
        return len(self._by_ufrag)

    def attach(self, transport: MediaTransport) -> None:
        """Serve the checks of `transport` from now on."""
        self._by_ufrag[transport.credentials.ufrag] = transport

    def detach(self, transport: MediaTransport) -> None:
        """Forget `transport`; harmless twice."""
        self._by_ufrag.pop(transport.credentials.ufrag, None)
        self._forget_address(transport)

    def send(self, datagram: bytes, address: Address) -> None:
        """Send at once; the kernel's buffer is the only queue, and what does not fit is dropped and counted."""
        if self._socket is None or self._is_full:
            self.dropped += 1
        else:
            self._socket.sendto(datagram, address)

    def close(self) -> None:
        """Close the socket."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Override of asyncio.DatagramProtocol."""
        self._socket = cast(asyncio.DatagramTransport, transport)  # asyncio's own is not declared as one
        # asyncio would queue without end what the kernel does not take: with this limit it says so at once.
        cast(asyncio.WriteTransport, transport).set_write_buffer_limits(high=0)
        # A key frame arrives as a burst of packets, larger than the default buffer of some systems.
        raw: socket.socket = transport.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER_BYTES)
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER_BYTES)

    def pause_writing(self) -> None:
        """Override of asyncio.BaseProtocol."""
        self._is_full = True

    def resume_writing(self) -> None:
        """Override of asyncio.BaseProtocol."""
        self._is_full = False

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Override of asyncio.DatagramProtocol: sort out checks, find the transport for the rest."""
        address = addr[:2]
        if not data:
            self.dropped += 1
        elif data[0] < 4:
            self._check_received(data, address)
        elif (transport := self._by_address.get(address)) is not None:
            transport.datagram_received(data)
        else:
            self.dropped += 1

    def error_received(self, exc: Exception) -> None:
        """Override of asyncio.DatagramProtocol."""
        # A client that died leaves ICMP errors behind; its signalling connection tells of its end.
        _log.debug("UDP socket: %s", exc)

    def _check_received(self, datagram: bytes, address: Address) -> None:
        request = parse_binding_request(datagram)
        if request is None or (transport := self._by_ufrag.get(request.local_ufrag)) is None:
            self.dropped += 1
            return
        self._answer(request, transport, address)

    def _answer(self, request: BindingRequest, transport: MediaTransport, address: Address) -> None:
        response = answer_binding_request(request, transport.credentials, address)
        if response is None:
            self.dropped += 1
            return
        self.send(response, address)
        if request.nominated and self._by_address.get(address) is not transport:
            self._forget_address(transport)
            self._by_address[address] = transport
            transport.nominated(address)

    def _forget_address(self, transport: MediaTransport) -> None:
        if transport.address is not None and self._by_address.get(transport.address) is transport:
            del self._by_address[transport.address]
