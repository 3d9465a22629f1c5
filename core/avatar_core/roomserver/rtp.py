"""RTP packets as bytes: reading headers, rewriting them for a subscriber, sequence number arithmetic.

Pure and in the hot path of every packet. RTCP is in `rtcp`; what a stream's packets add up to is in `reception`.
"""

import struct
from typing import NamedTuple

_FIXED_HEADER = struct.Struct("!BBHII")
_EXTENSION_HEADER = struct.Struct("!HH")

_VERSION = 2 << 6
_VERSION_MASK = 0xC0
_PADDING_BIT = 0x20
_EXTENSION_BIT = 0x10
_CSRC_COUNT_MASK = 0x0F
_MARKER_BIT = 0x80

_ONE_BYTE_PROFILE = 0xBEDE
_TWO_BYTE_PROFILE = 0x1000


class MalformedPacket(ValueError):
    """An RTP or RTCP packet that is truncated or breaks its format; it can only be dropped and counted."""


class RtpHeader(NamedTuple):
    """The fixed header of one packet, and where its variable parts lie (offsets in bytes)."""

    marker: bool
    payload_type: int
    sequence_number: int
    timestamp: int
    ssrc: int
    csrc_end: int
    """Just behind the CSRCs: where the extension block begins, if there is one."""
    payload_offset: int
    """Where the payload begins; equals `csrc_end` if the packet has no extension block."""


def is_rtcp(packet: bytes) -> bool:
    """Whether a packet on a multiplexed transport is RTCP and not RTP (RFC 5761, section 4)."""
    return len(packet) >= 2 and 192 <= packet[1] <= 223


def parse_header(packet: bytes) -> RtpHeader:
    """Read the header of an RTP packet.

    Raises MalformedPacket for another version than 2, and for CSRCs, an extension block or padding that do not fit.
    """
    size = len(packet)
    if size < _FIXED_HEADER.size:
        raise MalformedPacket(f"RTP packet of {size} bytes is shorter than its fixed header")
    flags, marker_and_type, sequence_number, timestamp, ssrc = _FIXED_HEADER.unpack_from(packet)
    if flags & _VERSION_MASK != _VERSION:
        raise MalformedPacket(f"RTP version {flags >> 6} instead of 2")
    csrc_end = payload_offset = _FIXED_HEADER.size + 4 * (flags & _CSRC_COUNT_MASK)
    if flags & _EXTENSION_BIT:
        payload_offset += _EXTENSION_HEADER.size
        if payload_offset > size:
            raise MalformedPacket(f"RTP packet of {size} bytes ends before its extension header")
        payload_offset += 4 * _EXTENSION_HEADER.unpack_from(packet, csrc_end)[1]
    if payload_offset > size:
        raise MalformedPacket(f"RTP header of {payload_offset} bytes in a packet of {size}")
    if flags & _PADDING_BIT and not 0 < packet[-1] <= size - payload_offset:
        raise MalformedPacket(f"RTP padding of {packet[-1]} bytes in a payload of {size - payload_offset}")
    return RtpHeader(
        marker_and_type & _MARKER_BIT != 0,
        marker_and_type & 0x7F,
        sequence_number,
        timestamp,
        ssrc,
        csrc_end,
        payload_offset,
    )


def header_extension(packet: bytes, header: RtpHeader, extension_id: int) -> bytes | None:
    """Return the first header extension element with this id, in the one-byte or the two-byte form (RFC 8285).

    None if the packet has no such element. An element that does not fit its block ends the block: a damaged extension
    is no reason to lose the media behind it.
    """
    if header.payload_offset == header.csrc_end:
        return None
    profile, _ = _EXTENSION_HEADER.unpack_from(packet, header.csrc_end)
    position = header.csrc_end + _EXTENSION_HEADER.size
    if profile == _ONE_BYTE_PROFILE:
        return _one_byte_element(packet, position, header.payload_offset, extension_id)
    # The low four bits of the two-byte profile are free for the application.
    if profile & 0xFFF0 == _TWO_BYTE_PROFILE:
        return _two_byte_element(packet, position, header.payload_offset, extension_id)
    return None


def _one_byte_element(packet: bytes, position: int, end: int, extension_id: int) -> bytes | None:
    while position < end:
        prefix = packet[position]
        position += 1
        if prefix == 0:
            continue
        element_id = prefix >> 4
        # Both ids end the block (RFC 8285, section 4.2): 15 is reserved, and 0 is padding, which has no length.
        if element_id in (0, 15):
            return None
        element_end = position + (prefix & 0x0F) + 1
        if element_end > end:
            return None
        if element_id == extension_id:
            return packet[position:element_end]
        position = element_end
    return None


def _two_byte_element(packet: bytes, position: int, end: int, extension_id: int) -> bytes | None:
    while position < end:
        element_id = packet[position]
        position += 1
        if element_id == 0:
            continue
        if position == end:
            return None
        element_end = position + 1 + packet[position]
        if element_end > end:
            return None
        if element_id == extension_id:
            return packet[position + 1 : element_end]
        position = element_end
    return None


def rewrite(packet: bytes, header: RtpHeader, *, payload_type: int, sequence_number: int, ssrc: int) -> bytes:
    """Return the packet as a subscriber gets it: its own payload type (0 to 127), numbering and SSRC, no extensions.

    Header extensions are dropped because their ids and values belong to the publisher's connection: a forwarded MID
    names another media section at the subscriber (ROOMSERVER 4.4). Marker, timestamp, CSRCs, payload and padding stay.
    """
    fixed = _FIXED_HEADER.pack(
        packet[0] & ~_EXTENSION_BIT,
        payload_type | _MARKER_BIT if header.marker else payload_type,
        sequence_number,
        header.timestamp,
        ssrc,
    )
    if header.csrc_end == _FIXED_HEADER.size:
        return fixed + packet[header.payload_offset :]
    return fixed + packet[_FIXED_HEADER.size : header.csrc_end] + packet[header.payload_offset :]


def sequence_distance(start: int, end: int) -> int:
    """Return the steps from one 16 bit sequence number to another across the wrap, -32768 to 32767; + is newer."""
    return ((end - start + 0x8000) & 0xFFFF) - 0x8000


def extend_sequence(sequence_number: int, near: int) -> int:
    """Return the number without wraps that has these low 16 bits and lies nearest to `near`."""
    return near + sequence_distance(near & 0xFFFF, sequence_number)
