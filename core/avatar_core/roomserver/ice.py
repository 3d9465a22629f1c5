"""ICE-lite (RFC 8445): the server answers connectivity checks and sends none.

Pure functions over aioice's STUN codec. Its Connection is not used: it leaves loopback out of the candidates.
"""

import secrets
import struct
from dataclasses import dataclass
from typing import NamedTuple

from aioice import stun

Address = tuple[str, int]

_USERNAME_LIMIT = 256


@dataclass(frozen=True)
class IceCredentials:
    """One transport's user fragment and password (RFC 8839 5.4)."""

    ufrag: str
    password: str

    @classmethod
    def generate(cls) -> "IceCredentials":
        """New random credentials; the user fragment also tells transports on one socket apart."""
        return cls(ufrag=secrets.token_hex(8), password=secrets.token_hex(16))


class BindingRequest(NamedTuple):
    """A connectivity check that has been parsed but not yet authenticated."""

    local_ufrag: str
    nominated: bool
    message: stun.Message


def parse_binding_request(datagram: bytes) -> BindingRequest | None:
    """The check in `datagram`, or None for anything else, malformed or not ours to answer."""
    try:
        message = stun.parse_message(datagram)
    except (ValueError, IndexError, struct.error):
        return None
    if message.message_method != stun.Method.BINDING or message.message_class != stun.Class.REQUEST:
        return None
    username = message.attributes.get("USERNAME", "")
    local_ufrag, separator, _ = username.partition(":")
    if not separator or len(username) > _USERNAME_LIMIT:
        return None
    return BindingRequest(local_ufrag, "USE-CANDIDATE" in message.attributes, message)


def answer_binding_request(request: BindingRequest, credentials: IceCredentials, source: Address) -> bytes | None:
    """The success response, or None where the check was not made with our password."""
    key = credentials.password.encode()
    if not request.message.check_message_integrity(key):
        return None
    response = stun.Message(
        message_method=stun.Method.BINDING,
        message_class=stun.Class.RESPONSE,
        transaction_id=request.message.transaction_id,
    )
    response.attributes["XOR-MAPPED-ADDRESS"] = source
    response.add_message_integrity(key)
    response.add_fingerprint()
    return bytes(response)
