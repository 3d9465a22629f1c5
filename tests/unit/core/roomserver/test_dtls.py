"""Two ends of a DTLS association, joined by nothing but lists of datagrams."""

import asyncio
import datetime
import hashlib

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given, settings
from hypothesis import strategies as st
from OpenSSL import SSL

from avatar_core.roomserver.dtls import (
    FINGERPRINT_ALGORITHMS,
    Certificate,
    DtlsEndpoint,
    DtlsRole,
    DtlsState,
    Fingerprint,
)

OURS, THEIRS = Certificate(), Certificate()
CONTEXT, THEIR_CONTEXT = OURS.context(), THEIRS.context()


def self_signed() -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "a client")])
    now = datetime.datetime.now(tz=datetime.UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(now).not_valid_after(now + datetime.timedelta(days=1))
    return builder.sign(key, hashes.SHA256()), key


def fingerprint_of(certificate: x509.Certificate, algorithm: str) -> Fingerprint:
    """As a client writes it in its description."""
    digest = hashlib.new(algorithm.replace("-", ""), certificate.public_bytes(Encoding.DER)).hexdigest().upper()
    return Fingerprint(algorithm, ":".join(digest[i : i + 2] for i in range(0, len(digest), 2)))


def endpoints(
    fingerprints: tuple[Fingerprint, ...] = (THEIRS.fingerprint,), their_context: SSL.Context = THEIR_CONTEXT
) -> tuple[DtlsEndpoint, DtlsEndpoint]:
    """A client with our certificate, which expects `fingerprints`, and a server with theirs."""
    return (
        DtlsEndpoint(CONTEXT, DtlsRole.CLIENT, fingerprints),
        DtlsEndpoint(their_context, DtlsRole.SERVER, (OURS.fingerprint,)),
    )


def exchange(client: DtlsEndpoint, server: DtlsEndpoint) -> list[bytes]:
    """Carry datagrams until both are silent; returns the application data that came out."""
    received: list[bytes] = []
    while True:
        to_server, to_client = list(client.outgoing()), list(server.outgoing())
        if not to_server and not to_client:
            return received
        for datagram in to_server:
            received += server.receive(datagram)
        for datagram in to_client:
            received += client.receive(datagram)


def connected() -> tuple[DtlsEndpoint, DtlsEndpoint]:
    client, server = endpoints()
    server.start()
    client.start()
    exchange(client, server)
    assert (client.state, server.state) == (DtlsState.CONNECTED, DtlsState.CONNECTED)
    return client, server


def test_handshake_ends_with_keys_that_fit() -> None:
    client, server = connected()
    packet = bytes.fromhex("8060 0001 00000000 00000001") + b"media"
    for sender, receiver in ((client.sender, server.receiver), (server.sender, client.receiver)):
        assert sender is not None and receiver is not None
        assert receiver.unprotect(sender.protect(packet)) == packet
    assert client.timeout_s() is None


def test_application_data_goes_both_ways_in_order() -> None:
    client, server = connected()
    client.send(b"one")
    client.send(b"two")
    server.send(b"three")
    assert exchange(client, server) == [b"one", b"two", b"three"]


def test_certificate_of_somebody_else_fails_the_handshake() -> None:
    client, server = endpoints(fingerprints=(OURS.fingerprint,))
    server.start()
    client.start()
    exchange(client, server)
    assert client.state is DtlsState.FAILED
    assert "fingerprint" in client.failure
    assert client.sender is None and client.receiver is None
    assert client.receive(b"\x17anything") == []


def test_one_of_several_fingerprints_suffices() -> None:
    client, server = endpoints(fingerprints=(OURS.fingerprint, THEIRS.fingerprint))
    server.start()
    client.start()
    exchange(client, server)
    assert client.state is DtlsState.CONNECTED


def test_peer_without_a_certificate_fails_the_handshake() -> None:
    anonymous = SSL.Context(SSL.DTLS_METHOD)
    anonymous.set_tlsext_use_srtp(b"SRTP_AEAD_AES_128_GCM")
    client = DtlsEndpoint(anonymous, DtlsRole.CLIENT, (THEIRS.fingerprint,))
    server = DtlsEndpoint(THEIR_CONTEXT, DtlsRole.SERVER, (OURS.fingerprint,))
    server.start()
    client.start()
    exchange(client, server)
    assert server.state is DtlsState.FAILED
    assert "did not return a certificate" in server.failure
    assert client.state is DtlsState.FAILED  # told so by an alert


def test_peer_without_srtp_fails_the_handshake() -> None:
    certificate, key = self_signed()
    plain = SSL.Context(SSL.DTLS_METHOD)
    plain.use_certificate(certificate)
    plain.use_privatekey(key)
    client, server = endpoints((fingerprint_of(certificate, "sha-256"),), plain)
    server.start()
    client.start()
    exchange(client, server)
    assert client.state is DtlsState.FAILED
    assert "SRTP" in client.failure


async def test_lost_flights_are_sent_again() -> None:
    client, server = endpoints()
    server.start()
    client.start()
    lost = [*client.outgoing()]
    assert lost
    exchange(client, server)
    assert client.state is DtlsState.CONNECTING
    timeout_s = client.timeout_s()
    assert timeout_s is not None
    await asyncio.sleep(timeout_s)  # OpenSSL's own clock, 1 s at first
    client.handle_timeout()
    exchange(client, server)
    assert (client.state, server.state) == (DtlsState.CONNECTED, DtlsState.CONNECTED)


def test_duplicated_and_reordered_flights_change_nothing() -> None:
    client, server = endpoints()
    server.start()
    client.start()
    for _ in range(20):
        for datagram in [*client.outgoing()][::-1]:
            server.receive(datagram)
            server.receive(datagram)
        for datagram in [*server.outgoing()][::-1]:
            client.receive(datagram)
            client.receive(datagram)
    client.send(b"data")
    assert exchange(client, server) == [b"data"]


@settings(deadline=None, max_examples=50)
@given(
    st.lists(
        st.binary(min_size=1, max_size=60) | st.binary(max_size=60).map(lambda rest: b"\x16\xfe\xfd" + rest), max_size=5
    )
)
def test_noise_neither_raises_nor_stops_a_connection(noise: list[bytes]) -> None:
    client, server = connected()
    for datagram in noise:
        assert server.receive(datagram) == []
    client.send(b"still here")
    assert exchange(client, server) == [b"still here"]


@settings(deadline=None, max_examples=50)
@given(st.integers(0, 400), st.binary(min_size=1, max_size=20))
def test_damaged_handshake_never_raises(position: int, damage: bytes) -> None:
    client, server = endpoints()
    server.start()
    client.start()
    for datagram in client.outgoing():
        server.receive(datagram[:position] + damage + datagram[position + len(damage) :])
    exchange(client, server)
    assert server.state in (DtlsState.CONNECTING, DtlsState.CONNECTED, DtlsState.FAILED)


def test_close_is_noticed_and_harmless_twice() -> None:
    client, server = connected()
    client.close()
    client.close()
    exchange(client, server)
    assert (client.state, server.state) == (DtlsState.CLOSED, DtlsState.CLOSED)
    assert server.sender is None and server.receiver is None
    server.send(b"too late")
    server.close()


def test_close_before_the_handshake_is_harmless() -> None:
    client, _ = endpoints()
    client.close()
    assert client.state is DtlsState.CLOSED


def test_data_too_long_for_a_record_fails_the_association_instead_of_raising() -> None:
    client, _ = connected()
    client.send(bytes(1 << 15))
    assert client.state is DtlsState.FAILED
    assert client.failure.startswith("sending: ")


def test_datagrams_hold_whole_records_and_stay_below_the_mtu() -> None:
    client, server = connected()
    for _ in range(10):
        client.send(bytes(500))
    datagrams = list(client.outgoing())
    assert len(datagrams) == 5
    assert all(len(datagram) <= 1200 for datagram in datagrams)
    assert sum(len(server.receive(datagram)) for datagram in datagrams) == 10


@pytest.mark.parametrize("algorithm", FINGERPRINT_ALGORITHMS)
def test_peer_is_known_by_a_fingerprint_of_any_safe_algorithm(algorithm: str) -> None:
    certificate, key = self_signed()
    context = SSL.Context(SSL.DTLS_METHOD)
    context.use_certificate(certificate)
    context.use_privatekey(key)
    context.set_tlsext_use_srtp(b"SRTP_AES128_CM_SHA1_80")
    client, server = endpoints((fingerprint_of(certificate, algorithm),), context)
    server.start()
    client.start()
    exchange(client, server)
    assert client.state is DtlsState.CONNECTED
