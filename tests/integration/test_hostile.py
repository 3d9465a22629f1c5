"""Nothing that a client or the network sends ends the server or disturbs the others. Embedded room alone."""

import asyncio
import base64
import contextlib
import gzip
import os
import random
import socket
import struct
from collections.abc import AsyncIterator

import aiohttp
import pytest
from livekit.protocol import models, rtc

from avatar_core.room.values import TrackKind
from avatar_core.tokens import TokenClaims, VideoGrants
from tests.fakes.media_signals import playing_tone
from tests.fakes.raw_signalling import OFFER, RawSignalling, add_track, join_request, offer
from tests.patience import LIMIT_S

SEED = 20_261_120
STUN_COOKIE = 0x2112A442


@pytest.fixture
async def others(pair) -> AsyncIterator[None]:
    """Ada talks to Bob all the while: her sound and her data arrive before, meanwhile and after."""
    heard: asyncio.Queue = asyncio.Queue()
    pair.bob.events.data_received.connect(heard.put_nowait)
    left = []
    pair.bob.events.participant_disconnected.connect(lambda fact: left.append(fact.participant.identity))
    voice = await pair.ada.publish_audio("voice")
    publication = await pair.bob.wait_for_track("ada", TrackKind.AUDIO)
    async with playing_tone(voice), pair.bob.read_audio(publication.sid, capacity=1) as reader:

        async def all_is_well() -> None:
            await pair.ada.send_data(b"are you there")
            async with asyncio.timeout(LIMIT_S):
                assert (await heard.get()).payload == b"are you there"
                while abs((await anext(reader)).frame.samples).max() < 5_000:
                    pass

        await all_is_well()
        yield
        await all_is_well()
    assert "ada" not in left


@pytest.fixture
def quiet_log(embedded):
    """The server logs no traceback, no token and no secret meanwhile."""
    start = embedded.log.stat().st_size
    yield
    logged = embedded.log.read_text()[start:]
    assert "Traceback" not in logged
    assert "eyJ" not in logged
    assert embedded.access.api_secret not in logged


pytestmark = pytest.mark.usefixtures("others", "quiet_log")


def hostile_token(access, room_name, identity="mallory", **grants) -> str:
    return access.token(TokenClaims(identity, VideoGrants(room_join=True, room=room_name, **grants)))


def malformed_sdp() -> list[str]:
    lines = OFFER.split("\r\n")
    broken = [
        "",
        "\x00" * 1000,
        "v=0",
        "m=" * 10_000,
        "\r\n".join(reversed(lines)),
        OFFER.replace("sha-256", "sha-9000"),
        OFFER.replace("AB:", ""),
        OFFER.replace("a=ice-ufrag:uFrg\r\n", ""),
        OFFER.replace("a=ice-pwd:0123456789abcdef01234567\r\n", ""),
        OFFER.replace("a=mid:1", "a=mid:0"),
        OFFER.replace("a=mid:1\r\n", ""),
        OFFER.replace("111", "99999999999999999999"),
        OFFER.replace("opus/48000/2", "opus/-1/x"),
        OFFER.replace("a=ssrc:12345", "a=ssrc:4294967296123"),
        OFFER.replace("m=audio 9", "m=audio x"),
        OFFER.replace("m=audio", "m=teapot"),
        OFFER.replace("a=sctp-port:5000", "a=sctp-port:-7"),
        OFFER + "a=mid:1\r\n" * 5_000,
        OFFER + lines[14] + "\r\n" + "\r\n".join(lines[15:]) * 400,
        OFFER.replace("a=setup:actpass", "a=setup:holdconn"),
    ]
    assert all(sdp != OFFER for sdp in broken)
    return broken


def mutations(seed: bytes, count: int, generator: random.Random) -> list[bytes]:
    """`seed` with a few bytes changed, cut off or doubled."""
    result = []
    for _ in range(count):
        data = bytearray(seed)
        for _ in range(generator.randint(1, 6)):
            data[generator.randrange(len(data))] = generator.randrange(256)
        kind = generator.randrange(3)
        result.append(bytes(data[: generator.randrange(len(data))] if kind == 0 else data * (kind)))
    return result


