"""A published track and its copies to subscribers: forwarding, retransmission, key-frame requests."""

import secrets
from typing import Protocol

from livekit.protocol import models

from avatar_core.roomserver import rtcp, rtp
from avatar_core.roomserver.negotiation import SentTrack, map_payload_types
from avatar_core.roomserver.retransmission import RetransmissionBuffer
from avatar_core.roomserver.sdp import Codec

KEY_FRAME_INTERVAL_S = 0.3
"""Key frames are asked for no more often than this, however many subscribers want one."""

_FIRST_KEY_FRAMES_S = (0.05, 0.35)
"""After a subscription: once the answer has surely arrived, and again should the first have been too early."""


class PacketSink(Protocol):
    """The subscriber's transport."""

    def send_rtp(self, packet: bytes) -> None:
        """Send one RTP packet."""
        ...

    def send_rtcp(self, packet: bytes) -> None:
        """Send one RTCP packet."""
        ...


class Upstream(Protocol):
    """The publisher's uplink."""

    def request_lost(self, track: "PublishedTrack", sequence_numbers: tuple[int, ...]) -> None:
        """Ask the publisher for packets that never reached the server."""
        ...


class Downlink:
    """One subscriber's copy of a track: its own SSRC, the subscriber's payload types, the same numbering.

    Silent until `start`, which comes with the description that announces it.
    """

    def __init__(self, track: "PublishedTrack", sink: PacketSink) -> None:
        self.track = track
        self.ssrc = secrets.randbits(31) + 1
        self._sink = sink
        self._payload_types: dict[int, int] = {}

    @property
    def started(self) -> bool:
        """Whether packets flow."""
        return bool(self._payload_types)

    @property
    def description(self) -> SentTrack:
        """What the subscriber's section says of it."""
        track = self.track
        # A stream named by the publisher groups its tracks, which makes receivers play them in sync.
        stream = track.info.stream or track.info.sid
        return SentTrack(self.ssrc, track.publisher_sid, f"{track.publisher_sid}|{stream}", track.info.sid)

    def start(self, codecs: tuple[Codec, ...], now_s: float) -> None:
        """Let packets flow under the subscriber's payload types."""
        first = not self.started
        self._payload_types = map_payload_types(self.track.codecs, codecs)
        if first:
            for delay_s in _FIRST_KEY_FRAMES_S:
                self.track.request_key_frame(now_s + delay_s)

    def send(self, packet: bytes, header: rtp.RtpHeader) -> None:
        """Forward one packet of the publisher's."""
        payload_type = self._payload_types.get(header.payload_type)
        if payload_type is not None:
            self._sink.send_rtp(rtp.rewrite(packet, header, payload_type=payload_type, ssrc=self.ssrc))

    def send_report(self, report: rtcp.SenderReport) -> None:
        """Forward the publisher's clock mapping, by which a receiver lines up sound and picture."""
        if self.started:
            self._sink.send_rtcp(rtcp.build_sender_report(report._replace(ssrc=self.ssrc)))

    def resend(self, sequence_numbers: tuple[int, ...]) -> tuple[int, ...]:
        """Answer a NACK from the buffer; returns what the buffer does not hold."""
        missing = []
        for sequence_number in sequence_numbers:
            packet = self.track.buffered_packet(sequence_number)
            if packet is None:
                missing.append(sequence_number)
            else:
                self.send(packet, rtp.parse_header(packet))
        return tuple(missing)


class PublishedTrack:
    """One track of one participant, owned by that participant; `info` is what everybody is told of it."""

    def __init__(self, *, publisher_identity: str, publisher_sid: str, cid: str, info: models.TrackInfo) -> None:
        self.publisher_identity = publisher_identity
        self.publisher_sid = publisher_sid
        self.cid = cid
        self.info = info
        self.codecs: tuple[Codec, ...] = ()
        self.upstream: Upstream | None = None
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
    def is_bound(self) -> bool:
        """Whether the publisher has described it, so that others can subscribe."""
        return bool(self.codecs)

    def bind(self, mid: str, codecs: tuple[Codec, ...], upstream: Upstream) -> None:
        """Take what the publisher's section says of it, and by whom lost packets can be had again."""
        self.upstream = upstream
        self.info.mid = mid
        self.info.mime_type = codecs[0].mime_type
        self.codecs = codecs

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
