"""The media side of one participant, whichever way its client negotiates: what both modes share.

single.py and dual.py add how descriptions are exchanged.
"""

import abc
import asyncio
from dataclasses import dataclass
from typing import Protocol

from OpenSSL import SSL

from avatar_core.roomserver import rtcp
from avatar_core.roomserver.config import Limits
from avatar_core.roomserver.dtls import Certificate
from avatar_core.roomserver.negotiation import LocalTransport
from avatar_core.roomserver.sdp import MalformedSdp, MediaSection, SessionDescription, parse_description
from avatar_core.roomserver.track import Downlink, PublishedTrack
from avatar_core.roomserver.transport import PeerTransport
from avatar_core.roomserver.udp import MediaSocket
from avatar_core.roomserver.uplink import Uplink


@dataclass(frozen=True)
class MediaContext:
    """What every connection of one server shares."""

    socket: MediaSocket
    certificate: Certificate
    ssl: SSL.Context
    address: str
    limits: Limits


class ConnectionOwner(Protocol):
    """The participant, as its connection sees it."""

    def pending_tracks(self) -> list[PublishedTrack]:
        """The announced tracks that the client has not described yet, in the order they were announced."""
        ...

    def track_bound(self, track: PublishedTrack) -> None:
        """The client described `track`: others may subscribe."""
        ...

    def track_withdrawn(self, track: PublishedTrack) -> None:
        """The client no longer sends `track`."""
        ...

    def downlink_started(self, downlink: Downlink) -> None:
        """Packets of `downlink` flow from now on."""
        ...

    def send_answer(self, sdp: str, offer_id: int, mid_to_track_id: dict[str, str]) -> None:
        """Signal an answer."""
        ...

    def send_offer(self, sdp: str, offer_id: int, mid_to_track_id: dict[str, str]) -> None:
        """Signal an offer (dual mode)."""
        ...

    def request_sections(self, audios: int, videos: int) -> None:
        """Ask the client for an offer with so many more receiving sections (single mode)."""
        ...

    def media_ready(self) -> None:
        """Media and data can flow both ways."""
        ...

    def data_received(self, data: bytes, reliable: bool) -> None:
        """One data packet of the client."""
        ...

    def transport_failed(self, reason: str) -> None:
        """The connection ended by itself."""
        ...


