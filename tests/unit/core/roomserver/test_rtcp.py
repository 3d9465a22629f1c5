"""RTCP: every kind both ways against aiortc's own parser and serializer, and what does not fit."""

import contextlib
import struct

import pytest
from aiortc.rtp import (
    RTCP_PSFB_APP,
    RTCP_PSFB_FIR,
    RTCP_PSFB_PLI,
    RTCP_RTPFB_NACK,
    RtcpByePacket,
    RtcpPsfbPacket,
    RtcpReceiverInfo,
    RtcpRrPacket,
    RtcpRtpfbPacket,
    RtcpSdesPacket,
    RtcpSenderInfo,
    RtcpSourceInfo,
    RtcpSrPacket,
)
from aiortc.rtp import RtcpPacket as AiortcPacket
from hypothesis import given, settings
from hypothesis import strategies as st

from avatar_core.roomserver.rtcp import (
    Bye,
    Fir,
    Nack,
    Pli,
    ReceiverReport,
    ReportBlock,
    SenderReport,
    build_congestion_feedback,
    build_nack,
    build_pli,
    build_receiver_report,
    build_sender_report,
    parse_compound,
)
from avatar_core.roomserver.rtp import MalformedPacket

unhurried = settings(deadline=None)

uint8 = st.integers(0, 0xFF)
uint16 = st.integers(0, 0xFFFF)
uint32 = st.integers(0, 0xFFFFFFFF)
report_blocks = st.builds(ReportBlock, uint32, uint8, st.integers(-0x800000, 0x7FFFFF), uint32, uint32, uint32, uint32)
sender_reports = st.builds(SenderReport, uint32, st.integers(0, (1 << 64) - 1), uint32, uint32, uint32)


def receiver_info(block: ReportBlock) -> RtcpReceiverInfo:
    return RtcpReceiverInfo(*block)


@unhurried
@given(sender_reports, st.lists(report_blocks, max_size=31))
def test_sender_report_comes_apart_into_itself_and_its_blocks(report: SenderReport, blocks: list[ReportBlock]) -> None:
    packet = RtcpSrPacket(report.ssrc, RtcpSenderInfo(*report[1:]), [receiver_info(block) for block in blocks])
    expected = [report, ReceiverReport(report.ssrc, tuple(blocks))] if blocks else [report]
    assert parse_compound(bytes(packet)) == expected


@unhurried
@given(sender_reports, uint32)
def test_forwarded_sender_report_differs_by_the_ssrc_alone(report: SenderReport, ssrc: int) -> None:
    [built] = AiortcPacket.parse(build_sender_report(report._replace(ssrc=ssrc)))
    assert built == RtcpSrPacket(ssrc, RtcpSenderInfo(*report[1:]))


@unhurried
@given(uint32, st.lists(report_blocks, max_size=70))
def test_receiver_report_holds_every_block_in_packets_of_at_most_31(ssrc: int, blocks: list[ReportBlock]) -> None:
    built = build_receiver_report(ssrc, blocks)
    parsed = [packet for packet in AiortcPacket.parse(built) if isinstance(packet, RtcpRrPacket)]
    assert sum(len(bytes(packet)) for packet in parsed) == len(built)
    assert [len(packet.reports) for packet in parsed[:-1]] == [31] * (len(parsed) - 1)
    assert {packet.ssrc for packet in parsed} == {ssrc}
    assert [info for packet in parsed for info in packet.reports] == [receiver_info(block) for block in blocks]
    reports = [report for report in parse_compound(built) if isinstance(report, ReceiverReport)]
    assert [block for report in reports for block in report.blocks] == blocks


@unhurried
@given(uint32, uint32, st.lists(uint16, min_size=1, max_size=60, unique=True))
def test_nack_names_just_the_numbers_it_was_built_from(sender: int, media: int, numbers: list[int]) -> None:
    [nack] = parse_compound(build_nack(sender, media, numbers))
    assert isinstance(nack, Nack)
    assert (nack.sender_ssrc, nack.media_ssrc) == (sender, media)
    assert sorted(nack.sequence_numbers) == sorted(numbers)


@unhurried
@given(st.lists(st.integers(1, 65000), min_size=1, max_size=60, unique=True).map(sorted))
def test_nack_of_ascending_numbers_is_built_as_aiortc_builds_it(numbers: list[int]) -> None:
    theirs = RtcpRtpfbPacket(fmt=RTCP_RTPFB_NACK, ssrc=1, media_ssrc=2, lost=numbers)
    assert build_nack(1, 2, numbers) == bytes(theirs)
    assert parse_compound(bytes(theirs)) == [Nack(1, 2, tuple(numbers))]


def test_nack_packs_17_numbers_into_one_item_across_the_wrap() -> None:
    numbers = tuple((65530 + step) & 0xFFFF for step in range(17))
    built = build_nack(1, 2, numbers)
    assert len(built) == 16
    assert parse_compound(built) == [Nack(1, 2, numbers)]


def test_nack_names_a_repeated_number_once() -> None:
    assert parse_compound(build_nack(1, 2, (7, 7, 8, 8))) == [Nack(1, 2, (7, 8))]


def test_nack_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        build_nack(1, 2, ())


