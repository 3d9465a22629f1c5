"""A published track and its copies to subscribers: forwarding, retransmission, key-frame requests."""

import hashlib
import secrets
from typing import Protocol

from livekit.protocol import models

from avatar_core.roomserver import rtcp, rtp
from avatar_core.roomserver.allowance import Allowance
from avatar_core.roomserver.negotiation import SentTrack, map_payload_types
from avatar_core.roomserver.retransmission import RetransmissionBuffer
from avatar_core.roomserver.sdp import Codec, MediaSection

KEY_FRAME_INTERVAL_S = 0.3
"""Key frames are asked for no more often than this, however many subscribers want one."""

_FIRST_KEY_FRAMES_S = (0.05, 0.35)
"""After a subscription: once the answer has surely arrived, and again should the first have been too early."""

_FIRST_SEQUENCE_NUMBER = 4096
"""A subscriber's numbering begins far from the wrap: whoever misses what came before a wrap can't decrypt what comes
after it (RFC 3711, 3.3.1). And above what a late packet may lie behind the first one forwarded."""

_RESENT_PER_S = 1000
_RESENT_AT_ONCE = 512


class PacketSink(Protocol):
    """The subscriber's transport."""

    def send_rtp(self, packet: bytes) -> None:
        """Send one RTP packet."""
        ...

    def send_rtcp(self, packet: bytes) -> None:
        """Send one RTCP packet."""
        ...


class Downlink:
    """One subscriber's copy of a track: its own SSRC, the subscriber's payload types, a numbering of its own.

    Silent until `start`, which comes with the description that announces it.
    """

    def __init__(self, track: "PublishedTrack", sink: PacketSink) -> None:
        self.track = track
        self.ssrc = secrets.randbits(31) + 1
        self._sink = sink
        self._payload_types: dict[int, int] = {}
        self._sequence_offset: int | None = None
        """From the publisher's numbers to this subscriber's; settled by the first packet."""
        self._resends = Allowance(per_second=_RESENT_PER_S, burst=_RESENT_AT_ONCE)

    @property
    def started(self) -> bool:
        """Whether packets flow."""
        return bool(self._payload_types)

    @property
    def description(self) -> SentTrack:
        """What the subscriber's section says of it."""
        info = self.track.info
        publisher = self.track.publisher_sid
        # A stream named by the publisher groups its tracks, which makes receivers play them in sync. Its name is free
        # text and this goes into a description for others, so its hash stands for it.
        stream = hashlib.sha256(info.stream.encode()).hexdigest()[:16] if info.stream else info.sid
        return SentTrack(self.ssrc, publisher, f"{publisher}|{stream}", info.sid)

    def start(self, codecs: tuple[Codec, ...], now_s: float) -> bool:
        """Let packets flow under the subscriber's payload types; False where it has none of the track's codecs."""
        self._payload_types = map_payload_types(self.track.codecs, codecs)
        if not self._payload_types:
            return False
        for delay_s in _FIRST_KEY_FRAMES_S:
            self.track.request_key_frame(now_s + delay_s)
        return True

    def send(self, packet: bytes, header: rtp.RtpHeader) -> None:
        """Forward one packet of the publisher's."""
        payload_type = self._payload_types.get(header.payload_type)
        if payload_type is None:
            return
        offset = self._sequence_offset
        if offset is None:
            offset = self._sequence_offset = _FIRST_SEQUENCE_NUMBER - header.sequence_number
        sequence_number = (header.sequence_number + offset) & 0xFFFF
        self._sink.send_rtp(
            rtp.rewrite(packet, header, payload_type=payload_type, sequence_number=sequence_number, ssrc=self.ssrc)
        )

    def send_report(self, report: rtcp.SenderReport) -> None:
        """Forward the publisher's clock mapping, by which a receiver lines up sound and picture."""
        if self.started:
            self._sink.send_rtcp(rtcp.build_sender_report(report._replace(ssrc=self.ssrc)))

    def resend(self, sequence_numbers: tuple[int, ...], now_s: float) -> None:
        """Answer a NACK from the buffer. What that does not hold, the uplink has asked the publisher for by itself."""
        if self._sequence_offset is None:
            return
        granted = self._resends.take(len(sequence_numbers), now_s)
        for sequence_number in sequence_numbers[:granted]:
            packet = self.track.buffered_packet((sequence_number - self._sequence_offset) & 0xFFFF)
            if packet is not None:
                self.send(packet, rtp.parse_header(packet))


class PublishedTrack:
    """One track of one participant, owned by that participant; `info` is what everybody is told of it."""

    def __init__(self, *, publisher_identity: str, publisher_sid: str, cid: str, info: models.TrackInfo) -> None:
        self.publisher_identity = publisher_identity
        self.publisher_sid = publisher_sid
        self.cid = cid
        """The client's name of it: as announced, then as described, which need not be the same."""
        self.info = info
        self.codecs: tuple[Codec, ...] = ()
        self.downlinks: dict[str, Downlink] = {}
        """By subscriber identity."""
        self._buffer = RetransmissionBuffer() if info.type == models.TrackType.VIDEO else None
        self._key_frames_due_s: list[float] = []
        self._last_key_frame_s = float("-inf")

    @property
    def sid(self) -> str:
        """The track's id, TR_..."""
        return self.info.sid

    @property
    def is_video(self) -> bool:
        """Whether it carries pictures."""
        return self.info.type == models.TrackType.VIDEO

    @property
    def kind(self) -> str:
        """As descriptions call it."""
        return "video" if self.is_video else "audio"

    @property
    def is_bound(self) -> bool:
        """Whether the publisher has described it, so that others can subscribe."""
        return bool(self.codecs)

    def bind(self, section: MediaSection) -> None:
        """Take what the publisher's section says of it."""
        self.cid = section.track_id
        self.info.mid = section.mid
        self.info.mime_type = section.codecs[0].mime_type
        self.codecs = section.codecs

    def forward(self, packet: bytes, header: rtp.RtpHeader) -> None:
        """Hand one decrypted packet to every subscriber."""
        if self._buffer is not None:
            self._buffer.store(header.sequence_number, packet)
        for downlink in self.downlinks.values():
            downlink.send(packet, header)

    def forward_report(self, report: rtcp.SenderReport) -> None:
        """Hand a sender report to every subscriber."""
        for downlink in self.downlinks.values():
            downlink.send_report(report)

    def buffered_packet(self, sequence_number: int) -> bytes | None:
        """A recent packet as the publisher sent it."""
        return self._buffer.get(sequence_number) if self._buffer is not None else None

    def request_key_frame(self, due_s: float) -> None:
        """Ask the publisher for a key frame at `due_s`; requests that fall together are one."""
        if self.is_video and len(self._key_frames_due_s) < 2 * len(self.downlinks) + 2:
            self._key_frames_due_s.append(due_s)

    def key_frame_is_due(self, now_s: float) -> bool:
        """Whether to ask now; True is said once per request that was made."""
        if not self._key_frames_due_s or min(self._key_frames_due_s) > now_s:
            return False
        if now_s - self._last_key_frame_s < KEY_FRAME_INTERVAL_S:
            return False
        self._key_frames_due_s = [due_s for due_s in self._key_frames_due_s if due_s > now_s]
        self._last_key_frame_s = now_s
        return True
