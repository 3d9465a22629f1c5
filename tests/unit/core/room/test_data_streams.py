import asyncio

import pytest
from livekit import rtc

from avatar_core.errors import RoomError
from avatar_core.room.data_streams import MAX_OPEN_STREAMS, DataStreams, StreamHandlerFailed
from avatar_core.room.incoming_stream import IncomingStream, StreamAborted
from tests.fakes.sdk_room import FakeStreamReader


class Collector:
    """A handler that remembers what it got from whom."""

    def __init__(self) -> None:
        self.got: list[tuple[str, bytes]] = []
        self.done = asyncio.Event()

    async def __call__(self, stream: IncomingStream[bytes]) -> None:
        self.got.append((stream.sender, b"".join([chunk async for chunk in stream])))
        self.done.set()


def arrive(sdk_room, topic: str, sender: str, *chunks: bytes, failure: Exception | None = None) -> FakeStreamReader:
    reader = FakeStreamReader(topic, list(chunks), failure)
    sdk_room.stream_handlers["bytes", topic](reader, sender)
    return reader


@pytest.fixture
async def streams(joined_link):
    streams = DataStreams(joined_link)
    yield streams
    await streams.aclose()


async def test_stream_goes_to_the_handler_of_its_sender_and_is_closed_after_it(streams, sdk_room) -> None:
    for_ada, for_all = Collector(), Collector()
    streams.handle_bytes("audio", for_ada, sender="ada")
    streams.handle_bytes("audio", for_all)

    readers = [arrive(sdk_room, "audio", "ada", b"1", b"2"), arrive(sdk_room, "audio", "bob", b"3")]
    await asyncio.gather(for_ada.done.wait(), for_all.done.wait())
    await streams.aclose()

    assert (for_ada.got, for_all.got) == ([("ada", b"12")], [("bob", b"3")])
    assert all(reader.closed for reader in readers)


async def test_stream_tells_what_its_header_says(streams, sdk_room) -> None:
    seen: asyncio.Future[IncomingStream[bytes]] = asyncio.get_running_loop().create_future()

    async def look(stream: IncomingStream[bytes]) -> None:
        seen.set_result(stream)

    streams.handle_bytes("audio", look)
    arrive(sdk_room, "audio", "ada")

    stream = await seen
    assert (stream.id, stream.topic, stream.sender, stream.name) == ("stream-1", "audio", "ada", "n")
    assert (stream.attributes, stream.total_bytes) == ({"rate": "1"}, 0)


async def test_stream_without_a_handler_is_refused_and_counted(streams, sdk_room) -> None:
    remove = streams.handle_bytes("audio", Collector(), sender="ada")
    stranger = arrive(sdk_room, "audio", "bob", b"1")
    remove()
    late = arrive(sdk_room, "audio", "ada", b"1")

    assert stranger.closed
    assert late.closed
    assert streams.refused == 2


async def test_open_streams_are_bounded(streams, sdk_room) -> None:
    async def hang(stream: IncomingStream[bytes]) -> None:
        await asyncio.Event().wait()

    streams.handle_bytes("audio", hang)
    readers = [arrive(sdk_room, "audio", "ada", b"1") for _ in range(MAX_OPEN_STREAMS + 1)]

    assert streams.refused == 1
    assert [reader.closed for reader in readers] == [False] * MAX_OPEN_STREAMS + [True]
    await streams.aclose()
    assert all(reader.closed for reader in readers)


async def test_stream_of_a_sender_who_leaves_ends_with_an_error_that_is_told(streams, sdk_room) -> None:
    told: list[StreamHandlerFailed] = []
    streams.handler_failed.connect(told.append)
    collector = Collector()
    streams.handle_bytes("audio", collector)

    arrive(sdk_room, "audio", "ada", b"1", failure=rtc.StreamError("sender left"))
    while not told:
        await asyncio.sleep(0)

    assert isinstance(told[0].error, StreamAborted)
    assert "stream-1 on 'audio' from 'ada' ended early: sender left" in str(told[0].error)
    assert collector.got == []


@pytest.mark.error_logs("handler of a stream on 'audio' from 'ada' failed")
async def test_handler_that_fails_is_told_and_harms_no_other_stream(streams, sdk_room) -> None:
    told: list[StreamHandlerFailed] = []
    streams.handler_failed.connect(told.append)
    collector = Collector()

    async def fail(stream: IncomingStream[bytes]) -> None:
        raise ZeroDivisionError

    streams.handle_bytes("audio", fail, sender="ada")
    streams.handle_bytes("audio", collector, sender="bob")
    broken = arrive(sdk_room, "audio", "ada", b"1")
    arrive(sdk_room, "audio", "bob", b"2")
    await collector.done.wait()

    assert [(fact.topic, fact.sender, type(fact.error)) for fact in told] == [("audio", "ada", ZeroDivisionError)]
    assert broken.closed


async def test_topic_and_sender_have_one_handler(streams) -> None:
    streams.handle_bytes("audio", Collector(), sender="ada")
    streams.handle_text("audio", Collector(), sender="ada")

    with pytest.raises(ValueError, match="byte stream topic 'audio' already has a handler for ada"):
        streams.handle_bytes("audio", Collector(), sender="ada")


async def test_close_waits_for_the_write_before_it(streams, sdk_room) -> None:
    writer = await streams.open_bytes("audio")
    native = sdk_room.local_participant.writer
    native.gate.clear()
    writing = asyncio.create_task(writer.write(b"1"))
    await asyncio.sleep(0)
    closing = asyncio.create_task(writer.aclose())
    await asyncio.sleep(0)
    assert native.log == []

    native.gate.set()
    await asyncio.gather(writing, closing)
    await writer.aclose()

    assert native.log == ["write b'1'", "close"]
    with pytest.raises(RuntimeError, match="closed"):
        await writer.write(b"2")


async def test_writer_left_by_an_error_closes_with_that_reason(streams, sdk_room) -> None:
    with pytest.raises(ZeroDivisionError):
        async with await streams.open_text("chat") as writer:
            await writer.write("a")
            raise ZeroDivisionError

    assert sdk_room.local_participant.writer.log == ["write 'a'", "close error"]


async def test_failed_write_is_a_room_error(streams, sdk_room) -> None:
    sdk_room.local_participant.writer.failure = rtc.StreamError("too late")
    writer = await streams.open_bytes("audio")

    with pytest.raises(RoomError, match="stream-1: too late"):
        await writer.write(b"1")


async def test_close_after_the_room_went_away_is_silent(streams, sdk_room) -> None:
    writer = await streams.open_bytes("audio")
    sdk_room.emit("disconnected", rtc.DisconnectReason.SERVER_SHUTDOWN)

    await writer.aclose()

    assert sdk_room.local_participant.writer.log == []
