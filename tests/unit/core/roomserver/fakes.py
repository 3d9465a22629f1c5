"""Stand-ins for the edges of the room server: the UDP socket, the signalling channel, a connection, its owner."""

from dataclasses import dataclass, field
from pathlib import Path

from aioice import stun
from livekit.protocol import models, rtc

from avatar_core.roomserver.config import Limits
from avatar_core.roomserver.connection import MediaContext
from avatar_core.roomserver.dtls import Certificate
from avatar_core.roomserver.ice import Address, IceCredentials
from avatar_core.roomserver.participant import Participant
from avatar_core.roomserver.room import Room
from avatar_core.roomserver.sdp import Codec, MediaSection, SessionDescription, parse_description
from avatar_core.roomserver.track import Downlink, PublishedTrack
from avatar_core.roomserver.transport import PeerTransport
from avatar_core.tokens import TokenClaims, VideoGrants

DATA = Path(__file__).parent / "data"
VP8 = Codec(96, "VP8", 90_000, 1, "")
OPUS = Codec(111, "OPUS", 48_000, 2, "minptime=10")


def sdp_of(name: str) -> str:
    """A description as the SDK 1.1.21 sent it, trimmed to a section of each sort, with its own line ends."""
    return (DATA / f"{name}.sdp").read_text().replace("\n", "\r\n")


def parsed(sdp: str) -> SessionDescription:
    return parse_description(sdp, max_bytes=1 << 18, max_sections=256)


def media_context(limits: Limits | None = None) -> MediaContext:
    certificate = Certificate()
    return MediaContext(FakeSocket(), certificate, certificate.context(), "127.0.0.1", limits or Limits())


def binding_request(
    credentials: IceCredentials, *, nominates: bool = True, password: str | None = None, username: str | None = None
) -> bytes:
    """A client's connectivity check."""
    message = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
    message.attributes["USERNAME"] = f"{credentials.ufrag}:peer" if username is None else username
    if nominates:
        message.attributes["USE-CANDIDATE"] = None
    message.add_message_integrity((credentials.password if password is None else password).encode())
    return bytes(message)


class FakeSocket:
    """Keeps what is sent instead of sending it."""

    port = 5004

    def __init__(self) -> None:
        self.transports: list[PeerTransport] = []
        self.sent: list[tuple[bytes, Address]] = []

    def attach(self, transport: PeerTransport) -> None:
        self.transports.append(transport)

    def detach(self, transport: PeerTransport) -> None:
        if transport in self.transports:
            self.transports.remove(transport)

    def send(self, datagram: bytes, address: Address) -> None:
        self.sent.append((datagram, address))

    def take(self) -> list[bytes]:
        taken = [datagram for datagram, _ in self.sent]
        self.sent.clear()
        return taken


class FakeChannel:
    """Keeps what is signalled, as (kind, message), in order."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, object]] = []
        self.left: tuple[models.DisconnectReason, rtc.LeaveRequest.Action] | None = None

    def send(self, **response: object) -> None:
        rtc.SignalResponse(**response)  # raises for what is no response
        self.sent.extend(response.items())

    def leave(self, reason: models.DisconnectReason, action: rtc.LeaveRequest.Action) -> None:
        self.left = (reason, action)

    def of(self, kind: str) -> list[object]:
        return [message for sent_kind, message in self.sent if sent_kind == kind]


class FakeConnection:
    """Keeps the downlinks it is given and the data it is to send; drops nothing."""

    def __init__(self) -> None:
        self.subscriber = RecordingSink()
        self.downlinks: list[Downlink] = []
        self.data: list[tuple[bytes, bool]] = []
        self.unread_bytes = 0
        self.offers: list[str] = []
        self.answers: list[str] = []

    def add_downlink(self, downlink: Downlink) -> None:
        self.downlinks.append(downlink)

    def remove_downlink(self, downlink: Downlink) -> None:
        self.downlinks.remove(downlink)

    def send_data(self, data: bytes, *, reliable: bool) -> None:
        self.data.append((data, reliable))

    def buffered(self, *, reliable: bool) -> int:
        return self.unread_bytes

    def unbind(self, track: PublishedTrack) -> None:
        pass

    def offer_received(self, sdp: str, offer_id: int) -> None:
        self.offers.append(sdp)

    def answer_received(self, sdp: str) -> None:
        self.answers.append(sdp)


class RecordingSink:
    """A subscriber's transport that keeps what it is to send."""

    def __init__(self) -> None:
        self.rtp: list[bytes] = []
        self.rtcp: list[bytes] = []

    def send_rtp(self, packet: bytes) -> None:
        self.rtp.append(packet)

    def send_rtcp(self, packet: bytes) -> None:
        self.rtcp.append(packet)


