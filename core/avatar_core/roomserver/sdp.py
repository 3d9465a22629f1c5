"""Reading session descriptions (RFC 8866, RFC 8829) into values: what a client offers or answers, nothing more.

Pure and bounded; writing them is negotiation.py's.
"""

from dataclasses import dataclass, field

from avatar_core.roomserver.dtls import FINGERPRINT_ALGORITHMS, Fingerprint

DIRECTIONS = ("sendrecv", "sendonly", "recvonly", "inactive")

_MAX_MID_CHARACTERS = 32
_MAX_SSRCS = 16

# What is forwarded. Formats that repair or protect others are left out (docs/protocols.md), and so are those that
# LiveKit has no name for: what one client writes here is offered to others.
_RATES = {
    "audio": {"OPUS": "48000/2"},
    "video": dict.fromkeys(("VP8", "VP9", "AV1", "H264", "H265"), "90000"),
}
_H264_PROFILES = ("4200", "42e0", "4d00", "6400", "640c", "f400")
_VARIANTS: dict[str, set[tuple[str, ...]]] = {
    "H264": {(mode, profile) for mode in ("0", "1") for profile in _H264_PROFILES},
    "VP9": {("0",), ("1",), ("2",), ("3",)},
    "AV1": {("0",), ("1",), ("2",)},
}


class MalformedSdp(ValueError):
    """A description that breaks its grammar or a bound."""


@dataclass(frozen=True)
class Codec:
    """One payload type of one section."""

    payload_type: int
    name: str
    clock_rate_hz: int
    channels: int
    parameters: str
    """As the client wrote them (a=fmtp)."""

    @property
    def key(self) -> tuple[str, ...]:
        """What two clients must share for a payload of one to mean the same to the other."""
        return (self.name, *self._variant)

    @property
    def is_known(self) -> bool:
        """Whether it is one of the variants that are forwarded; that makes the keys few."""
        return self._variant in _VARIANTS.get(self.name, {()})

    @property
    def shared_parameters(self) -> str:
        """The parameters as another client may be told them: chosen ones alone, and no free text."""
        match self.name, self._variant:
            case "OPUS", _:
                stereo = ";stereo=1" if self._options.get("stereo") == "1" else ""
                return f"minptime=10;useinbandfec=1{stereo}"
            case "H264", (mode, profile):
                return f"level-asymmetry-allowed=1;packetization-mode={mode};profile-level-id={profile}1f"
            case "VP9", (profile,):
                return f"profile-id={profile}"
            case "AV1", (profile,):
                return f"profile={profile}"
            case _:
                return ""

    @property
    def mime_type(self) -> str:
        """As LiveKit writes it in TrackInfo."""
        return "audio/opus" if self.name == "OPUS" else f"video/{self.name}"

    @property
    def _options(self) -> dict[str, str]:
        pairs = (option.partition("=") for option in self.parameters.split(";"))
        return {name.strip().lower(): value.strip() for name, _, value in pairs}

    @property
    def _variant(self) -> tuple[str, ...]:
        options = self._options
        match self.name:
            case "H264":
                profile = options.get("profile-level-id", "42e01f")[:4].lower()
                return (options.get("packetization-mode", "0"), profile)
            case "VP9":
                return (options.get("profile-id", "0"),)
            case "AV1":
                return (options.get("profile", "0"),)
            case _:
                return ()


@dataclass(frozen=True)
class MediaSection:
    """One m-line with what the server uses of it."""

    kind: str
    mid: str
    direction: str
    formats: str
    rejected: bool
    codecs: tuple[Codec, ...] = ()
    extensions: dict[str, int] = field(default_factory=dict)
    """Header extension URI to its id."""
    track_id: str = ""
    """The msid's track part: LiveKit's cid of a published track."""
    ssrcs: tuple[int, ...] = ()

    @property
    def client_sends(self) -> bool:
        """Whether the client offers media here."""
        return not self.rejected and self.direction in ("sendrecv", "sendonly")

    @property
    def client_receives(self) -> bool:
        """Whether the server may send media here."""
        return not self.rejected and self.direction in ("sendrecv", "recvonly")


@dataclass(frozen=True)
class SessionDescription:
    """A client's whole offer or answer."""

    sections: tuple[MediaSection, ...]
    fingerprints: tuple[Fingerprint, ...]
    setup: str
    """a=setup of the first section that has one: actpass, active or passive."""


