import asyncio
from types import SimpleNamespace

import numpy as np
import pytest

from avatar_core.media.frames import AudioFrame
from avatar_core.room import receiving
from avatar_core.room.receiving import FrameReader
from tests.fakes.clock import ManualClock


class FakeStream:
    """A native stream: yields what is put, ends when told, and counts how often it was closed."""

    def __init__(self) -> None:
        self.events: asyncio.Queue[int | None] = asyncio.Queue()
        self.closed = 0

    def __aiter__(self) -> "FakeStream":
        return self

    async def __anext__(self) -> int:
        event = await self.events.get()
        if event is None:
            raise StopAsyncIteration
        return event

    async def aclose(self) -> None:
        self.closed += 1


def frame(number: int) -> AudioFrame:
    return AudioFrame(np.full(10, number, np.int16), 48_000)


def numbers(items) -> list[int]:
    return [int(item.frame.samples[0, 0]) for item in items]


@pytest.fixture
async def stream() -> FakeStream:
    return FakeStream()


@pytest.fixture
async def reader(stream):
    reader = FrameReader("TR_1", stream, frame, capacity=3, clock=ManualClock())
    yield reader
    await reader.aclose()


async def fill(reader, stream, count: int) -> None:
    for number in range(count):
        stream.events.put_nowait(number)
    while reader.received < count:
        await asyncio.sleep(0)


async def test_frames_come_in_order_with_the_time_they_came(reader, stream) -> None:
    await fill(reader, stream, 2)

    items = [await anext(reader), await anext(reader)]

    assert numbers(items) == [0, 1]
    assert {item.received_s for item in items} == {ManualClock().now()}
    assert (reader.received, reader.dropped) == (2, 0)


async def test_full_queue_drops_the_oldest_and_counts_it(reader, stream) -> None:
    await fill(reader, stream, 5)

    assert numbers([await anext(reader) for _ in range(3)]) == [2, 3, 4]
    assert (reader.received, reader.dropped) == (5, 2)


async def test_the_backlog_of_a_slow_reader_is_told_once_and_an_attentive_one_has_none(reader, stream) -> None:
    await fill(reader, stream, 5)
    assert [reader.take_backlog(), reader.take_backlog()] == [(3, 2), (3, 0)]
    [await anext(reader) for _ in range(3)]
    assert [reader.take_backlog(), reader.take_backlog()] == [(3, 0), (0, 0)]


async def test_waiting_reader_gets_the_next_frame(reader, stream) -> None:
    waiting = asyncio.create_task(anext(reader))
    await asyncio.sleep(0)

    stream.events.put_nowait(7)

    assert numbers([await waiting]) == [7]


async def test_end_of_the_stream_ends_the_iteration_after_what_is_queued(reader, stream) -> None:
    await fill(reader, stream, 2)
    stream.events.put_nowait(None)

    assert numbers([item async for item in reader]) == [0, 1]


async def test_close_ends_a_waiting_reader_and_frees_the_stream_once(reader, stream) -> None:
    async def read() -> list[int]:
        return numbers([item async for item in reader])

    reading = asyncio.create_task(read())
    await asyncio.sleep(0)

    await asyncio.gather(reader.aclose(), reader.aclose())
    await reader.aclose()

    assert await reading == []
    assert stream.closed == 1


async def test_cancelled_close_still_frees_the_stream(reader, stream) -> None:
    closing = asyncio.create_task(reader.aclose())
    await asyncio.sleep(0)
    closing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await closing

    await reader.aclose()

    assert stream.closed == 1


@pytest.mark.parametrize("read", [receiving.read_audio, receiving.read_video])
def test_reader_that_could_hold_nothing_is_a_mistake(read) -> None:
    options = (
        {"sample_rate_hz": 48_000, "num_channels": 1} if read is receiving.read_audio else {"pixel_format": "rgba"}
    )

    with pytest.raises(ValueError, match="at least one frame"):
        read("TR_1", SimpleNamespace(), capacity=0, clock=ManualClock(), **options)
