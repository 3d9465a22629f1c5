"""Writing session descriptions: the answer to a client's offer, and the offer of the dual-connection mode.

Pure functions. What is left out matters as much as what is in: no RTX (a NACK is then answered on the same SSRC), no
RED, no simulcast (the client then sends its full layer alone), no extension that forwarding could not carry.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from avatar_core.roomserver.dtls import Fingerprint
from avatar_core.roomserver.ice import Address, IceCredentials
from avatar_core.roomserver.sctp import MAX_MESSAGE_BYTES, SCTP_PORT
from avatar_core.roomserver.sdp import Codec, MediaSection, SessionDescription

TRANSPORT_CC = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
SDES_MID = "urn:ietf:params:rtp-hdrext:sdes:mid"
_RTP_STREAM_ID = "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"
_REPAIRED_RTP_STREAM_ID = "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id"

# libwebrtc offers in a new section only what earlier answers accepted in any of its kind. So a receiving section has to
# accept what a later sending one needs: transport-wide numbers, and both stream ids for a simulcast offer.
_EXTENSIONS = {
    "audio": (SDES_MID, TRANSPORT_CC),
    "video": (SDES_MID, TRANSPORT_CC, _RTP_STREAM_ID, _REPAIRED_RTP_STREAM_ID),
}
_FEEDBACK: dict[str, tuple[str, ...]] = {"audio": (), "video": ("ccm fir", "nack", "nack pli")}
_FIRST_PAYLOAD_TYPE = 96


@dataclass(frozen=True)
class LocalTransport:
    """What every section says of our side."""

    credentials: IceCredentials
    fingerprint: Fingerprint
    setup: str
    address: Address


@dataclass(frozen=True)
class SentTrack:
    """A track the server sends in one section."""

    ssrc: int
    cname: str
    stream_id: str
    track_sid: str


@dataclass(frozen=True)
class OfferedSection:
    """One audio or video section of the server's own offer; `track` is None once it ended."""

    kind: str
    mid: str
    codecs: tuple[Codec, ...]
    track: SentTrack | None


class PayloadTypes:
    """Payload types of one transport on which the server offers: one per codec, the same in every section.

    The dynamic ones suffice, since there are fewer known codecs (sdp.Codec.is_known).
    """

    def __init__(self) -> None:
        self._by_key: dict[tuple[str, ...], int] = {}

    def assign(self, codecs: Iterable[Codec]) -> tuple[Codec, ...]:
        """The same codecs under this transport's payload types, with no more of their parameters than is shared."""
        by_key = {codec.key: codec for codec in codecs}
        return tuple(
            Codec(
                self._by_key.setdefault(key, _FIRST_PAYLOAD_TYPE + len(self._by_key)),
                codec.name,
                codec.clock_rate_hz,
                codec.channels,
                codec.shared_parameters,
            )
            for key, codec in by_key.items()
        )


def map_payload_types(published: Iterable[Codec], subscribed: Sequence[Codec]) -> dict[int, int]:
    """The publisher's payload types to the subscriber's, by codec; H.264 falls back to another profile."""
    exact = {codec.key: codec.payload_type for codec in reversed(subscribed)}
    loose = {codec.key[:2]: codec.payload_type for codec in reversed(subscribed)}
    mapping = {}
    for codec in published:
        payload_type = exact.get(codec.key, loose.get(codec.key[:2]))
        if payload_type is not None:
            mapping[codec.payload_type] = payload_type
    return mapping


def build_answer(offer: SessionDescription, local: LocalTransport, sent: Mapping[str, SentTrack]) -> str:
    """Answer `offer`; `sent` maps the mid of a section in which the client receives to the track it gets."""
    accepted = [section for section in offer.sections if _is_served(section)]
    lines = _session_lines(section.mid for section in accepted)
    for section in offer.sections:
        if not _is_served(section):
            lines += [f"m={section.kind} 0 UDP/TLS/RTP/SAVPF {section.formats}", "c=IN IP4 0.0.0.0"]
            lines += [f"a=mid:{section.mid}", "a=inactive"]
        elif section.kind == "application":
            lines += _data_section(section.mid, local)
        else:
            lines += _answer_section(section, local, sent.get(section.mid) if section.client_receives else None)
    return _joined(lines)


