"""One peer connection's transport on the shared socket: ICE-lite, then DTLS, then SRTP and data channels."""

import asyncio
import logging
from typing import Protocol

from OpenSSL import SSL

from avatar_core.roomserver import rtp
from avatar_core.roomserver.dtls import DtlsEndpoint, DtlsRole, DtlsState, Fingerprint
from avatar_core.roomserver.ice import Address, IceCredentials
from avatar_core.roomserver.sctp import DataChannels
from avatar_core.roomserver.srtp import SrtpError
from avatar_core.roomserver.udp import MediaSocket
from avatar_core.tasks import TaskGroup

_log = logging.getLogger(__name__)

_DATA_QUEUE_PACKETS = 2048
"""SCTP packets waiting for the pump; past this they are dropped and SCTP sends them again."""


class TransportOwner(Protocol):
    """Who hears from a transport: the connection of one participant."""

    def rtp_received(self, packet: bytes, arrival_s: float) -> None:
        """One decrypted RTP packet."""
        ...

    def rtcp_received(self, packet: bytes, arrival_s: float) -> None:
        """One decrypted compound RTCP packet."""
        ...

    def data_channels_opened(self) -> None:
        """The server's two data channels can carry data."""
        ...

    def data_received(self, data: bytes, reliable: bool) -> None:
        """One message from a data channel."""
        ...

    def transport_failed(self, reason: str) -> None:
        """The transport has ended by itself and will not come back."""
        ...