async def send_each(access, room_name, requests) -> None:
    """Each request from a client of its own, so that the server's answer to one does not spare it the next."""

    async def attempt(number: int, request) -> None:
        async with RawSignalling(access.url, hostile_token(access, room_name, f"mallory-{number % 8}")) as client:
            await client.receive("join")
            await client.send(request)
            await client.send(rtc.SignalRequest(ping_req=rtc.Ping(timestamp=1)))
            with contextlib.suppress(ConnectionError, TimeoutError):
                await client.receive("pong_resp", timeout_s=5)

    for start in range(0, len(requests), 8):
        batch = list(enumerate(requests[start : start + 8], start))
        await asyncio.gather(*(attempt(number, request) for number, request in batch))


async def test_signalling_that_is_garbage(access, room_name) -> None:
    generator = random.Random(SEED)
    requests = [generator.randbytes(size) for size in (1, 10, 100, 10_000)]
    requests += [b"", b"\xff" * 1000, b"\x0a\xff\xff\xff\xff\x0f"]
    requests += mutations(offer().SerializeToString(), 30, generator)
    requests += mutations(add_track().SerializeToString(), 20, generator)

    await send_each(access, room_name, requests)


async def test_session_descriptions_that_are_malformed(access, room_name) -> None:
    answers = [
        rtc.SignalRequest(answer=rtc.SessionDescription(type="answer", sdp=sdp, id=1)) for sdp in malformed_sdp()
    ]

    await send_each(access, room_name, [*(offer(sdp) for sdp in malformed_sdp()), *answers])


async def test_requests_that_are_well_formed_and_make_no_sense(access, room_name) -> None:
    long = "x" * 200_000
    odd = [
        rtc.SignalRequest(mute=rtc.MuteTrackRequest(sid="TR_nobody", muted=True)),
        rtc.SignalRequest(subscription=rtc.UpdateSubscription(track_sids=["TR_nobody"] * 5_000, subscribe=True)),
        rtc.SignalRequest(track_setting=rtc.UpdateTrackSettings(track_sids=["TR_nobody"], width=1 << 31)),
        rtc.SignalRequest(update_metadata=rtc.UpdateParticipantMetadata(metadata=long, name=long)),
        rtc.SignalRequest(update_metadata=rtc.UpdateParticipantMetadata(attributes={long: long})),
        rtc.SignalRequest(trickle=rtc.TrickleRequest(candidateInit="{not json", target=1)),
        rtc.SignalRequest(sync_state=rtc.SyncState()),
        rtc.SignalRequest(simulate=rtc.SimulateScenario(server_leave=True)),
        rtc.SignalRequest(add_track=rtc.AddTrackRequest(cid="", type=77, source=99)),
        add_track(cid=long, name=long),
        offer(number=0),
        offer(number=(1 << 32) - 1),
    ]

    await send_each(access, room_name, odd)


async def test_flood_of_tracks_offers_and_messages(access, room_name) -> None:
    async with RawSignalling(access.url, hostile_token(access, room_name)) as client:
        await client.receive("join")
        for number in range(500):
            await client.send(add_track(cid=f"cid-{number}"))
        for number in range(50):
            await client.send(offer(number=number))
        await client.send(rtc.SignalRequest(leave=rtc.LeaveRequest()))
        await client.closed(timeout_s=60)


async def test_message_larger_than_the_bound_closes_its_sender_alone(access, room_name) -> None:
    async with RawSignalling(access.url, hostile_token(access, room_name)) as client:
        await client.receive("join")
        await client.send(b"\x00" * (4 << 20))
        await client.closed()


async def test_client_that_never_reads_is_let_go_of_without_harm(access, room_name, pair) -> None:
    async with RawSignalling(access.url, hostile_token(access, room_name)) as client:
        await client.receive("join")
        tracks = []
        for number in range(5):
            tracks.append(await pair.ada.publish_audio(f"more-{number}"))
        await asyncio.gather(*(track.aclose() for track in tracks))


