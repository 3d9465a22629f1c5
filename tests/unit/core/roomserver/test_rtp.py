"""RTP headers: reading, extensions, rewriting; cross-checked against aiortc's own parser and serializer."""

import contextlib
import struct

import pytest
from aiortc.rtcrtpparameters import RTCRtpHeaderExtensionParameters, RTCRtpParameters
from aiortc.rtp import HeaderExtensionsMap, RtpPacket, pack_header_extensions
from hypothesis import given, settings
from hypothesis import strategies as st

from avatar_core.roomserver.rtp import (
    MalformedPacket,
    extend_sequence,
    header_extension,
    is_rtcp,
    parse_header,
    rewrite,
    sequence_distance,
)

unhurried = settings(deadline=None)

MID_ID, TRANSPORT_ID = 3, 5
EXTENSIONS = HeaderExtensionsMap()
EXTENSIONS.configure(
    RTCRtpParameters(
        headerExtensions=[
            RTCRtpHeaderExtensionParameters(id=MID_ID, uri="urn:ietf:params:rtp-hdrext:sdes:mid"),
            RTCRtpHeaderExtensionParameters(
                id=TRANSPORT_ID, uri="http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
            ),
        ]
    )
)

uint16 = st.integers(0, 0xFFFF)
uint32 = st.integers(0, 0xFFFFFFFF)


@st.composite
def rtp_packets(draw: st.DrawFn) -> RtpPacket:
    packet = RtpPacket(
        payload_type=draw(st.integers(0, 127)),
        marker=draw(st.integers(0, 1)),
        sequence_number=draw(uint16),
        timestamp=draw(uint32),
        ssrc=draw(uint32),
        payload=draw(st.binary(max_size=40)),
    )
    packet.csrc = draw(st.lists(uint32, max_size=15))
    packet.padding_size = draw(st.sampled_from((0, 0, 1, 4, 255)))
    # 17 letters do not fit the one-byte form, so that both forms are drawn.
    packet.extensions.mid = draw(st.none() | st.text("abc", min_size=1, max_size=17))
    packet.extensions.transport_sequence_number = draw(st.none() | uint16)
    return packet