def parse_description(sdp: str, *, max_bytes: int, max_sections: int) -> SessionDescription:
    """Parse `sdp`; raises MalformedSdp for anything that cannot be served."""
    if len(sdp) > max_bytes:
        raise MalformedSdp(f"the description has {len(sdp)} characters, more than {max_bytes}")
    blocks = _blocks(sdp)
    if len(blocks) - 1 > max_sections:
        raise MalformedSdp(f"the description has {len(blocks) - 1} media sections, more than {max_sections}")
    try:
        sections = tuple(_section(block) for block in blocks[1:])
    except (ValueError, IndexError) as error:
        raise MalformedSdp(f"a media section could not be read: {error}") from error
    if len({section.mid for section in sections}) < len(sections):
        raise MalformedSdp("two media sections have the same mid")
    attributes = [line for block in blocks for line in block]
    return SessionDescription(
        sections=sections,
        fingerprints=tuple(dict.fromkeys(_fingerprints(attributes))),
        setup=next((line[8:] for line in attributes if line.startswith("a=setup:")), ""),
    )


def _blocks(sdp: str) -> list[list[str]]:
    """The session's lines, then those of each media section."""
    blocks: list[list[str]] = [[]]
    for line in sdp.splitlines():
        if line.startswith("m="):
            blocks.append([])
        blocks[-1].append(line.strip())
    return blocks


def _section(lines: list[str]) -> MediaSection:
    kind, port, _protocol, formats = lines[0][2:].split(maxsplit=3)
    attributes = [line[2:] for line in lines if line.startswith("a=")]
    values = [(name, value) for name, _, value in (attribute.partition(":") for attribute in attributes)]
    first = dict(reversed(values))
    mid = first.get("mid", "")
    if not 0 < len(mid) <= _MAX_MID_CHARACTERS:
        raise MalformedSdp("a section without a usable mid")
    repair_ssrcs = {
        int(ssrc)
        for name, value in values
        if name == "ssrc-group" and value[:4] == "FID "
        for ssrc in value.split()[2:]
    }
    ssrcs = dict.fromkeys(int(value.split()[0]) for name, value in values if name == "ssrc")
    if len(ssrcs) > _MAX_SSRCS:
        raise MalformedSdp(f"a section with more than {_MAX_SSRCS} SSRCs")
    return MediaSection(
        kind=kind,
        mid=mid,
        direction=next((name for name, _ in values if name in DIRECTIONS), "sendrecv"),
        formats=formats,
        rejected=port == "0" and "bundle-only" not in first,
        codecs=tuple(_codecs(kind, formats, values)),
        extensions=dict(_extension(value) for name, value in values if name == "extmap"),
        track_id=first.get("msid", "").partition(" ")[2].strip(),
        ssrcs=tuple(ssrc for ssrc in ssrcs if ssrc not in repair_ssrcs),
    )


def _codecs(kind: str, formats: str, values: list[tuple[str, str]]) -> list[Codec]:
    rates = _RATES.get(kind)
    if rates is None:
        return []
    maps = dict(value.split(maxsplit=1) for name, value in values if name == "rtpmap")
    parameters = {
        payload_type: rest
        for payload_type, _, rest in (value.partition(" ") for name, value in values if name == "fmtp")
    }
    codecs = []
    for payload_type in dict.fromkeys(formats.split()):
        name, _, rate = maps.get(payload_type, "").upper().partition("/")
        if rates.get(name) != rate:
            continue
        clock_rate_hz, _, channels = rate.partition("/")
        codec = Codec(
            payload_type=int(payload_type),
            name=name,
            clock_rate_hz=int(clock_rate_hz),
            channels=int(channels or 1),
            parameters=parameters.get(payload_type, ""),
        )
        if not 0 <= codec.payload_type <= 127:
            raise MalformedSdp(f"payload type {codec.payload_type}")
        if codec.is_known:
            codecs.append(codec)
    return codecs


def _extension(value: str) -> tuple[str, int]:
    extension_id, uri, *_ = value.split()
    return uri, int(extension_id.partition("/")[0])


def _fingerprints(lines: list[str]) -> list[Fingerprint]:
    found = []
    for line in lines:
        if line.startswith("a=fingerprint:"):
            algorithm, _, value = line[14:].partition(" ")
            if algorithm.lower() in FINGERPRINT_ALGORITHMS:
                found.append(Fingerprint(algorithm.lower(), value.strip().upper()))
    return found
