"""DTLS 1.2 and its SRTP keys for one transport, without I/O: datagrams in, datagrams out, a timer to serve.

OpenSSL does the protocol and libsrtp the packet protection; here they are only driven.
"""

import datetime
import enum
import hashlib
from collections.abc import Iterator
from typing import NamedTuple

import pylibsrtp
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from OpenSSL import SSL

_DTLS_1_2 = 0xFEFD  # pyOpenSSL passes the number on but has no name for it
_CIPHERS = (
    b"ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-CHACHA20-POLY1305:"
    b"ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-CHACHA20-POLY1305"
)
_MAX_DATAGRAM_BYTES = 1200
_RECORD_HEADER_BYTES = 13
_REPLAY_WINDOW_PACKETS = 1024


class DtlsRole(enum.Enum):
    """Who speaks first; settled by a=setup (RFC 5763)."""

    CLIENT = "active"
    SERVER = "passive"


class DtlsState(enum.Enum):
    """Where the handshake stands."""

    NEW = enum.auto()
    CONNECTING = enum.auto()
    CONNECTED = enum.auto()
    CLOSED = enum.auto()
    FAILED = enum.auto()


class Fingerprint(NamedTuple):
    """Hash of a certificate as SDP carries it: lower-case algorithm, upper-case hex with colons."""

    algorithm: str
    value: str


class _SrtpProfile(NamedTuple):
    name: bytes
    libsrtp: int
    key_bytes: int
    salt_bytes: int


_PROFILES = (
    _SrtpProfile(b"SRTP_AEAD_AES_128_GCM", pylibsrtp.Policy.SRTP_PROFILE_AEAD_AES_128_GCM, 16, 12),
    _SrtpProfile(b"SRTP_AES128_CM_SHA1_80", pylibsrtp.Policy.SRTP_PROFILE_AES128_CM_SHA1_80, 16, 14),
)