def build_offer(data_mid: str, sections: Sequence[OfferedSection], local: LocalTransport) -> str:
    """The server's offer of the dual-connection mode: data first, then a section per track it ever sent."""
    lines = _session_lines([data_mid, *(section.mid for section in sections)])
    lines += _data_section(data_mid, local)
    for section in sections:
        lines += _media_lines(section.kind, section.mid, section.codecs, {SDES_MID: 1}, local)
        lines += _codec_lines(section.codecs, _FEEDBACK[section.kind])
        lines += _sender_lines(section.track) if section.track is not None else ["a=inactive"]
    return _joined(lines)


def _is_served(section: MediaSection) -> bool:
    return not section.rejected and (section.kind == "application" or bool(section.codecs))


def _answer_section(section: MediaSection, local: LocalTransport, track: SentTrack | None) -> list[str]:
    extensions = {uri: section.extensions[uri] for uri in _EXTENSIONS[section.kind] if uri in section.extensions}
    feedback = _FEEDBACK[section.kind] + (("transport-cc",) if section.client_sends else ())
    lines = _media_lines(section.kind, section.mid, section.codecs, extensions, local)
    lines += _codec_lines(section.codecs, feedback)
    if track is not None:
        lines += _sender_lines(track)
    else:
        lines.append("a=recvonly" if section.client_sends else "a=inactive")
    return lines


def _session_lines(mids: Iterable[str]) -> list[str]:
    return [
        "v=0",
        "o=- 1 2 IN IP4 127.0.0.1",
        "s=-",
        "t=0 0",
        f"a=group:BUNDLE {' '.join(mids)}",
        "a=ice-lite",
        "a=msid-semantic: WMS *",
    ]


def _transport_lines(local: LocalTransport) -> list[str]:
    host, port = local.address
    return [
        f"a=ice-ufrag:{local.credentials.ufrag}",
        f"a=ice-pwd:{local.credentials.password}",
        f"a=fingerprint:{local.fingerprint.algorithm} {local.fingerprint.value}",
        f"a=setup:{local.setup}",
        f"a=candidate:1 1 udp 2130706431 {host} {port} typ host",
        "a=end-of-candidates",
    ]


def _data_section(mid: str, local: LocalTransport) -> list[str]:
    return [
        "m=application 9 UDP/DTLS/SCTP webrtc-datachannel",
        "c=IN IP4 0.0.0.0",
        f"a=mid:{mid}",
        *_transport_lines(local),
        f"a=sctp-port:{SCTP_PORT}",
        f"a=max-message-size:{MAX_MESSAGE_BYTES}",
    ]


def _media_lines(
    kind: str, mid: str, codecs: Iterable[Codec], extensions: Mapping[str, int], local: LocalTransport
) -> list[str]:
    payload_types = " ".join(str(codec.payload_type) for codec in codecs)
    return [
        f"m={kind} 9 UDP/TLS/RTP/SAVPF {payload_types}",
        "c=IN IP4 0.0.0.0",
        f"a=mid:{mid}",
        *_transport_lines(local),
        "a=rtcp-mux",
        "a=rtcp-rsize",
        *(f"a=extmap:{extension_id} {uri}" for uri, extension_id in extensions.items()),
    ]


def _codec_lines(codecs: Iterable[Codec], feedback: Sequence[str]) -> list[str]:
    lines = []
    for codec in codecs:
        channels = f"/{codec.channels}" if codec.channels > 1 else ""
        lines.append(f"a=rtpmap:{codec.payload_type} {codec.name}/{codec.clock_rate_hz}{channels}")
        if codec.parameters:
            lines.append(f"a=fmtp:{codec.payload_type} {codec.parameters}")
        lines += [f"a=rtcp-fb:{codec.payload_type} {kind}" for kind in feedback]
    return lines


def _sender_lines(track: SentTrack) -> list[str]:
    msid = f"{track.stream_id} {track.track_sid}"
    return [
        "a=sendonly",
        f"a=msid:{msid}",
        f"a=ssrc:{track.ssrc} cname:{track.cname}",
        f"a=ssrc:{track.ssrc} msid:{msid}",
    ]


def _joined(lines: Iterable[str]) -> str:
    return "".join(f"{line}\r\n" for line in lines)
