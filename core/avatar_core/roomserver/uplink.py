"""What one client sends: packets find their track, losses are asked for again, the sender is told how it goes.

Congestion feedback is what makes libwebrtc raise its rate at once instead of after 13 seconds.
"""

import secrets
from collections.abc import Callable

from avatar_core.roomserver import rtcp, rtp
from avatar_core.roomserver.negotiation import SDES_MID, TRANSPORT_CC
from avatar_core.roomserver.reception import GapDetector, ReceptionStats
from avatar_core.roomserver.sdp import MediaSection
from avatar_core.roomserver.track import PublishedTrack
from avatar_core.roomserver.twcc import FeedbackRecorder

_MAX_STREAMS = 128
_BLOCKS_PER_REPORT = 31
"""As many as one packet can count; more in a compound would not fit a datagram."""


class _Stream:
    """One received SSRC, bound to its track."""

    def __init__(self, ssrc: int, track: PublishedTrack) -> None:
        self.ssrc = ssrc
        self.track = track
        self.stats = ReceptionStats(ssrc, track.codecs[0].clock_rate_hz)
        self.gaps = GapDetector() if track.is_video else None


class Uplink:
    """The receiving half of one client, owned by its connection. `send_rtcp` goes back to the client."""

    def __init__(self, send_rtcp: Callable[[bytes], None]) -> None:
        self.unbound_packets = 0
        self._send_rtcp = send_rtcp
        self._ssrc = secrets.randbits(31) + 1
        self._streams: dict[int, _Stream] = {}
        self._tracks_by_mid: dict[str, PublishedTrack] = {}
        self._tracks_by_ssrc: dict[int, PublishedTrack] = {}
        self._mid_extension = 0
        self._transport_cc_extension = 0
        self._arrivals = FeedbackRecorder(self._ssrc, 0)

    def bind(self, section: MediaSection, track: PublishedTrack) -> None:
        """Expect `track` in `section`: by its announced SSRCs, or by the mid extension where it names none."""
        self._tracks_by_mid[section.mid] = track
        self._tracks_by_ssrc.update(dict.fromkeys(section.ssrcs, track))
        self._mid_extension = section.extensions.get(SDES_MID, self._mid_extension)
        self._transport_cc_extension = section.extensions.get(TRANSPORT_CC, self._transport_cc_extension)

    def unbind(self, track: PublishedTrack) -> None:
        """Forget `track`; what still arrives of it is dropped."""
        self._tracks_by_mid = {mid: other for mid, other in self._tracks_by_mid.items() if other is not track}
        self._tracks_by_ssrc = {ssrc: other for ssrc, other in self._tracks_by_ssrc.items() if other is not track}
        self._streams = {ssrc: stream for ssrc, stream in self._streams.items() if stream.track is not track}

    def rtp_received(self, packet: bytes, arrival_s: float) -> None:
        """Account for one packet and forward it."""
        header = rtp.parse_header(packet)
        if self._transport_cc_extension:
            number = rtp.header_extension(packet, header, self._transport_cc_extension)
            if number is not None and len(number) == 2:
                self._arrivals.record(int.from_bytes(number, "big"), arrival_s)
        stream = self._streams.get(header.ssrc) or self._begin_stream(packet, header)
        if stream is None:
            self.unbound_packets += 1
            return
        stream.stats.record(header.sequence_number, header.timestamp, arrival_s)
        if stream.gaps is not None and (missing := stream.gaps.record(header.sequence_number)):
            self._request_packets(stream.ssrc, missing)
        stream.track.forward(packet, header)

    def report_received(self, report: rtcp.SenderReport, arrival_s: float) -> None:
        """Take the sender's clock and pass it on."""
        stream = self._streams.get(report.ssrc)
        if stream is not None:
            stream.stats.sender_report(report.ntp_timestamp, arrival_s)
            stream.track.forward_report(report)

    def send_feedback(self, now_s: float) -> None:
        """Arrival times, repeated NACKs, key-frame requests: every few tens of milliseconds."""
        if self._streams:
            self._arrivals.media_ssrc = next(iter(self._streams))  # libwebrtc ignores feedback about other streams
            for packet in self._arrivals.take_feedback():
                self._send_rtcp(packet)
        for stream in self._streams.values():
            if stream.gaps is not None and (missing := stream.gaps.due(now_s)):
                self._request_packets(stream.ssrc, missing)
            if stream.track.key_frame_is_due(now_s):
                self._send_rtcp(rtcp.build_pli(self._ssrc, stream.ssrc))

    def send_reports(self, now_s: float) -> None:
        """Receiver reports of every stream, once a second."""
        blocks = [stream.stats.report_block(now_s) for stream in self._streams.values()]
        for start in range(0, len(blocks), _BLOCKS_PER_REPORT):
            self._send_rtcp(rtcp.build_receiver_report(self._ssrc, blocks[start : start + _BLOCKS_PER_REPORT]))

    def _request_packets(self, ssrc: int, sequence_numbers: tuple[int, ...]) -> None:
        self._send_rtcp(rtcp.build_nack(self._ssrc, ssrc, sequence_numbers))

    def _begin_stream(self, packet: bytes, header: rtp.RtpHeader) -> _Stream | None:
        track = self._tracks_by_ssrc.get(header.ssrc)
        if track is None and self._mid_extension:
            mid = rtp.header_extension(packet, header, self._mid_extension)
            track = self._tracks_by_mid.get(mid.decode("ascii", "replace")) if mid is not None else None
        if track is None or len(self._streams) >= _MAX_STREAMS:
            return None
        stream = self._streams[header.ssrc] = _Stream(header.ssrc, track)
        return stream
