"""A published track and its copies: numbering, retransmission, key frames, what a subscriber's section says."""

import struct

import pytest

from avatar_core.roomserver.rtcp import SenderReport, parse_compound
from avatar_core.roomserver.rtp import parse_header
from avatar_core.roomserver.sdp import Codec
from avatar_core.roomserver.track import KEY_FRAME_INTERVAL_S, Downlink, PublishedTrack
from tests.unit.core.roomserver.fakes import OPUS, VP8, RecordingSink, section, track

THEIR_VP8 = Codec(120, "VP8", 90_000, 1, "")


def rtp_packet(number: int, *, payload_type: int = 96, payload: bytes = b"media") -> bytes:
    return struct.pack("!BBHII", 0x80, payload_type, number & 0xFFFF, 1000 + number, 7) + payload


def forward(published: PublishedTrack, number: int, **values: object) -> None:
    packet = rtp_packet(number, **values)
    published.forward(packet, parse_header(packet))


def subscribed(published: PublishedTrack, identity: str = "bob") -> tuple[Downlink, RecordingSink]:
    sink = RecordingSink()
    downlink = published.downlinks[identity] = Downlink(published, sink)
    assert downlink.start((THEIR_VP8,), now_s=0.0)
    return downlink, sink


def numbers(sink: RecordingSink) -> list[int]:
    return [parse_header(packet).sequence_number for packet in sink.rtp]


def test_nothing_flows_before_the_start() -> None:
    published = track(codecs=(VP8,))
    sink = RecordingSink()
    published.downlinks["bob"] = downlink = Downlink(published, sink)
    forward(published, 1)
    downlink.send_report(SenderReport(7, 1, 2, 3, 4))
    downlink.resend((1,), 0.0)
    assert (sink.rtp, sink.rtcp, downlink.started) == ([], [], False)


def test_subscriber_gets_its_own_ssrc_and_payload_type() -> None:
    published = track(codecs=(VP8,))
    one, sink_of_one = subscribed(published, "bob")
    other, sink_of_other = subscribed(published, "carol")
    forward(published, 9)
    assert one.ssrc != other.ssrc
    for downlink, sink in ((one, sink_of_one), (other, sink_of_other)):
        header = parse_header(sink.rtp[0])
        assert (header.ssrc, header.payload_type, header.timestamp) == (downlink.ssrc, 120, 1009)


def test_payload_type_the_subscriber_does_not_know_is_not_forwarded() -> None:
    published = track(codecs=(VP8,))
    _, sink = subscribed(published)
    forward(published, 1, payload_type=97)
    assert sink.rtp == []


def test_subscriber_without_the_codec_never_starts() -> None:
    downlink = Downlink(track(codecs=(VP8,)), RecordingSink())
    assert not downlink.start((OPUS,), now_s=0.0)
    assert not downlink.started


@pytest.mark.parametrize("first", [0, 100, 65_534])
def test_late_subscriber_is_numbered_far_from_the_wrap(first: int) -> None:
    # Whoever misses the packets before a wrap of its SRTP stream can decrypt none of those after it.
    published = track(codecs=(VP8,))
    _, sink = subscribed(published)
    for number in (first, first + 1, first + 3, first + 2, first - 1):
        forward(published, number)
    begin = numbers(sink)[0]
    assert 1024 < begin < 1 << 15
    assert numbers(sink) == [begin, begin + 1, begin + 3, begin + 2, begin - 1]


def test_lost_packets_are_sent_again_under_the_subscribers_numbers() -> None:
    published = track(codecs=(VP8,))
    downlink, sink = subscribed(published)
    for number in range(65_530, 65_546):
        forward(published, number, payload=bytes([number & 0xFF]))
    sent = list(sink.rtp)
    sink.rtp.clear()
    begin = parse_header(sent[0]).sequence_number
    downlink.resend((begin + 3, begin + 9, begin + 500), now_s=1.0)
    assert sink.rtp == [sent[3], sent[9]]


def test_audio_is_not_sent_again() -> None:
    published = track("TR_A1", kind="audio", codecs=(OPUS,))
    sink = RecordingSink()
    published.downlinks["bob"] = downlink = Downlink(published, sink)
    downlink.start((OPUS,), now_s=0.0)
    forward(published, 1, payload_type=111)
    downlink.resend((numbers(sink)[0],), now_s=0.0)
    assert len(sink.rtp) == 1


def test_storm_of_nacks_is_answered_at_a_bounded_rate() -> None:
    published = track(codecs=(VP8,))
    downlink, sink = subscribed(published)
    for number in range(100):
        forward(published, number)
    wanted = tuple(numbers(sink))
    sink.rtp.clear()
    for _ in range(1000):
        downlink.resend(wanted, now_s=1.0)
    at_once = len(sink.rtp)
    for _ in range(1000):
        downlink.resend(wanted, now_s=1.1)
    assert at_once < 1000
    assert len(sink.rtp) - at_once <= 101


def test_sender_reports_keep_their_clock_and_get_the_subscribers_ssrc() -> None:
    published = track(codecs=(VP8,))
    downlink, sink = subscribed(published)
    published.forward_report(SenderReport(7, 1 << 40, 2000, 3, 4))
    assert parse_compound(sink.rtcp[0]) == [SenderReport(downlink.ssrc, 1 << 40, 2000, 3, 4)]


def test_many_requests_are_one_key_frame_per_interval() -> None:
    published = track(codecs=(VP8,))
    for _ in range(100):
        published.request_key_frame(1.0)
    assert not published.key_frame_is_due(0.9)
    assert [published.key_frame_is_due(1.0), published.key_frame_is_due(1.0)] == [True, False]
    published.request_key_frame(1.01)
    assert not published.key_frame_is_due(1.0 + KEY_FRAME_INTERVAL_S / 2)
    assert published.key_frame_is_due(1.01 + KEY_FRAME_INTERVAL_S)


def test_new_subscription_asks_for_a_key_frame_twice() -> None:
    published = track(codecs=(VP8,))
    subscribed(published)
    due = [now / 100 for now in range(100) if published.key_frame_is_due(now / 100)]
    assert due == [0.05, 0.35]


def test_audio_needs_no_key_frames() -> None:
    published = track("TR_A1", kind="audio", codecs=(OPUS,))
    published.request_key_frame(0.0)
    assert not published.key_frame_is_due(1.0)


def test_tracks_of_one_stream_are_grouped_and_its_name_is_not_told() -> None:
    hostile = "avatar\r\na=candidate:evil"
    descriptions = [
        Downlink(track(sid, stream=stream), RecordingSink()).description
        for sid, stream in (("TR_V1", hostile), ("TR_A1", hostile), ("TR_V2", "other"), ("TR_V3", ""))
    ]
    streams = [description.stream_id for description in descriptions]
    assert streams[0] == streams[1] != streams[2]
    assert streams[3] == "PA_alice|TR_V3"
    assert all(stream.startswith("PA_alice|") and stream.isprintable() and " " not in stream for stream in streams)


def test_track_takes_its_name_and_place_from_the_description() -> None:
    published = track(cid="announced")
    assert not published.is_bound
    published.bind(section("7", codecs=(VP8,), track_id="described"))
    assert published.is_bound
    assert (published.info.mid, published.info.mime_type, published.cid) == ("7", "video/VP8", "described")
