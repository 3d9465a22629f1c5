"""DTLS 1.2 and its SRTP keys for one transport, without I/O: datagrams in, datagrams out, a timer to serve.

OpenSSL does the protocol; here it is only driven, and what it makes of a hostile peer becomes a state.
"""

import datetime
import enum
from collections.abc import Iterator
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from OpenSSL import SSL, crypto

from avatar_core.roomserver.srtp import PROFILES, SrtpReceiver, SrtpSender

FINGERPRINT_ALGORITHMS = ("sha-256", "sha-384", "sha-512")
"""Those of RFC 8122 that are still safe."""

_DTLS_1_2 = 0xFEFD  # pyOpenSSL passes the number on but has no name for it
_CIPHERS = (
    b"ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-CHACHA20-POLY1305:"
    b"ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-CHACHA20-POLY1305"
)
_MAX_DATAGRAM_BYTES = 1200
_RECORD_HEADER_BYTES = 13


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

    @classmethod
    def of(cls, certificate: crypto.X509, algorithm: str) -> "Fingerprint":
        """That of `certificate`; the algorithm is one of FINGERPRINT_ALGORITHMS."""
        return cls(algorithm, certificate.digest(algorithm.replace("-", "")).decode())


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
        self.fingerprint = Fingerprint.of(crypto.X509.from_cryptography(self._certificate), "sha-256")

    def context(self) -> SSL.Context:
        """A DTLS context that presents this certificate and asks the peer for its own."""
        context = SSL.Context(SSL.DTLS_METHOD)
        context.set_options(SSL.OP_NO_TICKET | SSL.OP_NO_QUERY_MTU | SSL.OP_NO_RENEGOTIATION)
        context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
        context.set_min_proto_version(_DTLS_1_2)
        context.set_max_proto_version(_DTLS_1_2)
        # Any certificate passes here: it is held against the signalled fingerprint after the handshake.
        context.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT, lambda *_: True)
        context.use_certificate(self._certificate)
        context.use_privatekey(self._key)
        context.set_cipher_list(_CIPHERS)
        context.set_tlsext_use_srtp(b":".join(profile.name for profile in PROFILES))
        return context


class DtlsEndpoint:
    """One end of a DTLS association. The owner moves datagrams and calls `handle_timeout` when told to.

    Nothing a peer sends raises here: it leads to the state FAILED, with the reason in `failure`. `sender` and
    `receiver` serve SRTP; there are none but in CONNECTED.
    """

    def __init__(self, context: SSL.Context, role: DtlsRole, remote_fingerprints: tuple[Fingerprint, ...]) -> None:
        self.state = DtlsState.NEW
        self.role = role
        self.failure = ""
        self.sender: SrtpSender | None = None
        self.receiver: SrtpReceiver | None = None
        self._remote_fingerprints = remote_fingerprints
        self._ssl = SSL.Connection(context)
        self._ssl.set_ciphertext_mtu(_MAX_DATAGRAM_BYTES)

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
        """Encrypt application data; ignored in any state but CONNECTED."""
        if self.state is DtlsState.CONNECTED:
            try:
                self._ssl.send(data)
            except SSL.Error as error:
                self._fail(f"sending: {_reason(error)}")

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
        """Queue the last flight again, until OpenSSL gives up."""
        try:
            self._ssl.DTLSv1_handle_timeout()
        except SSL.Error as error:
            self._fail(f"handshake: {_reason(error)}")

    def close(self) -> None:
        """Queue a close-notify where one is due; harmless twice."""
        if self.state is DtlsState.CONNECTED:
            try:
                self._ssl.shutdown()
            except SSL.Error as error:
                self.failure = f"closing: {_reason(error)}"
        if self.state is not DtlsState.FAILED:
            self._end(DtlsState.CLOSED)

    def _handshake(self) -> None:
        try:
            self._ssl.do_handshake()
        except SSL.WantReadError:
            return
        except SSL.Error as error:
            self._fail(f"handshake: {_reason(error)}")
            return
        # The certificate is not parsed: its hash is all that counts, and a hostile one may be anything.
        certificate = self._ssl.get_peer_certificate()
        if certificate is None or not any(
            fingerprint == Fingerprint.of(certificate, fingerprint.algorithm)
            for fingerprint in self._remote_fingerprints
        ):
            self._fail("the certificate is not the one whose fingerprint was signalled")
            return
        self._derive_srtp_keys()

    def _application_data(self) -> list[bytes]:
        received: list[bytes] = []
        while self.state is DtlsState.CONNECTED:
            try:
                received.append(self._ssl.recv(1 << 14))
            except SSL.WantReadError:  # all is read; a forged record was dropped by DTLS itself
                break
            except SSL.ZeroReturnError:
                self._end(DtlsState.CLOSED)
            except SSL.Error as error:
                self._fail(f"receiving: {_reason(error)}")
        return received

    def _derive_srtp_keys(self) -> None:
        """Keys by RFC 5764 4.2: client key, server key, client salt, server salt."""
        name = self._ssl.get_selected_srtp_profile()
        profile = next((profile for profile in PROFILES if profile.name == name), None)
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
        self.sender = SrtpSender(profile, ours)
        self.receiver = SrtpReceiver(profile, theirs)
        self.state = DtlsState.CONNECTED

    def _fail(self, reason: str) -> None:
        self._end(DtlsState.FAILED)
        self.failure = reason

    def _end(self, state: DtlsState) -> None:
        self.state = state
        self.sender = self.receiver = None


def _reason(error: SSL.Error) -> str:
    """OpenSSL's own words, which come as a list of (library, function, reason)."""
    entries = error.args[0] if error.args and isinstance(error.args[0], list) else []
    return "; ".join(entry[-1] for entry in entries) or type(error).__name__