@dataclass
class RecordingOwner:
    """The participant, as its connection and its transport see it."""

    pending: list[PublishedTrack] = field(default_factory=list)
    bound: list[PublishedTrack] = field(default_factory=list)
    withdrawn: list[PublishedTrack] = field(default_factory=list)
    started: list[Downlink] = field(default_factory=list)
    answers: list[tuple[SessionDescription, int, dict[str, str]]] = field(default_factory=list)
    offers: list[tuple[str, int, dict[str, str]]] = field(default_factory=list)
    requested: list[tuple[int, int]] = field(default_factory=list)
    is_ready: bool = False
    data: list[tuple[bytes, bool]] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def pending_tracks(self) -> list[PublishedTrack]:
        return [track for track in self.pending if not track.is_bound]

    def track_bound(self, track: PublishedTrack) -> None:
        self.bound.append(track)

    def track_withdrawn(self, track: PublishedTrack) -> None:
        self.withdrawn.append(track)

    def downlink_started(self, downlink: Downlink) -> None:
        self.started.append(downlink)

    def send_answer(self, sdp: str, offer_id: int, mid_to_track_id: dict[str, str]) -> None:
        self.answers.append((parsed(sdp), offer_id, mid_to_track_id))

    def send_offer(self, sdp: str, offer_id: int, mid_to_track_id: dict[str, str]) -> None:
        self.offers.append((sdp, offer_id, mid_to_track_id))

    def request_sections(self, audios: int, videos: int) -> None:
        self.requested.append((audios, videos))

    def media_ready(self) -> None:
        self.is_ready = True

    def data_received(self, data: bytes, reliable: bool) -> None:
        self.data.append((data, reliable))

    def transport_failed(self, reason: str) -> None:
        self.failures.append(reason)


def track(
    sid: str = "TR_V1",
    *,
    cid: str = "cid",
    kind: str = "video",
    codecs: tuple[Codec, ...] = (),
    stream: str = "",
    publisher: str = "alice",
) -> PublishedTrack:
    """A published track; with `codecs` it has been described too."""
    track_type = models.TrackType.VIDEO if kind == "video" else models.TrackType.AUDIO
    published = PublishedTrack(
        publisher_identity=publisher,
        publisher_sid=f"PA_{publisher}",
        cid=cid,
        info=models.TrackInfo(sid=sid, type=track_type, stream=stream),
    )
    if codecs:
        published.bind(section("7", kind=kind, codecs=codecs, track_id=cid))
    return published


def section(
    mid: str,
    *,
    kind: str = "video",
    direction: str = "sendonly",
    codecs: tuple[Codec, ...] = (VP8,),
    track_id: str = "cid",
    ssrcs: tuple[int, ...] = (),
    extensions: dict[str, int] | None = None,
) -> MediaSection:
    return MediaSection(kind, mid, direction, "", False, codecs, extensions or {}, track_id, ssrcs)


def participant(room: Room, identity: str, *, auto_subscribe: bool = True, **grants: object) -> Participant:
    """One whose connection and channel are fakes; it has neither joined nor become active."""
    return Participant(
        room,
        TokenClaims(identity=identity, grants=VideoGrants(room_join=True, room=room.name, **grants)),
        models.ClientInfo(client_protocol=2, capabilities=[1]),
        FakeChannel(),
        lambda _owner: FakeConnection(),
        auto_subscribe=auto_subscribe,
    )