def test_pli_is_built_and_read_as_aiortc_does() -> None:
    theirs = bytes(RtcpPsfbPacket(fmt=RTCP_PSFB_PLI, ssrc=1, media_ssrc=0xFFFFFFFE))
    assert build_pli(1, 0xFFFFFFFE) == theirs
    assert parse_compound(theirs) == [Pli(0xFFFFFFFE)]


def test_fir_asks_each_stream_in_its_items() -> None:
    items = struct.pack("!IB3xIB3x", 77, 4, 78, 5)
    packet = RtcpPsfbPacket(fmt=RTCP_PSFB_FIR, ssrc=1, media_ssrc=0, fci=items)
    assert parse_compound(bytes(packet)) == [Fir(77), Fir(78)]


def test_bye_names_its_streams_and_its_reason_is_left_out() -> None:
    with_reason = struct.pack("!BBHII", 0x82, 203, 3, 5, 6) + b"\x03bye"
    assert parse_compound(with_reason) == [Bye((5, 6))]
    assert parse_compound(bytes(RtcpByePacket(sources=[9]))) == [Bye((9,))]


def test_unknown_kinds_are_walked_over_and_order_is_kept() -> None:
    description = RtcpSdesPacket(chunks=[RtcpSourceInfo(ssrc=1, items=[(1, b"name")])])
    bitrate = RtcpPsfbPacket(fmt=RTCP_PSFB_APP, ssrc=1, media_ssrc=0, fci=b"REMB\x01\x00\x00\x01\x00\x00\x00\x02")
    extended_report = struct.pack("!BBHI", 0x80, 207, 1, 1)
    compound = b"".join(
        (
            build_receiver_report(1, ()),
            bytes(description),
            build_pli(1, 2),
            bytes(bitrate),
            build_congestion_feedback(1, 2, bytes(8)),
            extended_report,
            build_nack(1, 2, (3,)),
        )
    )
    assert parse_compound(compound) == [ReceiverReport(1, ()), Pli(2), Nack(1, 2, (3,))]


def test_profile_specific_extension_of_a_report_is_left_out() -> None:
    packet = struct.pack("!BBHII", 0x80, 201, 2, 5, 0xAAAAAAAA)
    assert parse_compound(packet) == [ReceiverReport(5, ())]


def test_padding_is_cut_off_before_the_body_is_read() -> None:
    packet = struct.pack("!BBHIII", 0xA1, 206, 3, 1, 2, 4)
    assert parse_compound(packet) == [Pli(2)]
    nack = struct.pack("!BBHIIHHI", 0xA1, 205, 4, 1, 2, 30, 0, 4)
    assert parse_compound(nack) == [Nack(1, 2, (30,))]


@pytest.mark.parametrize("size", range(5))
def test_feedback_is_padded_to_whole_words(size: int) -> None:
    information = bytes(range(1, size + 1))
    built = build_congestion_feedback(1, 2, information)
    padding = -size % 4
    assert built[0] == (0xAF if padding else 0x8F)
    assert built[12 : 12 + size] == information
    assert len(built) == 12 + size + padding
    assert struct.unpack_from("!H", built, 2)[0] == len(built) // 4 - 1
    assert not padding or built[-1] == padding


@pytest.mark.parametrize(
    ("packet", "said"),
    [
        ("", "empty"),
        ("80c9", "cut off"),
        ("00c90001 00000001", "version 0"),
        ("80c90002 00000001", "kind 201 is cut off at byte 8 of 12"),
        ("81c90001 00000001", "receiver report"),
        ("80c80001 00000001", "sender report"),
        ("82cb0001 00000001", "BYE"),
        ("81cd0001 00000001", "NACK"),
        ("81cd0002 00000001 00000002", "NACK"),
        ("a1cd0004 00000001 00000002 00010000 00000003", "NACK"),
        ("81ce0001 00000001", "PLI"),
        ("84ce0002 00000001 00000002", "FIR"),
        ("84ce0003 00000001 00000002 00000003", "FIR"),
        ("a0c90001 00000000", "padding of 0"),
        ("a0c90001 00000005", "padding of 5 bytes in a body of 4"),
        ("a0c90000", "padding of 0 bytes in a body of 0"),
        ("81ce0002 00000001 00000002 81", "cut off"),
    ],
)
def test_packet_that_does_not_fit_is_malformed(packet: str, said: str) -> None:
    with pytest.raises(MalformedPacket, match=said):
        parse_compound(bytes.fromhex(packet))


@st.composite
def plausible_packets(draw: st.DrawFn) -> bytes:
    """Headers that fit around bodies that may not, so that the search gets beyond the header."""
    packets = []
    for _ in range(draw(st.integers(1, 3))):
        body = draw(st.binary(max_size=60))
        body += bytes(-len(body) % 4)
        flags = 0x80 | draw(st.integers(0, 0x3F))
        packets.append(struct.pack("!BBH", flags, draw(st.integers(200, 207)), len(body) // 4) + body)
    return b"".join(packets)


@settings(deadline=None, max_examples=400)
@given(st.binary(max_size=100) | plausible_packets())
def test_arbitrary_bytes_raise_nothing_but_malformed(data: bytes) -> None:
    with contextlib.suppress(MalformedPacket):
        for packet in parse_compound(data):
            if isinstance(packet, SenderReport):
                assert parse_compound(build_sender_report(packet)) == [packet]
            elif isinstance(packet, ReceiverReport):
                assert parse_compound(build_receiver_report(packet.ssrc, packet.blocks)) == [packet]
