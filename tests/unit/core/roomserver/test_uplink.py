"""What one client sends: finding the track of each packet, asking for lost ones, feedback."""

import struct

from avatar_core.roomserver.rtcp import Nack, Pli, ReceiverReport, SenderReport, parse_compound
from avatar_core.roomserver.rtp import parse_header
from avatar_core.roomserver.track import Downlink, PublishedTrack
from avatar_core.roomserver.uplink import Uplink
from tests.unit.core.roomserver.fakes import OPUS, VP8, RecordingSink, section, track

MID = "urn:ietf:params:rtp-hdrext:sdes:mid"
TRANSPORT_CC = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
EXTENSIONS = {MID: 4, TRANSPORT_CC: 3}


def rtp_packet(
    number: int, ssrc: int, *, payload_type: int = 96, mid: str | None = None, transport: int | None = None
) -> bytes:
    elements = b""
    if mid is not None:
        elements += bytes([4 << 4 | len(mid) - 1]) + mid.encode()
    if transport is not None:
        elements += bytes([3 << 4 | 1]) + struct.pack("!H", transport)
    fixed = struct.pack("!BBHII", 0x90 if elements else 0x80, payload_type, number & 0xFFFF, 3000 * number, ssrc)
    if not elements:
        return fixed + b"media"
    elements += bytes(-len(elements) % 4)
    return fixed + struct.pack("!HH", 0xBEDE, len(elements) // 4) + elements + b"media"


class Client:
    """An uplink with one subscriber on each track, and what was sent back to the publisher."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.uplink = Uplink(self.sent.append)
        self.sinks: dict[str, RecordingSink] = {}

    def publish(self, mid: str, *, kind: str = "video", ssrcs: tuple[int, ...] = ()) -> PublishedTrack:
        codecs = (VP8,) if kind == "video" else (OPUS,)
        published = track(f"TR_{mid}", kind=kind, codecs=codecs)
        sink = self.sinks[mid] = RecordingSink()
        downlink = published.downlinks["bob"] = Downlink(published, sink)
        downlink.start(codecs, now_s=100.0)
        self.uplink.bind(section(mid, kind=kind, codecs=codecs, ssrcs=ssrcs, extensions=EXTENSIONS), published)
        return published

    def feedback(self, now_s: float) -> list[object]:
        """What the next round of feedback says, congestion feedback left out."""
        self.sent.clear()
        self.uplink.send_feedback(now_s)
        return [part for packet in self.sent for part in parse_compound(packet)]

    def told(self) -> list[object]:
        return [part for packet in self.sent for part in parse_compound(packet)]


def test_audio_is_found_by_its_announced_ssrc_and_video_by_its_mid() -> None:
    client = Client()
    client.publish("8", kind="audio", ssrcs=(11,))
    client.publish("7")
    client.uplink.rtp_received(rtp_packet(1, 11, payload_type=111), 0.0)
    client.uplink.rtp_received(rtp_packet(1, 22, mid="7"), 0.0)
    client.uplink.rtp_received(rtp_packet(2, 22), 0.0)
    assert (len(client.sinks["8"].rtp), len(client.sinks["7"].rtp)) == (1, 2)


def test_packets_of_nobody_are_counted_and_dropped() -> None:
    client = Client()
    client.publish("7")
    for packet in (rtp_packet(1, 5), rtp_packet(1, 6, mid="no"), rtp_packet(1, 7, mid="\x00")):
        client.uplink.rtp_received(packet, 0.0)
    assert (client.uplink.unbound_packets, client.sinks["7"].rtp) == (3, [])


def test_withdrawn_track_is_forgotten() -> None:
    client = Client()
    published = client.publish("7", ssrcs=(5,))
    client.uplink.rtp_received(rtp_packet(1, 5), 0.0)
    client.uplink.unbind(published)
    client.uplink.rtp_received(rtp_packet(2, 5, mid="7"), 0.0)
    assert (len(client.sinks["7"].rtp), client.uplink.unbound_packets) == (1, 1)
    assert client.feedback(1.0) == []


def test_gap_is_asked_for_at_once_and_again_until_it_is_filled() -> None:
    client = Client()
    client.publish("7", ssrcs=(5,))
    for number in (65_534, 2):
        client.uplink.rtp_received(rtp_packet(number, 5), 0.0)
    (nack,) = client.told()
    assert isinstance(nack, Nack)
    assert (nack.media_ssrc, nack.sequence_numbers) == (5, (65_535, 0, 1))
    client.feedback(1.0)
    again = [part for part in client.feedback(1.2) if isinstance(part, Nack)]
    assert [part.sequence_numbers for part in again] == [(65_535, 0, 1)]
    for number in (65_535, 0, 1):
        client.uplink.rtp_received(rtp_packet(number, 5), 1.2)
    assert not [part for part in client.feedback(1.4) if isinstance(part, Nack)]
    assert len(client.sinks["7"].rtp) == 5


def test_lost_sound_is_not_asked_for() -> None:
    client = Client()
    client.publish("8", kind="audio", ssrcs=(11,))
    client.uplink.rtp_received(rtp_packet(1, 11, payload_type=111), 0.0)
    client.uplink.rtp_received(rtp_packet(9, 11, payload_type=111), 0.0)
    assert client.sent == []


def test_congestion_feedback_names_a_stream_that_is_still_sent() -> None:
    # libwebrtc ignores feedback about any other stream, and then raises its rate by a few percent a second only.
    client = Client()
    client.uplink.rtp_received(rtp_packet(1, 5, transport=100), 0.0)
    client.feedback(0.01)
    assert client.sent == []
    first = client.publish("7", ssrcs=(5,))
    client.publish("8", kind="audio", ssrcs=(11,))
    client.uplink.rtp_received(rtp_packet(2, 5, transport=101), 0.02)
    client.uplink.rtp_received(rtp_packet(1, 11, payload_type=111, transport=102), 0.03)
    for expected in (5, 11):
        client.feedback(0.05)
        (feedback,) = [packet for packet in client.sent if packet[:2] == b"\x8f\xcd" or packet[:2] == b"\xaf\xcd"]
        assert int.from_bytes(feedback[8:12], "big") == expected
        client.uplink.unbind(first)
        client.uplink.rtp_received(rtp_packet(2, 11, payload_type=111, transport=103), 0.06)


def test_key_frame_is_asked_for_when_a_subscriber_needs_one() -> None:
    client = Client()
    client.publish("7", ssrcs=(5,))
    client.uplink.rtp_received(rtp_packet(1, 5), 100.0)
    assert client.feedback(100.0) == []
    assert client.feedback(100.06) == [Pli(5)]


def test_reports_cover_every_stream_in_packets_that_fit_a_datagram() -> None:
    client = Client()
    client.publish("7", ssrcs=tuple(range(1, 41)))
    for ssrc in range(1, 41):
        client.uplink.rtp_received(rtp_packet(1, ssrc), 0.0)
    client.sent.clear()
    client.uplink.send_reports(1.0)
    reports = client.told()
    assert all(isinstance(report, ReceiverReport) for report in reports)
    assert sorted(block.ssrc for report in reports for block in report.blocks) == list(range(1, 41))
    assert all(len(packet) <= 1200 for packet in client.sent)


def test_nobody_sends_reports_about_nothing() -> None:
    client = Client()
    client.uplink.send_reports(1.0)
    client.uplink.send_feedback(1.0)
    assert client.sent == []


def test_senders_clock_is_passed_on_to_subscribers() -> None:
    client = Client()
    client.publish("7", ssrcs=(5,))
    client.uplink.report_received(SenderReport(5, 1 << 40, 9, 1, 1), 0.0)
    assert client.sinks["7"].rtcp == []  # nothing was sent yet under that SSRC
    client.uplink.rtp_received(rtp_packet(1, 5), 0.0)
    client.uplink.report_received(SenderReport(5, 1 << 40, 9, 1, 1), 0.0)
    (report,) = parse_compound(client.sinks["7"].rtcp[0])
    assert isinstance(report, SenderReport)
    assert (report.ntp_timestamp, report.rtp_timestamp) == (1 << 40, 9)
    assert report.ssrc == parse_header(client.sinks["7"].rtp[0]).ssrc
