"""One peer connection for both directions (/rtc/v1): the client always offers, the server asks it to."""

from collections import Counter

from avatar_core.roomserver.connection import ConnectionOwner, MediaConnection, MediaContext
from avatar_core.roomserver.dtls import DtlsRole
from avatar_core.roomserver.negotiation import build_answer
from avatar_core.roomserver.sdp import MalformedSdp, SessionDescription
from avatar_core.roomserver.track import Downlink
from avatar_core.roomserver.transport import PeerTransport


class SingleConnection(MediaConnection):
    """Downlinks take the client's free receiving sections; where these run out it is asked for more."""

    def __init__(self, owner: ConnectionOwner, context: MediaContext) -> None:
        super().__init__(owner, context)
        self._peer = self._transport(opens_channels=True)
        self._placed: dict[str, Downlink] = {}
        """By the mid of the receiving section."""
        self._vacated: set[str] = set()
        """Mids of sections that the last answer emptied."""
        self._receiving: dict[str, str] = {}
        """Mid to kind of the sections of the last offer in which the client only receives."""
        self._section_count = 0
        # Until the client's first offer is answered there is nothing to ask for.
        self._asked = True

    @property
    def publisher(self) -> PeerTransport:
        """The one transport."""
        return self._peer

    @property
    def subscriber(self) -> PeerTransport:
        """The one transport."""
        return self._peer

    def start(self) -> None:
        """The client begins in this mode."""

    def offer_received(self, sdp: str, offer_id: int) -> None:
        """Bind what the client sends, place what it is to get, answer."""
        offer = self._parse(sdp)
        self._peer.describe_remote(offer.fingerprints, DtlsRole.CLIENT)
        bound = self._bind_published(offer)
        sections = {section.mid: section for section in offer.sections}
        self._place(offer)
        answer = build_answer(
            offer,
            self._local(self._peer, DtlsRole.CLIENT.value),
            {mid: downlink.description for mid, downlink in self._placed.items()},
        )
        track_ids = {mid: track.sid for mid, track in self._bound_tracks.items()}
        track_ids |= {mid: downlink.track.sid for mid, downlink in self._placed.items()}
        self._owner.send_answer(answer, offer_id, track_ids)
        for mid, downlink in self._placed.items():
            self._start(downlink, sections[mid])
        for track in bound:
            self._owner.track_bound(track)
        self._asked = False
        if any(self._missing_sections()) or (self._vacated and self._unplaced()):
            self._negotiate()

    def answer_received(self, sdp: str) -> None:
        """The server never offers in this mode."""
        raise MalformedSdp("an answer came, but nothing was offered")

    def _negotiate(self) -> None:
        """One request at a time: the offer that follows it carries whatever changed meanwhile."""
        if self._asked:
            return
        self._asked = True
        self._owner.request_sections(*self._missing_sections())

    def _missing_sections(self) -> tuple[int, int]:
        """How many more audio and video sections the client needs, within the bound on all of them."""
        taken = Counter(self._receiving[mid] for mid in self._current_placement())
        wanted = Counter(downlink.track.kind for downlink in self._unplaced())
        present = Counter(self._receiving.values())
        possible = max(0, self._context.limits.media_sections - self._section_count)
        audios = min(possible, max(0, wanted["audio"] - (present["audio"] - taken["audio"])))
        videos = min(possible - audios, max(0, wanted["video"] - (present["video"] - taken["video"])))
        return audios, videos

    def _current_placement(self) -> dict[str, Downlink]:
        return {
            mid: downlink
            for mid, downlink in self._placed.items()
            if downlink.ssrc in self._downlinks and mid in self._receiving
        }

    def _unplaced(self) -> list[Downlink]:
        placed = {downlink.ssrc for downlink in self._current_placement().values()}
        return [downlink for ssrc, downlink in self._downlinks.items() if ssrc not in placed]

    def _place(self, offer: SessionDescription) -> None:
        receiving = [
            section
            for section in offer.sections
            if section.client_receives and not section.client_sends and section.codecs
        ]
        self._section_count = len(offer.sections)
        self._receiving = {section.mid: section.kind for section in receiving}
        before, self._placed = self._placed, self._current_placement()
        # A section that goes from one track to the next in one answer shows the client no new track: it has to be seen
        # empty once.
        self._vacated = before.keys() - self._placed.keys()
        taken = self._placed.keys() | self._vacated
        free = [section for section in receiving if section.mid not in taken]
        for downlink in self._unplaced():
            section = next((section for section in free if section.kind == downlink.track.kind), None)
            if section is not None:
                free.remove(section)
                self._placed[section.mid] = downlink
