"""SRTP for one transport: the profiles offered in DTLS, and a session for each direction. libsrtp does the crypto."""

from collections import OrderedDict
from typing import NamedTuple

import pylibsrtp

_REPLAY_WINDOW_PACKETS = 1024
_MAX_STREAMS = 512
"""SSRCs a session remembers. libsrtp keeps a context for each it ever saw and searches them one by one, so a client
that made up ever new ones would slow the server down. More than a transport has sections."""

SrtpError = (pylibsrtp.Error, ValueError)
"""A packet that is forged, replayed, too old or too long: it can only be dropped and counted."""


class SrtpProfile(NamedTuple):
    """A protection profile (RFC 5764, RFC 7714) and the sizes of its keys."""

    name: bytes
    libsrtp: int
    key_bytes: int
    salt_bytes: int


PROFILES = (
    SrtpProfile(b"SRTP_AEAD_AES_128_GCM", pylibsrtp.Policy.SRTP_PROFILE_AEAD_AES_128_GCM, 16, 12),
    SrtpProfile(b"SRTP_AES128_CM_SHA1_80", pylibsrtp.Policy.SRTP_PROFILE_AES128_CM_SHA1_80, 16, 14),
)


class _Session:
    def __init__(self, profile: SrtpProfile, key: bytes, ssrc_type: int) -> None:
        policy = pylibsrtp.Policy(key=key, ssrc_type=ssrc_type, srtp_profile=profile.libsrtp)
        policy.allow_repeat_tx = True  # a NACK is answered with the same sequence number
        policy.window_size = _REPLAY_WINDOW_PACKETS
        self._session = pylibsrtp.Session(policy)
        self._recent: OrderedDict[bytes, None] = OrderedDict()

    def _used(self, ssrc: bytes) -> None:
        """Note that libsrtp holds a context for `ssrc`; the one unused for longest makes room for one too many."""
        if ssrc in self._recent:
            self._recent.move_to_end(ssrc)
            return
        self._recent[ssrc] = None
        if len(self._recent) > _MAX_STREAMS:
            oldest, _ = self._recent.popitem(last=False)
            self._session.remove_stream(int.from_bytes(oldest, "big"))


class SrtpSender(_Session):
    """Protects what the server sends on one transport. Both calls raise one of SrtpError."""

    def __init__(self, profile: SrtpProfile, key: bytes) -> None:
        super().__init__(profile, key, pylibsrtp.Policy.SSRC_ANY_OUTBOUND)

    def protect(self, packet: bytes) -> bytes:
        """RTP to SRTP."""
        protected: bytes = self._session.protect(packet)
        self._used(packet[8:12])
        return protected

    def protect_rtcp(self, packet: bytes) -> bytes:
        """RTCP to SRTCP."""
        protected: bytes = self._session.protect_rtcp(packet)
        self._used(packet[4:8])
        return protected


class SrtpReceiver(_Session):
    """Checks and opens what the client sends on one transport. Both calls raise one of SrtpError."""

    def __init__(self, profile: SrtpProfile, key: bytes) -> None:
        super().__init__(profile, key, pylibsrtp.Policy.SSRC_ANY_INBOUND)

    def unprotect(self, packet: bytes) -> bytes:
        """SRTP to RTP."""
        opened: bytes = self._session.unprotect(packet)
        self._used(packet[8:12])
        return opened

    def unprotect_rtcp(self, packet: bytes) -> bytes:
        """SRTCP to RTCP."""
        opened: bytes = self._session.unprotect_rtcp(packet)
        self._used(packet[4:8])
        return opened
