"""Data packets, byte and text streams, remote procedure calls."""

import asyncio
import hashlib

import pytest

from avatar_core.errors import RoomError
from avatar_core.room.connection import RoomConnection
from avatar_core.room.incoming_stream import IncomingStream
from avatar_core.room.rpc import RpcCall, RpcError, RpcErrorCode
from avatar_core.room.values import DataPacket
from avatar_core.room.wire_record import WireEvent
from tests.patience import LIMIT_S


class Inbox:
    """The data packets of one participant, to be waited for."""

    def __init__(self, connection: RoomConnection) -> None:
        self._packets: asyncio.Queue[DataPacket] = asyncio.Queue()
        connection.events.data_received.connect(self._packets.put_nowait)

    async def next(self) -> DataPacket:
        async with asyncio.timeout(LIMIT_S):
            return await self._packets.get()


async def test_reliable_and_lossy_packets_reach_the_others_in_order(pair) -> None:
    inbox, own = Inbox(pair.bob), Inbox(pair.ada)
    for number in range(5):
        await pair.ada.send_data(bytes([number]), topic="count")
    await pair.ada.send_data(b"quick", topic="lossy", reliable=False)

    packets = [await inbox.next() for _ in range(6)]

    reliable = [packet for packet in packets if packet.reliable]
    assert [packet.payload for packet in reliable] == [bytes([number]) for number in range(5)]
    assert {(packet.topic, packet.sender) for packet in reliable} == {("count", "ada")}
    assert [packet for packet in packets if not packet.reliable] == [DataPacket(b"quick", "lossy", "ada", False)]
    # The sender gets none of its own: what it gets first is what Bob sends now.
    await pair.bob.send_data(b"back")
    assert (await own.next()).sender == "bob"


async def test_packet_with_destinations_reaches_these_alone(pair, join) -> None:
    eve = await join("eve")
    await pair.ada.wait_for_participant("eve")
    at_bob, at_eve = Inbox(pair.bob), Inbox(eve)

    for reliable in (True, False):
        await pair.ada.send_data(b"for bob", destinations=["bob"], reliable=reliable)
        await pair.ada.send_data(b"for all", reliable=reliable)
        assert (await at_bob.next()).payload == b"for bob"
        assert (await at_bob.next()).payload == b"for all"
        assert (await at_eve.next()).payload == b"for all"


async def test_largest_packet_passes_and_a_larger_one_is_an_error(pair) -> None:
    inbox = Inbox(pair.bob)

    await pair.ada.send_data(b"x" * 60_000)

    assert len((await inbox.next()).payload) == 60_000
    with pytest.raises(RoomError, match="70000 bytes"):
        await pair.ada.send_data(b"x" * 70_000)