def with_extension_block(profile: int, block: bytes, payload: bytes = b"media") -> bytes:
    assert len(block) % 4 == 0
    fixed = struct.pack("!BBHII", 0x90, 111, 1, 2, 3)
    return fixed + struct.pack("!HH", profile, len(block) // 4) + block + payload


def extension_of(packet: bytes, extension_id: int) -> bytes | None:
    return header_extension(packet, parse_header(packet), extension_id)


@unhurried
@given(rtp_packets())
def test_header_agrees_with_aiortc(packet: RtpPacket) -> None:
    data = packet.serialize(EXTENSIONS)
    header = parse_header(data)
    assert header[:5] == (
        bool(packet.marker),
        packet.payload_type,
        packet.sequence_number,
        packet.timestamp,
        packet.ssrc,
    )
    assert header.csrc_end == 12 + 4 * len(packet.csrc)
    assert data[header.payload_offset : len(data) - packet.padding_size] == packet.payload


@unhurried
@given(rtp_packets())
def test_header_extensions_agree_with_aiortc(packet: RtpPacket) -> None:
    data = packet.serialize(EXTENSIONS)
    mid, number = packet.extensions.mid, packet.extensions.transport_sequence_number
    assert extension_of(data, MID_ID) == (None if mid is None else mid.encode())
    assert extension_of(data, TRANSPORT_ID) == (None if number is None else struct.pack("!H", number))
    assert extension_of(data, 9) is None


@unhurried
@given(rtp_packets(), st.integers(0, 127), st.integers(0, 0xFFFF), uint32)
def test_rewrite_changes_payload_type_number_and_ssrc_and_drops_extensions_only(
    packet: RtpPacket, payload_type: int, number: int, ssrc: int
) -> None:
    data = packet.serialize(EXTENSIONS)
    rewritten = rewrite(data, parse_header(data), payload_type=payload_type, sequence_number=number, ssrc=ssrc)
    parsed = RtpPacket.parse(rewritten, EXTENSIONS)
    assert (parsed.payload_type, parsed.sequence_number, parsed.ssrc) == (payload_type, number, ssrc)
    assert (parsed.marker, parsed.timestamp) == (packet.marker, packet.timestamp)
    assert (parsed.csrc, parsed.payload, parsed.padding_size) == (packet.csrc, packet.payload, packet.padding_size)
    assert (parsed.extensions.mid, parsed.extensions.transport_sequence_number) == (None, None)
    assert parse_header(rewritten).payload_offset == parse_header(rewritten).csrc_end


def test_rewrite_without_extensions_keeps_every_other_byte() -> None:
    data = bytes.fromhex("a2e0 1234 deadbeef 00000001 0000000a 0000000b") + b"media\x00\x00\x03"
    rewritten = rewrite(data, parse_header(data), payload_type=0x2A, sequence_number=0x4321, ssrc=0x01020304)
    assert rewritten == bytes.fromhex("a2aa 4321 deadbeef 01020304 0000000a 0000000b") + b"media\x00\x00\x03"


@pytest.mark.parametrize(
    ("packet", "said"),
    [
        (b"", "0 bytes"),
        (bytes.fromhex("806f 0001 00000002 000000"), "11 bytes"),
        (bytes.fromhex("406f 0001 00000002 00000003"), "version 1"),
        (bytes.fromhex("826f 0001 00000002 00000003 00000004"), "20 bytes in a packet of 16"),
        (bytes.fromhex("906f 0001 00000002 00000003 bede00"), "before its extension header"),
        (bytes.fromhex("906f 0001 00000002 00000003 bede0002 10aa0000"), "24 bytes in a packet of 20"),
        (bytes.fromhex("a06f 0001 00000002 00000003 aabb00"), "padding of 0"),
        (bytes.fromhex("a06f 0001 00000002 00000003 aabb04"), "padding of 4 bytes in a payload of 3"),
        (bytes.fromhex("a06f 0001 00000002 00000003"), "in a payload of 0"),
    ],
)
def test_packet_that_does_not_fit_is_malformed(packet: bytes, said: str) -> None:
    with pytest.raises(MalformedPacket, match=said):
        parse_header(packet)


@unhurried
@given(
    st.binary(max_size=80)
    | st.binary(max_size=80).map(lambda data: b"\x90" + data)
    | st.builds(
        with_extension_block, st.sampled_from((0xBEDE, 0x1000, 0x1007, 0)), st.binary(min_size=16, max_size=16)
    ),
    st.integers(0, 255),
)
def test_arbitrary_bytes_raise_nothing_but_malformed(data: bytes, extension_id: int) -> None:
    is_rtcp(data)
    with contextlib.suppress(MalformedPacket):
        header = parse_header(data)
        value = header_extension(data, header, extension_id)
        assert value is None or value in data[header.csrc_end : header.payload_offset]
        rewritten = rewrite(data, header, payload_type=1, sequence_number=3, ssrc=2)
        assert parse_header(rewritten).timestamp == header.timestamp


@unhurried
@given(st.lists(st.tuples(st.integers(1, 14), st.binary(min_size=1, max_size=16)), max_size=6))
def test_first_element_with_the_id_is_found_in_a_one_byte_block(elements: list[tuple[int, bytes]]) -> None:
    _, block = pack_header_extensions(elements)
    data = with_extension_block(0xBEDE, block)
    for extension_id in range(1, 15):
        expected = next((value for element_id, value in elements if element_id == extension_id), None)
        assert extension_of(data, extension_id) == expected


@unhurried
@given(st.lists(st.tuples(st.integers(1, 255), st.binary(max_size=40)), max_size=6), st.integers(0, 15))
def test_first_element_with_the_id_is_found_in_a_two_byte_block(
    elements: list[tuple[int, bytes]], application_bits: int
) -> None:
    block = b"".join(bytes((element_id, len(value))) + value for element_id, value in elements)
    data = with_extension_block(0x1000 | application_bits, block + bytes(-len(block) % 4))
    for extension_id in {1, 255, *(element_id for element_id, _ in elements)}:
        expected = next((value for element_id, value in elements if element_id == extension_id), None)
        assert extension_of(data, extension_id) == expected


def test_padding_between_elements_is_skipped() -> None:
    assert extension_of(with_extension_block(0xBEDE, bytes.fromhex("0010aa00 0021bbcc")), 2) == b"\xbb\xcc"
    assert extension_of(with_extension_block(0x1000, bytes.fromhex("000101aa 00000202 bbcc0000")), 2) == b"\xbb\xcc"


def test_reserved_id_ends_a_one_byte_block() -> None:
    assert extension_of(with_extension_block(0xBEDE, bytes.fromhex("f010aa00")), 1) is None
    assert extension_of(with_extension_block(0xBEDE, bytes.fromhex("f0aa0000")), 15) is None


def test_padding_with_a_length_ends_a_one_byte_block() -> None:
    assert extension_of(with_extension_block(0xBEDE, bytes.fromhex("10aa0220 bb000000")), 1) == b"\xaa"
    assert extension_of(with_extension_block(0xBEDE, bytes.fromhex("10aa0220 bb000000")), 2) is None


@pytest.mark.parametrize(
    ("profile", "block"),
    [(0xBEDE, "10aa0023"), (0x1000, "0101aa02"), (0x1000, "0101aa00 000002ff")],
    ids=["one-byte value", "two-byte length", "two-byte value"],
)
def test_element_beyond_its_block_is_absent_and_those_before_it_are_not(profile: int, block: str) -> None:
    data = with_extension_block(profile, bytes.fromhex(block), payload=bytes(300))
    assert extension_of(data, 2) is None
    assert extension_of(data, 1) == b"\xaa"


@pytest.mark.parametrize("block", [b"", bytes.fromhex("10aa0000")], ids=["no element", "one element"])
def test_packet_may_end_with_its_extension_block(block: bytes) -> None:
    one_byte = with_extension_block(0xBEDE, block, payload=b"")
    assert parse_header(one_byte).payload_offset == len(one_byte)
    assert extension_of(one_byte, 2) is None
    two_byte = with_extension_block(0x1000, block[:1] + block[2:3] + bytes(len(block) // 2), payload=b"")
    assert parse_header(two_byte).payload_offset == len(two_byte)
    assert extension_of(two_byte, 2) is None


def test_block_of_an_unknown_profile_has_no_elements() -> None:
    assert extension_of(with_extension_block(0xABAC, bytes.fromhex("10aa0000")), 1) is None


def test_rtcp_is_told_from_rtp_by_its_second_byte() -> None:
    assert [kind for kind in range(256) if is_rtcp(bytes((0x80, kind)))] == list(range(192, 224))
    assert not is_rtcp(b"\xc8")
    # Payload type 111 with the marker, the highest dynamic type with it, and PCMU with it.
    assert not any(is_rtcp(bytes((0x80, 0x80 | payload_type))) for payload_type in (111, 127, 0))


@pytest.mark.parametrize(
    ("start", "end", "distance"),
    [(7, 7, 0), (65535, 0, 1), (0, 65535, -1), (65000, 500, 1036), (0, 32767, 32767), (0, 32768, -32768)],
)
def test_sequence_distance_crosses_the_wrap(start: int, end: int, distance: int) -> None:
    assert sequence_distance(start, end) == distance


@unhurried
@given(st.integers(-(1 << 20), 1 << 40), st.integers(-32768, 32767))
def test_extended_sequence_is_recovered_from_its_low_bits(near: int, ahead: int) -> None:
    assert extend_sequence((near + ahead) & 0xFFFF, near) == near + ahead
