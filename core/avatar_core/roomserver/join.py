"""What a client says of itself as it connects, read from the query of its request; one function per mode.

Whether it may join is for the token to say, which is not read here.
"""

import base64
import binascii
import zlib
from collections.abc import Mapping
from dataclasses import dataclass

from google.protobuf.message import DecodeError
from livekit.protocol import models, rtc


class MalformedJoin(ValueError):
    """A query that is not a join request."""


@dataclass(frozen=True)
class Join:
    """The same facts in either mode; only the single-connection mode brings an offer and tracks along."""

    client: models.ClientInfo
    auto_subscribe: bool
    reconnect: bool
    offer: rtc.SessionDescription | None = None
    tracks: tuple[rtc.AddTrackRequest, ...] = ()


def read_single(query: Mapping[str, str], *, max_bytes: int) -> Join:
    """Read the query of /rtc/v1, whose join request unpacks to at most `max_bytes`; raises MalformedJoin."""
    encoded = query.get("join_request", "")
    if not encoded:
        raise MalformedJoin("there is no join request")
    try:
        packed = base64.b64decode(encoded + "=" * (-len(encoded) % 4), altchars=b"-_", validate=True)
        wrapped = rtc.WrappedJoinRequest.FromString(packed)
        content = wrapped.join_request
        if wrapped.compression == rtc.WrappedJoinRequest.Compression.GZIP:
            content = _gunzip(content, max_bytes)
        join = rtc.JoinRequest.FromString(content)
    except (DecodeError, binascii.Error, zlib.error, ValueError) as error:
        raise MalformedJoin(f"the join request can't be read: {error}") from None
    return Join(
        client=join.client_info,
        auto_subscribe=join.connection_settings.auto_subscribe,
        reconnect=join.reconnect,
        offer=join.publisher_offer if join.HasField("publisher_offer") else None,
        tracks=tuple(join.add_track_requests),
    )


def read_dual(query: Mapping[str, str]) -> Join:
    """Read the query of /rtc; what is not understood counts as not said."""
    known = models.ClientInfo.Capability.DESCRIPTOR.values_by_number
    capabilities = {_number(text) for text in query.get("capabilities", "").split(",")}
    return Join(
        client=models.ClientInfo(
            version=query.get("version", ""),
            client_protocol=_number(query.get("client_protocol", "")),
            capabilities=[known[number].name for number in sorted(capabilities) if number in known],
        ),
        auto_subscribe=query.get("auto_subscribe", "1") in ("1", "true"),
        reconnect=query.get("reconnect", "") in ("1", "true"),
    )


def _gunzip(content: bytes, max_bytes: int) -> bytes:
    """Decompress, bounded: a small message may unpack to a very large one."""
    decompressor = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    unpacked = decompressor.decompress(content, max_bytes)
    if decompressor.unconsumed_tail or not decompressor.eof:
        raise ValueError(f"it is cut short, or unpacks to more than {max_bytes} bytes")
    return unpacked


def _number(text: str) -> int:
    """A number as a query has it; 0 for what is none or too large for the messages it goes into."""
    return int(text) if text.isdecimal() and len(text) < 10 else 0