class PeerTransport:
    """Owned by one participant's connection; `describe_remote` and the client's nomination together start it."""

    def __init__(
        self, owner: TransportOwner, socket: MediaSocket, context: SSL.Context, *, opens_channels: bool
    ) -> None:
        self.credentials = IceCredentials.generate()
        self.address: Address | None = None
        self.dropped = 0
        self._owner = owner
        self._socket = socket
        self._context = context
        self._opens_channels = opens_channels
        self._loop = asyncio.get_running_loop()
        self._tasks = TaskGroup(on_failure=self._task_failed)
        self._dtls: DtlsEndpoint | None = None
        self._channels: DataChannels | None = None
        # Decrypted SCTP packets on their way from the socket's callback to the pump.
        self._sctp_packets: asyncio.Queue[bytes] = asyncio.Queue(_DATA_QUEUE_PACKETS)
        self._dtls_timer: asyncio.TimerHandle | None = None
        self._failed = False
        self._closed = False
        socket.attach(self)

    def describe_remote(self, fingerprints: tuple[Fingerprint, ...], role: DtlsRole) -> None:
        """Take the client's certificate and our role from its first description; later ones change nothing."""
        if self._dtls is None:
            self._dtls = DtlsEndpoint(self._context, role, fingerprints)
            self._start_dtls()

    def nominated(self, address: Address) -> None:
        """The client chose `address` as its own (RFC 8445 8.1)."""
        self.address = address
        self._start_dtls()

    def datagram_received(self, datagram: bytes) -> None:
        """Sort by the first byte (RFC 7983)."""
        if 128 <= datagram[0] <= 191:
            self._srtp_received(datagram)
        elif 20 <= datagram[0] <= 63:
            self._dtls_received(datagram)
        else:
            self.dropped += 1

    def send_rtp(self, packet: bytes) -> None:
        """Protect and send one RTP packet; dropped and counted while there is no connection."""
        if self._dtls is None or self._dtls.sender is None or self.address is None:
            self.dropped += 1
            return
        try:
            self._socket.send(self._dtls.sender.protect(packet), self.address)
        except SrtpError:
            self.dropped += 1

    def send_rtcp(self, packet: bytes) -> None:
        """Protect and send one RTCP packet; dropped and counted while there is no connection."""
        if self._dtls is None or self._dtls.sender is None or self.address is None:
            self.dropped += 1
            return
        try:
            self._socket.send(self._dtls.sender.protect_rtcp(packet), self.address)
        except SrtpError:
            self.dropped += 1

    def send_data(self, data: bytes, *, reliable: bool) -> None:
        """Queue one message on a data channel."""
        if self._channels is not None:
            self._channels.send(data, reliable=reliable)

    def buffered(self, *, reliable: bool) -> int:
        """Bytes of data the client has not yet taken."""
        if self._channels is None:
            return 0
        return self._channels.reliable_buffered if reliable else self._channels.lossy_buffered

    async def aclose(self) -> None:
        """End everything and leave the socket; harmless twice."""
        if self._closed:
            return
        self._closed = True
        self._socket.detach(self)
        if self._dtls_timer is not None:
            self._dtls_timer.cancel()
        await self._tasks.aclose()
        if self._channels is not None:
            await self._channels.aclose()
        if self._dtls is not None:
            self._dtls.close()
            self._flush_dtls()

    def _start_dtls(self) -> None:
        if self._dtls is not None and self.address is not None and self._dtls.state is DtlsState.NEW:
            self._dtls.start()
            self._dtls_advanced()

    def _srtp_received(self, datagram: bytes) -> None:
        if self._dtls is None or self._dtls.receiver is None:
            self.dropped += 1
            return
        arrival_s = self._loop.time()
        try:
            if rtp.is_rtcp(datagram):
                self._owner.rtcp_received(self._dtls.receiver.unprotect_rtcp(datagram), arrival_s)
            else:
                self._owner.rtp_received(self._dtls.receiver.unprotect(datagram), arrival_s)
        except SrtpError:  # rtp.MalformedPacket, a ValueError, is among them
            self.dropped += 1

    def _dtls_received(self, datagram: bytes) -> None:
        if self._dtls is None:
            self.dropped += 1
            return
        for data in self._dtls.receive(datagram):
            try:
                self._sctp_packets.put_nowait(data)
            except asyncio.QueueFull:
                self.dropped += 1
        self._dtls_advanced()

    def _dtls_advanced(self) -> None:
        """Send what is due, set the timer again, act on a new state."""
        assert self._dtls is not None
        self._flush_dtls()
        if self._dtls_timer is not None:
            self._dtls_timer.cancel()
            self._dtls_timer = None
        if self._dtls.state is DtlsState.FAILED:
            self._fail(f"DTLS failed: {self._dtls.failure}")
        elif self._dtls.state is DtlsState.CONNECTED and self._channels is None:
            self._channels = DataChannels(
                is_dtls_server=self._dtls.role is DtlsRole.SERVER,
                send=self._send_sctp,
                on_open=self._owner.data_channels_opened,
                on_message=self._owner.data_received,
            )
            self._tasks.spawn(self._pump_data(self._channels), name="room data channels")
        elif (timeout_s := self._dtls.timeout_s()) is not None:
            self._dtls_timer = self._loop.call_later(timeout_s, self._dtls_timed_out)

    def _dtls_timed_out(self) -> None:
        assert self._dtls is not None
        self._dtls.handle_timeout()
        self._dtls_advanced()

    def _flush_dtls(self) -> None:
        if self._dtls is not None and self.address is not None:
            for datagram in self._dtls.outgoing():
                self._socket.send(datagram, self.address)

    async def _pump_data(self, channels: DataChannels) -> None:
        await channels.start(opens_channels=self._opens_channels)
        while True:
            await channels.receive(await self._sctp_packets.get())

    def _send_sctp(self, data: bytes) -> None:
        """Called from SCTP's own timers too, so nothing may be raised here."""
        assert self._dtls is not None
        self._dtls.send(data)
        self._flush_dtls()
        if self._dtls.state is DtlsState.FAILED:
            self._fail(f"DTLS failed: {self._dtls.failure}")

    def _task_failed(self, _name: str, failure: BaseException) -> None:
        # Malformed SCTP surfaces here as whatever the parser tripped over: it ends this transport, nothing else.
        _log.debug("data channels ended", exc_info=failure)
        self._fail(f"data channels ended: {type(failure).__name__}: {failure}")

    def _fail(self, reason: str) -> None:
        """Report the end, once."""
        if not self._failed and not self._closed:
            self._failed = True
            self._owner.transport_failed(reason)