class Certificate:
    """A self-signed certificate of this server, trusted by its fingerprint in the SDP alone."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "avatar-testbench room")])
        now = datetime.datetime.now(tz=datetime.UTC)
        self._certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(self._key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=365))
            .sign(self._key, hashes.SHA256())
        )
        self.fingerprint = fingerprint_of(self._certificate, "sha-256")

    def context(self) -> SSL.Context:
        """A DTLS context that presents this certificate and asks the peer for its own."""
        context = SSL.Context(SSL.DTLS_METHOD)
        context.set_options(SSL.OP_NO_TICKET | SSL.OP_NO_QUERY_MTU)
        context.set_min_proto_version(_DTLS_1_2)
        context.set_max_proto_version(_DTLS_1_2)
        # Any certificate passes here: it is held against the signalled fingerprint after the handshake.
        context.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT, lambda *_: True)
        context.use_certificate(self._certificate)
        context.use_privatekey(self._key)
        context.set_cipher_list(_CIPHERS)
        context.set_tlsext_use_srtp(b":".join(profile.name for profile in _PROFILES))
        return context


def fingerprint_of(certificate: x509.Certificate, algorithm: str) -> Fingerprint:
    """The fingerprint of `certificate`; ValueError for an algorithm that SDP may not use (RFC 8122)."""
    if algorithm not in ("sha-256", "sha-384", "sha-512"):
        raise ValueError(f"fingerprint algorithm {algorithm!r}")
    digest = hashlib.new(algorithm.replace("-", ""), certificate.public_bytes(Encoding.DER)).hexdigest().upper()
    return Fingerprint(algorithm, ":".join(digest[i : i + 2] for i in range(0, len(digest), 2)))


class DtlsEndpoint:
    """One end of a DTLS association. The owner moves datagrams and calls `handle_timeout` when told to.

    After CONNECTED, `protect*` and `unprotect*` serve SRTP; pylibsrtp.Error means a packet to be dropped.
    """

    def __init__(self, context: SSL.Context, role: DtlsRole, remote_fingerprints: tuple[Fingerprint, ...]) -> None:
        self.state = DtlsState.NEW
        self.role = role
        self.failure = ""
        self._remote_fingerprints = remote_fingerprints
        self._ssl = SSL.Connection(context)
        self._ssl.set_ciphertext_mtu(_MAX_DATAGRAM_BYTES)
        self._inbound: pylibsrtp.Session | None = None
        self._outbound: pylibsrtp.Session | None = None

    def start(self) -> None:
        """Begin the handshake; as client this produces the first flight."""
        if self.role is DtlsRole.CLIENT:
            self._ssl.set_connect_state()
        else:
            self._ssl.set_accept_state()
        self.state = DtlsState.CONNECTING
        self._handshake()

    def receive(self, datagram: bytes) -> list[bytes]:
        """Take in one datagram; returns the application data it held, in order."""
        if self.state not in (DtlsState.CONNECTING, DtlsState.CONNECTED):
            return []
        self._ssl.bio_write(datagram)
        if self.state is DtlsState.CONNECTING:
            self._handshake()
        return self._application_data() if self.state is DtlsState.CONNECTED else []

    def send(self, data: bytes) -> None:
        """Encrypt application data; ConnectionError before the handshake has ended or after the close."""
        if self.state is not DtlsState.CONNECTED:
            raise ConnectionError("the DTLS association is not connected")
        self._ssl.send(data)

    def outgoing(self) -> Iterator[bytes]:
        """Datagrams to send now. Whole records share one; a record is never split."""
        try:
            flight = self._ssl.bio_read(1 << 16)
        except SSL.WantReadError:
            return
        start = position = 0
        while position + _RECORD_HEADER_BYTES <= len(flight):
            length = _RECORD_HEADER_BYTES + int.from_bytes(flight[position + 11 : position + 13], "big")
            if position > start and position + length - start > _MAX_DATAGRAM_BYTES:
                yield flight[start:position]
                start = position
            position += length
        if start < len(flight):
            yield flight[start:]

    def timeout_s(self) -> float | None:
        """Seconds until `handle_timeout` is due, or None while no flight is in the air."""
        if self.state is not DtlsState.CONNECTING:
            return None
        timeout = self._ssl.DTLSv1_get_timeout()
        return None if timeout is None else float(timeout)

    def handle_timeout(self) -> None:
        """Queue the last flight again."""
        self._ssl.DTLSv1_handle_timeout()

    def close(self) -> None:
        """Queue a close-notify where one is due."""
        if self.state is DtlsState.CONNECTED:
            try:
                self._ssl.shutdown()
            except SSL.Error as error:
                self.failure = str(error)
        if self.state is not DtlsState.FAILED:
            self.state = DtlsState.CLOSED

    def protect(self, packet: bytes) -> bytes:
        """RTP to SRTP."""
        return self._session(self._outbound).protect(packet)

    def protect_rtcp(self, packet: bytes) -> bytes:
        """RTCP to SRTCP."""
        return self._session(self._outbound).protect_rtcp(packet)

    def unprotect(self, packet: bytes) -> bytes:
        """SRTP to RTP."""
        return self._session(self._inbound).unprotect(packet)

    def unprotect_rtcp(self, packet: bytes) -> bytes:
        """SRTCP to RTCP."""
        return self._session(self._inbound).unprotect_rtcp(packet)

    def _handshake(self) -> None:
        try:
            self._ssl.do_handshake()
        except SSL.WantReadError:
            return
        except SSL.Error as error:
            self._fail(f"handshake: {error}")
            return
        certificate = self._ssl.get_peer_certificate(as_cryptography=True)
        if certificate is None or not any(
            fingerprint == fingerprint_of(certificate, fingerprint.algorithm)
            for fingerprint in self._remote_fingerprints
        ):
            self._fail("the certificate is not the one whose fingerprint was signalled")
            return
        self._derive_srtp_keys()

    def _application_data(self) -> list[bytes]:
        received: list[bytes] = []
        while True:
            try:
                received.append(self._ssl.recv(1 << 14))
            except SSL.ZeroReturnError:
                self.state = DtlsState.CLOSED
                return received
            except SSL.Error:  # WantRead when all is read; a forged record is dropped by DTLS itself
                return received

    def _derive_srtp_keys(self) -> None:
        """Keys by RFC 5764 4.2: client key, server key, client salt, server salt."""
        name = self._ssl.get_selected_srtp_profile()
        profile = next((profile for profile in _PROFILES if profile.name == name), None)
        if profile is None:
            self._fail("no common SRTP profile")
            return
        key_bytes, salt_bytes = profile.key_bytes, profile.salt_bytes
        material = self._ssl.export_keying_material(b"EXTRACTOR-dtls_srtp", 2 * (key_bytes + salt_bytes))
        client, server = (
            material[i * key_bytes : (i + 1) * key_bytes]
            + material[2 * key_bytes + i * salt_bytes : 2 * key_bytes + (i + 1) * salt_bytes]
            for i in (0, 1)
        )
        ours, theirs = (client, server) if self.role is DtlsRole.CLIENT else (server, client)
        self._inbound = _srtp_session(profile, theirs, pylibsrtp.Policy.SSRC_ANY_INBOUND)
        self._outbound = _srtp_session(profile, ours, pylibsrtp.Policy.SSRC_ANY_OUTBOUND)
        self.state = DtlsState.CONNECTED

    def _fail(self, reason: str) -> None:
        self.state = DtlsState.FAILED
        self.failure = reason

    def _session(self, session: pylibsrtp.Session | None) -> pylibsrtp.Session:
        if session is None:
            raise ConnectionError("the DTLS association has no SRTP keys yet")
        return session


def _srtp_session(profile: _SrtpProfile, key: bytes, ssrc_type: int) -> pylibsrtp.Session:
    policy = pylibsrtp.Policy(key=key, ssrc_type=ssrc_type, srtp_profile=profile.libsrtp)
    policy.allow_repeat_tx = True  # a NACK is answered with the same sequence number
    policy.window_size = _REPLAY_WINDOW_PACKETS
    return pylibsrtp.Session(policy)
