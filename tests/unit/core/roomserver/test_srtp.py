"""Packet protection: both ways, what is refused, and how many streams are remembered."""

import os
import struct

import pytest

from avatar_core.roomserver.srtp import PROFILES, SrtpError, SrtpProfile, SrtpReceiver, SrtpSender


def pair(profile: SrtpProfile = PROFILES[0]) -> tuple[SrtpSender, SrtpReceiver]:
    key = os.urandom(profile.key_bytes + profile.salt_bytes)
    return SrtpSender(profile, key), SrtpReceiver(profile, key)


def rtp_packet(number: int, ssrc: int, payload: bytes = b"media") -> bytes:
    return struct.pack("!BBHII", 0x80, 96, number, 0, ssrc) + payload


def report(ssrc: int) -> bytes:
    return struct.pack("!BBHI", 0x80, 201, 1, ssrc)


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name.decode())
def test_packets_come_out_as_they_went_in(profile: SrtpProfile) -> None:
    sender, receiver = pair(profile)
    for packet in (rtp_packet(65_535, 1), rtp_packet(0, 1), rtp_packet(7, 2)):
        assert receiver.unprotect(sender.protect(packet)) == packet
    assert receiver.unprotect_rtcp(sender.protect_rtcp(report(1))) == report(1)


@pytest.mark.parametrize("damaged", [b"", b"\x80", bytes(11), bytes(1400), b"\x80" + bytes(2000)])
def test_forged_packets_are_refused(damaged: bytes) -> None:
    _, receiver = pair()
    with pytest.raises(SrtpError):
        receiver.unprotect(damaged)
    with pytest.raises(SrtpError):
        receiver.unprotect_rtcp(damaged)


def test_packet_under_another_key_is_refused() -> None:
    _, receiver = pair()
    with pytest.raises(SrtpError):
        receiver.unprotect(pair()[0].protect(rtp_packet(1, 1)))


def test_packet_too_long_for_a_datagram_is_refused() -> None:
    with pytest.raises(SrtpError):
        pair()[0].protect(rtp_packet(1, 1, bytes(2000)))


def test_packet_can_be_sent_again_but_not_received_again() -> None:
    sender, receiver = pair()
    packet = rtp_packet(1, 1)
    protected = sender.protect(packet)
    assert sender.protect(packet) == protected
    receiver.unprotect(protected)
    with pytest.raises(SrtpError):
        receiver.unprotect(protected)


def test_made_up_streams_push_out_only_the_streams_unused_for_longest() -> None:
    sender, receiver = pair()
    idle = sender.protect(rtp_packet(1, ssrc=1))
    busy = sender.protect(rtp_packet(1, ssrc=2))
    receiver.unprotect(idle)
    receiver.unprotect(busy)
    for ssrc in range(1000, 2000):
        receiver.unprotect(sender.protect(rtp_packet(1, ssrc)))
        receiver.unprotect(sender.protect(rtp_packet(ssrc, ssrc=2)))
    with pytest.raises(SrtpError):
        receiver.unprotect(busy)  # still known, so a replay
    assert receiver.unprotect(idle) == rtp_packet(1, ssrc=1)  # forgotten, so new
