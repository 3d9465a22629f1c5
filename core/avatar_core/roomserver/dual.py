"""Two peer connections (/rtc): the client offers what it publishes, the server offers what it sends."""

from dataclasses import dataclass, field
from weakref import WeakSet

from avatar_core.roomserver.connection import ConnectionOwner, MediaConnection, MediaContext
from avatar_core.roomserver.dtls import DtlsRole
from avatar_core.roomserver.negotiation import OfferedSection, PayloadTypes, build_answer, build_offer
from avatar_core.roomserver.sdp import Codec, MalformedSdp
from avatar_core.roomserver.track import Downlink, PublishedTrack
from avatar_core.roomserver.transport import PeerTransport

_DATA_MID = "0"


@dataclass
class _Section:
    """One section of the server's offer; sections never go away, they fall silent and are taken again."""

    mid: str
    kind: str
    codecs: tuple[Codec, ...] = ()
    downlink: Downlink | None = None
    used_for: WeakSet[PublishedTrack] = field(default_factory=WeakSet)
    """The tracks it carried: the SDK ignores one that returns in the same section."""


class DualConnection(MediaConnection):
    """Only one offer of the server's is in flight; what changes meanwhile goes into the next."""

    def __init__(self, owner: ConnectionOwner, context: MediaContext) -> None:
        super().__init__(owner, context)
        self._publisher = self._transport(opens_channels=False)
        self._subscriber = self._transport(opens_channels=True)
        self._sections: list[_Section] = []
        self._payload_types = PayloadTypes()
        self._offer_id = 0
        self._in_flight: dict[str, Downlink] | None = None
        """Mid to downlink as the unanswered offer has them."""
        self._changed = False

    @property
    def publisher(self) -> PeerTransport:
        """The client's offer belongs to this one."""
        return self._publisher

    @property
    def subscriber(self) -> PeerTransport:
        """The server's offer belongs to this one."""
        return self._subscriber

    def start(self) -> None:
        """Send the first offer, which carries data alone."""
        self._send_offer()

    def offer_received(self, sdp: str, offer_id: int) -> None:
        """Bind what the client sends and answer."""
        offer = self._parse(sdp)
        self._publisher.describe_remote(offer.fingerprints, DtlsRole.CLIENT)
        bound = self._bind_published(offer)
        answer = build_answer(offer, self._local(self._publisher, DtlsRole.CLIENT.value), {})
        track_ids = {mid: track.sid for mid, track in self._bound_tracks.items()}
        self._owner.send_answer(answer, offer_id, track_ids)
        for track in bound:
            self._owner.track_bound(track)

    def answer_received(self, sdp: str) -> None:
        """Start what the answered offer announced."""
        if self._in_flight is None:
            raise MalformedSdp("an answer came, but nothing was offered")
        answer = self._parse(sdp)
        # The offer leaves the role open (actpass); the client is active, so the server waits for its hello.
        self._subscriber.describe_remote(
            answer.fingerprints, DtlsRole.CLIENT if answer.setup == "passive" else DtlsRole.SERVER
        )
        offered, self._in_flight = self._in_flight, None
        for section in answer.sections:
            downlink = offered.get(section.mid)
            if downlink is not None and downlink.ssrc in self._downlinks and section.client_receives:
                self._start(downlink, section)
        if self._changed:
            self._send_offer()

    def _negotiate(self) -> None:
        if self._in_flight is None:
            self._send_offer()
        else:
            self._changed = True

    def _send_offer(self) -> None:
        self._changed = False
        self._arrange()
        self._offer_id += 1
        self._in_flight = {section.mid: section.downlink for section in self._sections if section.downlink is not None}
        sections = [
            OfferedSection(
                section.kind,
                section.mid,
                section.codecs,
                section.downlink.description if section.downlink is not None else None,
            )
            for section in self._sections
        ]
        sdp = build_offer(_DATA_MID, sections, self._local(self._subscriber, "actpass"))
        track_ids = {mid: downlink.track.sid for mid, downlink in self._in_flight.items()}
        self._owner.send_offer(sdp, self._offer_id, track_ids)

    def _arrange(self) -> None:
        """Free the sections of ended downlinks and find one for each new downlink."""
        for section in self._sections:
            if section.downlink is not None and section.downlink.ssrc not in self._downlinks:
                section.downlink = None
        placed = {section.downlink.ssrc for section in self._sections if section.downlink is not None}
        for ssrc, downlink in self._downlinks.items():
            if ssrc not in placed:
                self._place(downlink)

    def _place(self, downlink: Downlink) -> None:
        """Take a silent section, or a new one; at the bound on sections the downlink waits for one to fall silent."""
        track = downlink.track
        section = next(
            (
                section
                for section in self._sections
                if section.downlink is None and section.kind == track.kind and track not in section.used_for
            ),
            None,
        )
        if section is None:
            if 1 + len(self._sections) >= self._context.limits.media_sections:  # with the data's
                return
            section = _Section(mid=str(len(self._sections) + 1), kind=track.kind)
            self._sections.append(section)
        section.codecs = self._payload_types.assign(track.codecs)
        section.downlink = downlink
        section.used_for.add(track)