class MediaConnection(abc.ABC):
    """Owned by one participant. Downlinks are added and removed at any time; they start when negotiated."""

    def __init__(self, owner: ConnectionOwner, context: MediaContext) -> None:
        self._owner = owner
        self._context = context
        self._loop = asyncio.get_running_loop()
        self._downlinks: dict[int, Downlink] = {}
        self._bound_tracks: dict[str, PublishedTrack] = {}
        """By the mid of the client's sending section."""
        self._negotiation_due = False
        self._closed = False
        self._deadline = self._loop.call_later(context.limits.connect_s, self._not_connected)
        self.uplink = Uplink(self._send_feedback)

    @property
    @abc.abstractmethod
    def publisher(self) -> PeerTransport:
        """The transport that receives the client's media."""

    @property
    @abc.abstractmethod
    def subscriber(self) -> PeerTransport:
        """The transport that sends to the client."""

    @abc.abstractmethod
    def start(self) -> None:
        """Begin the negotiation, where that is the server's part; the client was welcomed."""

    @abc.abstractmethod
    def offer_received(self, sdp: str, offer_id: int) -> None:
        """Answer a client's offer; MalformedSdp where it can't be served."""

    @abc.abstractmethod
    def answer_received(self, sdp: str) -> None:
        """Take a client's answer; MalformedSdp where it can't be served."""

    @abc.abstractmethod
    def _negotiate(self) -> None:
        """Bring the client's sections in line with the downlinks, now or once the round under way has ended."""

    @property
    def dropped(self) -> int:
        """Packets dropped on the way from and to the client."""
        transports = {self.publisher, self.subscriber}
        return self.uplink.unbound_packets + sum(transport.dropped for transport in transports)

    def add_downlink(self, downlink: Downlink) -> None:
        """Send a track to this client as soon as that is negotiated."""
        self._downlinks[downlink.ssrc] = downlink
        self._negotiate_soon()

    def remove_downlink(self, downlink: Downlink) -> None:
        """Stop sending a track and tell the client so."""
        if self._downlinks.pop(downlink.ssrc, None) is not None:
            self._negotiate_soon()

    def send_data(self, data: bytes, *, reliable: bool) -> None:
        """Queue one data packet for the client."""
        self.subscriber.send_data(data, reliable=reliable)

    def buffered(self, *, reliable: bool) -> int:
        """Bytes of data the client has not yet taken."""
        return self.subscriber.buffered(reliable=reliable)

    def unbind(self, track: PublishedTrack) -> None:
        """Stop receiving a track."""
        self.uplink.unbind(track)
        self._bound_tracks = {mid: other for mid, other in self._bound_tracks.items() if other is not track}

    async def aclose(self) -> None:
        """End the transports; harmless twice."""
        self._closed = True
        self._deadline.cancel()
        self._downlinks.clear()
        await self.publisher.aclose()
        await self.subscriber.aclose()

    # TransportOwner, for both transports

    def rtp_received(self, packet: bytes, arrival_s: float) -> None:
        """One packet of the client's media."""
        self.uplink.rtp_received(packet, arrival_s)

    def rtcp_received(self, packet: bytes, arrival_s: float) -> None:
        """Reports of what the client sends, requests about what it gets."""
        for part in rtcp.parse_compound(packet):
            match part:
                case rtcp.SenderReport():
                    self.uplink.report_received(part, arrival_s)
                case rtcp.Pli() | rtcp.Fir():
                    if (downlink := self._downlinks.get(part.media_ssrc)) is not None:
                        downlink.track.request_key_frame(arrival_s)
                case rtcp.Nack():
                    if (downlink := self._downlinks.get(part.media_ssrc)) is not None:
                        downlink.resend(part.sequence_numbers, arrival_s)

    def data_channels_opened(self) -> None:
        """The server can reach the client, so the participant counts as here (ROOMSERVER 4.11)."""
        self._deadline.cancel()
        self._owner.media_ready()

    def data_received(self, data: bytes, reliable: bool) -> None:
        """One data packet of the client."""
        self._owner.data_received(data, reliable)

    def transport_failed(self, reason: str) -> None:
        """One of the transports ended."""
        self._owner.transport_failed(reason)

    # For the two modes

    def _transport(self, *, opens_channels: bool) -> PeerTransport:
        return PeerTransport(self, self._context.socket, self._context.ssl, opens_channels=opens_channels)

    def _local(self, transport: PeerTransport, setup: str) -> LocalTransport:
        address = (self._context.address, self._context.socket.port)
        return LocalTransport(transport.credentials, self._context.certificate.fingerprint, setup, address)

    def _parse(self, sdp: str) -> SessionDescription:
        limits = self._context.limits
        description = parse_description(sdp, max_bytes=limits.sdp_bytes, max_sections=limits.media_sections)
        if not description.fingerprints:
            raise MalformedSdp("the description names no certificate fingerprint that can be checked")
        return description

    def _bind_published(self, description: SessionDescription) -> list[PublishedTrack]:
        """Match the client's sending sections with announced tracks; returns the newly bound ones.

        LiveKit has no message for unpublishing: a section that stops sending is what says it.
        """
        sending = {section.mid: section for section in description.sections if _publishes(section)}
        for mid, track in list(self._bound_tracks.items()):
            if mid not in sending or sending[mid].track_id != track.cid:
                self._owner.track_withdrawn(track)
        pending = {track.cid: track for track in self._owner.pending_tracks()}
        new = [section for mid, section in sending.items() if mid not in self._bound_tracks]
        bound = []
        for section in sorted(new, key=lambda section: section.track_id not in pending):
            # A track that is published again gets a new msid: where none fits, the kind has to do.
            by_kind = (track for track in pending.values() if track.kind == section.kind)
            announced = pending.get(section.track_id) or next(by_kind, None)
            if announced is None or announced.kind != section.kind:
                continue
            del pending[announced.cid]
            announced.bind(section)
            self._bound_tracks[section.mid] = announced
            self.uplink.bind(section, announced)
            bound.append(announced)
        return bound

    def _start(self, downlink: Downlink, section: MediaSection) -> None:
        if not downlink.started and downlink.start(section.codecs, self._loop.time()):
            self._owner.downlink_started(downlink)

    def _negotiate_soon(self) -> None:
        """Several changes made in one turn of the loop become one round."""
        if not self._negotiation_due and not self._closed:
            self._negotiation_due = True
            self._loop.call_soon(self._negotiate_now)

    def _negotiate_now(self) -> None:
        self._negotiation_due = False
        if not self._closed:
            self._negotiate()

    def _not_connected(self) -> None:
        self._owner.transport_failed(f"no media connection within {self._context.limits.connect_s:.0f} s")

    def _send_feedback(self, packet: bytes) -> None:
        self.publisher.send_rtcp(packet)


def _publishes(section: MediaSection) -> bool:
    return section.client_sends and bool(section.codecs) and bool(section.track_id)