async def test_join_requests_that_are_malformed(access, room_name) -> None:
    generator = random.Random(SEED)
    good = rtc.JoinRequest(client_info=models.ClientInfo(sdk=models.ClientInfo.SDK.PYTHON)).SerializeToString()
    bomb = base64.urlsafe_b64encode(
        rtc.WrappedJoinRequest(
            compression=rtc.WrappedJoinRequest.Compression.GZIP, join_request=gzip.compress(b"\0" * (64 << 20))
        ).SerializeToString()
    ).decode()
    values = ["", "%%%", "A" * 1001, join_request(b"\xff" * 100), join_request(b"\xff" * 100, compressed=False), bomb]
    values += [base64.urlsafe_b64encode(data).decode() for data in mutations(good * 20, 20, generator)]
    token = hostile_token(access, room_name)

    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {token}"}) as session:
        for value in values:
            try:
                async with session.ws_connect(f"{access.url}/rtc/v1", params={"join_request": value}) as client:
                    await client.receive(timeout=5)
            except (aiohttp.ClientError, TimeoutError):
                continue


async def test_bytes_that_are_no_http(access) -> None:
    host, _, port = access.url.removeprefix("ws://").partition(":")
    generator = random.Random(SEED)
    sent = [generator.randbytes(5_000), b"GET / HTTP/9.9\r\n\r\n", b"GET /" + b"a" * 300_000, b"\x16\x03\x01" * 100]
    for data in [*sent, b"POST /rtc HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n", b""]:
        _reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(data)
        await asyncio.sleep(0)
        writer.transport.abort()


async def test_datagrams_that_are_garbage(access, room_name) -> None:
    generator = random.Random(SEED)
    async with RawSignalling(access.url, hostile_token(access, room_name)) as client:
        sdp = (await client.receive("offer")).offer.sdp
        assert client.candidate is not None
        ufrag = sdp.partition("a=ice-ufrag:")[2].partition("\r\n")[0]
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.connect(client.candidate)
            for datagram in datagrams(generator, ufrag):
                sender.send(datagram)
                # The socket's buffer is finite; the datagrams are to arrive, not to be lost here.
                if generator.random() < 0.05:
                    await asyncio.sleep(0.001)


def stun(kind: int, attributes: bytes) -> bytes:
    return struct.pack("!HHI", kind, len(attributes), STUN_COOKIE) + os.urandom(12) + attributes


def attribute(kind: int, value: bytes) -> bytes:
    return struct.pack("!HH", kind, len(value)) + value + b"\0" * (-len(value) % 4)


def datagrams(generator: random.Random, ufrag: str) -> list[bytes]:
    """Every class of datagram the server tells apart by the first byte, broken in many ways."""
    user = attribute(0x0006, f"{ufrag}:mallory".encode())
    result = [b"", b"\0", b"\0\x01\0\0", stun(1, b""), stun(1, user), stun(1, attribute(0x0006, b"\xff" * 500))]
    result += [stun(1, user + attribute(0x0008, b"\0" * 20) + attribute(0x8028, b"\0" * 4))]
    result += [stun(1, user + attribute(0x0008, b"short")), stun(1, user[:-3]), stun(0x3FFF, user)]
    result += [struct.pack("!HHI", 1, 0xFFFF, STUN_COOKIE) + b"\0" * 12]
    for first in (0, 1, 3, 20, 22, 23, 63, 64, 127, 128, 144, 191, 192, 200, 255):
        for size in (1, 2, 11, 12, 20, 100, 1_200, 9_000):
            result += [bytes([first]) + generator.randbytes(size - 1) for _ in range(3)]
    client_hello = b"\x16\xfe\xff" + b"\0" * 8 + struct.pack("!H", 100) + b"\x01" + generator.randbytes(99)
    return result + [client_hello] * 20 + mutations(client_hello, 50, generator)
