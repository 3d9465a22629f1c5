"""Reading session descriptions (RFC 8866, RFC 8829) into values: what a client offers or answers, nothing more.

Pure and bounded; writing them is negotiation.py's.
"""

from dataclasses import dataclass, field

from avatar_core.roomserver.dtls import Fingerprint

DIRECTIONS = ("sendrecv", "sendonly", "recvonly", "inactive")

# Payload formats that carry no media of their own; the server negotiates none of them (docs/protocols.md).
_AUXILIARY_CODECS = frozenset({"RTX", "RED", "ULPFEC", "FLEXFEC-03", "CN", "TELEPHONE-EVENT"})


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

    @property
    def key(self) -> tuple[str, ...]:
        """What two clients must share for a payload of one to mean the same to the other."""
        options = dict(
            (name.strip().lower(), value.strip())
            for name, _, value in (part.partition("=") for part in self.parameters.split(";"))
        )
        match self.name:
            case "H264":
                profile = options.get("profile-level-id", "42e01f")[:4].lower()
                return ("H264", options.get("packetization-mode", "0"), profile)
            case "VP9":
                return ("VP9", options.get("profile-id", "0"))
            case "AV1":
                return ("AV1", options.get("profile", "0"))
            case _:
                return (self.name, str(self.clock_rate_hz), str(self.channels))

    @property
    def mime_type(self) -> str:
        """As LiveKit writes it in TrackInfo."""
        kind = "audio" if self.name == "OPUS" else "video"
        return f"{kind}/{self.name.lower() if self.name == 'OPUS' else self.name}"


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
    if not mid or len(mid) > 32:
        raise MalformedSdp("a section without a usable mid")
    repair_ssrcs = {
        int(ssrc)
        for name, value in values
        if name == "ssrc-group" and value[:4] == "FID "
        for ssrc in value.split()[2:]
    }
    ssrcs = dict.fromkeys(int(value.split()[0]) for name, value in values if name == "ssrc")
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
    if kind not in ("audio", "video"):
        return []
    maps = dict(value.split(maxsplit=1) for name, value in values if name == "rtpmap")
    parameters = {
        payload_type: rest
        for payload_type, _, rest in (value.partition(" ") for name, value in values if name == "fmtp")
    }
    codecs = []
    for payload_type in formats.split():
        name, *rate_and_channels = maps.get(payload_type, "").split("/")
        if not rate_and_channels or name.upper() in _AUXILIARY_CODECS or (kind == "audio" and name.upper() != "OPUS"):
            continue
        codecs.append(
            Codec(
                payload_type=int(payload_type),
                name=name.upper(),
                clock_rate_hz=int(rate_and_channels[0]),
                channels=int(rate_and_channels[1]) if len(rate_and_channels) > 1 else 1,
                parameters=parameters.get(payload_type, ""),
            )
        )
    return codecs


def _extension(value: str) -> tuple[str, int]:
    extension_id, uri, *_ = value.split()
    return uri, int(extension_id.partition("/")[0])


def _fingerprints(lines: list[str]) -> list[Fingerprint]:
    found = []
    for line in lines:
        if line.startswith("a=fingerprint:"):
            algorithm, _, value = line[14:].partition(" ")
            if algorithm.lower() in ("sha-256", "sha-384", "sha-512"):
                found.append(Fingerprint(algorithm.lower(), value.strip().upper()))
    return found
