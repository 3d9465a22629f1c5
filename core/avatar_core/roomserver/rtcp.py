"""RTCP: compound packets read into values, and the packets that the room sends (RFC 3550, 4585, 5104).

The room sends reduced-size RTCP (RFC 5506; its SDP has rtcp-rsize): any packet stands alone, so no SDES is ever built.
"""

import struct
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from avatar_core.roomserver.rtp import MalformedPacket, sequence_distance

_HEADER = struct.Struct("!BBH")
_SSRC = struct.Struct("!I")
_SENDER_INFO = struct.Struct("!IQIII")
_REPORT_BLOCK = struct.Struct("!IIIIII")
_FEEDBACK = struct.Struct("!II")
_NACK_ITEM = struct.Struct("!HH")
_FIR_ITEM = struct.Struct("!IB3x")

_VERSION = 2 << 6
_PADDING_BIT = 0x20
_COUNT_MASK = 0x1F
_MAX_BLOCKS = 31

_SENDER_REPORT = 200
_RECEIVER_REPORT = 201
_BYE = 203
_TRANSPORT_FEEDBACK = 205
_PAYLOAD_FEEDBACK = 206

_NACK_FORMAT = 1
_PLI_FORMAT = 1
_FIR_FORMAT = 4
_CONGESTION_FEEDBACK_FORMAT = 15


class ReportBlock(NamedTuple):
    """What a receiver says about one stream (RFC 3550, 6.4.1)."""

    ssrc: int
    fraction_lost: int
    """Lost since the last report, in 1/256."""
    cumulative_lost: int
    """Lost since the beginning; signed 24 bit, for duplicates can outnumber losses."""
    highest_sequence: int
    """Extended by the count of wraps, 32 bit."""
    jitter: int
    """In units of the stream's RTP clock."""
    last_sender_report: int
    """The middle 32 bits of the last sender report's NTP time; 0 if there was none."""
    delay_since_sender_report: int
    """In 1/65536 s."""


class SenderReport(NamedTuple):
    """A sender's pairing of wall time and RTP time. Its report blocks come apart, as a ReceiverReport."""

    ssrc: int
    ntp_timestamp: int
    """64 bit fixed point, seconds since 1900 in the upper half."""
    rtp_timestamp: int
    packet_count: int
    octet_count: int


class ReceiverReport(NamedTuple):
    """The report blocks of a receiver report, or of a sender report that had some."""

    ssrc: int
    blocks: tuple[ReportBlock, ...]


class Nack(NamedTuple):
    """A request to send packets again."""

    sender_ssrc: int
    media_ssrc: int
    sequence_numbers: tuple[int, ...]


class Pli(NamedTuple):
    """A picture loss indication: a request for a key frame."""

    media_ssrc: int


class Fir(NamedTuple):
    """A full intra request for one stream: a request for a key frame."""

    media_ssrc: int


class Bye(NamedTuple):
    """Streams that have ended."""

    ssrcs: tuple[int, ...]


RtcpPacket = SenderReport | ReceiverReport | Nack | Pli | Fir | Bye


def parse_compound(packet: bytes) -> list[RtcpPacket]:
    """Read a compound, or reduced-size, RTCP packet into what the room acts on, in order.

    Kinds without a value here are walked over by their length. Raises MalformedPacket if any part does not fit.
    """
    if not packet:
        raise MalformedPacket("RTCP packet is empty")
    found: list[RtcpPacket] = []
    position = 0
    while position < len(packet):
        if len(packet) - position < _HEADER.size:
            raise MalformedPacket(f"RTCP header is cut off at byte {len(packet)}")
        flags, kind, length = _HEADER.unpack_from(packet, position)
        if flags & 0xC0 != _VERSION:
            raise MalformedPacket(f"RTCP version {flags >> 6} instead of 2 at byte {position}")
        start = position + _HEADER.size
        position = end = start + 4 * length
        if end > len(packet):
            raise MalformedPacket(f"RTCP packet of kind {kind} is cut off at byte {len(packet)} of {end}")
        if flags & _PADDING_BIT:
            # An empty body has no last byte to count its padding.
            padding = packet[end - 1] if end > start else 0
            if not 0 < padding <= end - start:
                raise MalformedPacket(f"RTCP padding of {padding} bytes in a body of {end - start}")
            end -= padding
        found.extend(_parse_body(kind, flags & _COUNT_MASK, packet[start:end]))
    return found