async def test_byte_stream_of_one_mebibyte_arrives_whole_with_its_attributes(pair) -> None:
    payload = b"".join(hashlib.sha256(bytes([number % 256, number // 256])).digest() for number in range(32_768))
    arrived: asyncio.Future[tuple[IncomingStream[bytes], bytes]] = asyncio.get_running_loop().create_future()

    async def collect(stream: IncomingStream[bytes]) -> None:
        arrived.set_result((stream, b"".join([chunk async for chunk in stream])))

    pair.bob.streams.handle_bytes("files", collect)
    writer = await pair.ada.streams.open_bytes(
        "files", name="noise", destinations=["bob"], attributes={"rate": "48000"}, total_bytes=len(payload)
    )
    async with writer:
        for start in range(0, len(payload), 100_000):
            await writer.write(payload[start : start + 100_000])

    async with asyncio.timeout(LIMIT_S):
        stream, received = await arrived
    assert received == payload
    assert (stream.sender, stream.name, stream.attributes) == ("ada", "noise", {"rate": "48000"})
    assert (stream.id, stream.total_bytes) == (writer.id, len(payload))


async def test_text_stream_arrives_whole_and_streams_of_two_senders_keep_apart(pair, join) -> None:
    texts: dict[str, str] = {}
    both = asyncio.Event()

    async def collect(stream: IncomingStream[str]) -> None:
        texts[stream.sender] = "".join([chunk async for chunk in stream])
        if len(texts) == 2:
            both.set()

    eve = await join("eve")
    await pair.bob.wait_for_participant("eve")
    pair.bob.streams.handle_text("chat", collect)
    async with await pair.ada.streams.open_text("chat") as from_ada, await eve.streams.open_text("chat") as from_eve:
        for _ in range(100):
            await from_ada.write("grüße ")
            await from_eve.write("hello ")

    async with asyncio.timeout(LIMIT_S):
        await both.wait()
    assert texts == {"ada": "grüße " * 100, "eve": "hello " * 100}


async def test_stream_of_a_sender_who_leaves_is_aborted(pair) -> None:
    opened = asyncio.Event()

    async def collect(stream: IncomingStream[bytes]) -> None:
        async for _ in stream:
            opened.set()

    failures = asyncio.Queue()
    pair.bob.streams.handler_failed.connect(failures.put_nowait)
    pair.bob.streams.handle_bytes("files", collect)
    writer = await pair.ada.streams.open_bytes("files")
    await writer.write(b"begin")
    async with asyncio.timeout(LIMIT_S):
        await opened.wait()
        await pair.ada.aclose()
        failure = await failures.get()

    assert (failure.topic, failure.sender) == ("files", "ada")
    assert "ended early" in str(failure.error)


async def test_rpc_passes_both_ways_with_a_large_request_and_a_larger_reply(pair) -> None:
    async def size(call: RpcCall) -> str:
        return f"{call.caller}: {len(call.payload)}"

    async def reply(call: RpcCall) -> str:
        return "y" * 24_000

    pair.bob.rpc.register("size", size)
    pair.ada.rpc.register("reply", reply)

    assert await pair.ada.rpc.perform("bob", "size", "x" * 12_000) == "ada: 12000"
    assert await pair.bob.rpc.perform("ada", "reply") == "y" * 24_000


async def test_rpc_error_reaches_the_caller_and_a_bug_becomes_an_application_error(pair) -> None:
    async def refuse(call: RpcCall) -> str:
        raise RpcError(2001, "not now", "busy")

    async def fail(call: RpcCall) -> str:
        raise ZeroDivisionError

    pair.bob.rpc.register("refuse", refuse)
    pair.bob.rpc.register("fail", fail)

    with pytest.raises(RpcError, match="not now") as refused:
        await pair.ada.rpc.perform("bob", "refuse")
    assert (refused.value.code, refused.value.data) == (2001, "busy")
    with pytest.raises(RpcError) as failed:
        await pair.ada.rpc.perform("bob", "fail")
    assert failed.value.code == RpcErrorCode.APPLICATION_ERROR
    with pytest.raises(RpcError) as missing:
        await pair.ada.rpc.perform("bob", "nothing")
    assert missing.value.code == RpcErrorCode.UNSUPPORTED_METHOD


async def test_rpc_method_registered_before_the_join_answers_the_first_call(join) -> None:
    async def hello(call: RpcCall) -> str:
        return f"hello {call.caller}"

    bob = RoomConnection()
    bob.rpc.register("hello", hello)
    ada = await join("ada")
    _, participant = await asyncio.gather(join("bob", connection=bob), ada.wait_for_participant("bob"))

    assert participant.active
    assert await ada.rpc.perform("bob", "hello") == "hello ada"


async def test_rpc_to_nobody_is_an_error_of_its_own(pair) -> None:
    with pytest.raises(RpcError, match="nobody") as missing:
        await pair.ada.rpc.perform("nobody", "hello", ack_timeout_s=0.5)

    assert missing.value.code in (RpcErrorCode.CONNECTION_TIMEOUT, RpcErrorCode.RECIPIENT_NOT_FOUND)


async def read_all(stream: IncomingStream[bytes]) -> None:
    async for _ in stream:
        pass


async def test_what_is_refused_is_seen_on_the_wire_as_such(join) -> None:
    receiver, stranger = await asyncio.gather(join("receiver"), join("stranger"))
    await stranger.wait_for_participant("receiver")
    events: list[WireEvent] = []
    receiver.wire.noted.connect(events.append)
    receiver.rpc.register("a.method", answer_nothing, caller="somebody else")
    with pytest.raises(RpcError):
        await stranger.rpc.perform("receiver", "a.method")
    receiver.streams.handle_bytes("a.topic", read_all)
    async with await stranger.streams.open_bytes("a.topic", destinations=["receiver"]) as stream:
        await stream.write(b"x" * 100)
    async with asyncio.timeout(LIMIT_S):
        while not any(event.kind == "stream_end" for event in events):
            await asyncio.sleep(0.01)
    assert [(event.kind, event.size_bytes, event.outcome.partition(" ")[0]) for event in events] == [
        ("rpc", 0, "1400"),
        ("stream_begin", 0, "ok"),
        ("stream_end", 100, "ok"),
    ]


async def answer_nothing(_: object) -> str:
    return ""