def _parse_body(kind: int, count: int, body: bytes) -> Iterator[RtcpPacket]:
    """Yield the values of one packet; `count` is the header's five bits, a count or a feedback format by its kind."""
    if kind == _SENDER_REPORT:
        _require(len(body) >= _SENDER_INFO.size + count * _REPORT_BLOCK.size, "sender report", body)
        report = SenderReport(*_SENDER_INFO.unpack_from(body))
        yield report
        if count:
            yield ReceiverReport(report.ssrc, _parse_blocks(body, _SENDER_INFO.size, count))
    elif kind == _RECEIVER_REPORT:
        _require(len(body) >= _SSRC.size + count * _REPORT_BLOCK.size, "receiver report", body)
        yield ReceiverReport(_SSRC.unpack_from(body)[0], _parse_blocks(body, _SSRC.size, count))
    elif kind == _BYE:
        _require(len(body) >= count * _SSRC.size, "BYE", body)
        yield Bye(struct.unpack_from(f"!{count}I", body))
    elif kind == _TRANSPORT_FEEDBACK and count == _NACK_FORMAT:
        items_size = len(body) - _FEEDBACK.size
        _require(items_size > 0 and items_size % _NACK_ITEM.size == 0, "NACK", body)
        sender_ssrc, media_ssrc = _FEEDBACK.unpack_from(body)
        yield Nack(sender_ssrc, media_ssrc, tuple(_nacked_sequence_numbers(body[_FEEDBACK.size :])))
    elif kind == _PAYLOAD_FEEDBACK and count == _PLI_FORMAT:
        _require(len(body) >= _FEEDBACK.size, "PLI", body)
        yield Pli(_FEEDBACK.unpack_from(body)[1])
    elif kind == _PAYLOAD_FEEDBACK and count == _FIR_FORMAT:
        items_size = len(body) - _FEEDBACK.size
        _require(items_size > 0 and items_size % _FIR_ITEM.size == 0, "FIR", body)
        # The SSRC in the common header is unused; each item names the stream it asks (RFC 5104, 4.3.1.2).
        for media_ssrc, _command in _FIR_ITEM.iter_unpack(body[_FEEDBACK.size :]):
            yield Fir(media_ssrc)


def _require(fits: bool, name: str, body: bytes) -> None:
    if not fits:
        raise MalformedPacket(f"RTCP {name} does not fit its body of {len(body)} bytes")


def _parse_blocks(body: bytes, offset: int, count: int) -> tuple[ReportBlock, ...]:
    end = offset + count * _REPORT_BLOCK.size
    return tuple(
        ReportBlock(ssrc, loss >> 24, ((loss + 0x800000) & 0xFFFFFF) - 0x800000, *rest)
        for ssrc, loss, *rest in _REPORT_BLOCK.iter_unpack(body[offset:end])
    )


def _nacked_sequence_numbers(items: bytes) -> Iterator[int]:
    for first, following in _NACK_ITEM.iter_unpack(items):
        yield first
        for bit in range(16):
            if following >> bit & 1:
                yield (first + bit + 1) & 0xFFFF


def build_sender_report(report: SenderReport) -> bytes:
    """Build a sender report without report blocks.

    Forwarding one keeps its NTP and RTP timestamps, which is what receivers synchronize by, and replaces the SSRC:
    `build_sender_report(report._replace(ssrc=...))`.
    """
    return _HEADER.pack(_VERSION, _SENDER_REPORT, _SENDER_INFO.size // 4) + _SENDER_INFO.pack(*report)


def build_receiver_report(sender_ssrc: int, blocks: Sequence[ReportBlock]) -> bytes:
    """Build a receiver report; as many packets in a row as it takes, since one holds at most 31 blocks."""
    packets = []
    for first in range(0, max(1, len(blocks)), _MAX_BLOCKS):
        group = blocks[first : first + _MAX_BLOCKS]
        length = (_SSRC.size + len(group) * _REPORT_BLOCK.size) // 4
        packets.append(_HEADER.pack(_VERSION | len(group), _RECEIVER_REPORT, length))
        packets.append(_SSRC.pack(sender_ssrc))
        packets.extend(_pack_block(block) for block in group)
    return b"".join(packets)


def _pack_block(block: ReportBlock) -> bytes:
    loss = block.fraction_lost << 24 | block.cumulative_lost & 0xFFFFFF
    return _REPORT_BLOCK.pack(block.ssrc, loss, *block[3:])


def build_nack(sender_ssrc: int, media_ssrc: int, sequence_numbers: Iterable[int]) -> bytes:
    """Build a NACK. Numbers in sending order pack best: 17 in a row take one item. Raises ValueError for none."""
    items: list[list[int]] = []
    for sequence_number in sequence_numbers:
        ahead = sequence_distance(items[-1][0], sequence_number) if items else -1
        if 1 <= ahead <= 16:
            items[-1][1] |= 1 << (ahead - 1)
        elif ahead != 0:
            items.append([sequence_number, 0])
    if not items:
        raise ValueError("a NACK names at least one packet")
    return _build_feedback(
        _TRANSPORT_FEEDBACK,
        _NACK_FORMAT,
        sender_ssrc,
        media_ssrc,
        b"".join(_NACK_ITEM.pack(first, following) for first, following in items),
    )


def build_pli(sender_ssrc: int, media_ssrc: int) -> bytes:
    """Build a picture loss indication: the request for a key frame."""
    return _build_feedback(_PAYLOAD_FEEDBACK, _PLI_FORMAT, sender_ssrc, media_ssrc, b"")


def build_congestion_feedback(sender_ssrc: int, media_ssrc: int, arrivals: bytes) -> bytes:
    """Build a transport-wide congestion control feedback packet around what `twcc` says of the arrivals."""
    return _build_feedback(_TRANSPORT_FEEDBACK, _CONGESTION_FEEDBACK_FORMAT, sender_ssrc, media_ssrc, arrivals)


def _build_feedback(kind: int, feedback_format: int, sender_ssrc: int, media_ssrc: int, information: bytes) -> bytes:
    """Build a feedback packet (RFC 4585, 6.1), padded to whole words where its information is not."""
    padding = -len(information) % 4
    flags = _VERSION | feedback_format
    if padding:
        flags |= _PADDING_BIT
        information += bytes(padding - 1) + bytes((padding,))
    length = (_FEEDBACK.size + len(information)) // 4
    return _HEADER.pack(flags, kind, length) + _FEEDBACK.pack(sender_ssrc, media_ssrc) + information
