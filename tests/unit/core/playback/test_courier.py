"""Delivery: in order, whoever asks, and nothing while held."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from typing import Any

import pytest

from avatar_core.playback.courier import Courier
from avatar_core.playback.passage import Passage
from avatar_core.playback.segment import SegmentRecord, SegmentRef, SegmentState
from avatar_core.tasks import TaskGroup, cancel_and_wait, spawn
from tests.fakes.audio_output import HandDrivenOutput, speech
from tests.fakes.clock import settle


@pytest.fixture
def sink() -> HandDrivenOutput:
    return HandDrivenOutput()


@pytest.fixture
async def courier(sink: HandDrivenOutput) -> AsyncIterator[Courier]:
    tasks = TaskGroup()

    def spawn_errand(coro: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        return tasks.spawn(coro, name="errand")

    yield Courier(sink, spawn=spawn_errand, kept_limit_s=60.0)
    await tasks.aclose()


def put(courier: Courier, id: str, *durations_s: float, flushed: bool = False) -> Passage:
    state = SegmentState.FLUSHED if flushed else SegmentState.CAPTURING
    record = SegmentRecord(SegmentRef(id), sink="", pushed_s=sum(durations_s), state=state)
    courier.passages.open(record)
    passage = courier.passages.get(record.ref)
    assert passage is not None
    for duration_s in durations_s:
        passage.tape.append(speech(duration_s))
    return passage


async def test_frames_and_ends_go_out_in_order(courier: Courier, sink: HandDrivenOutput) -> None:
    """The first law."""
    put(courier, "a", 0.1, 0.1, flushed=True)
    put(courier, "b", 0.1)
    courier.generation = 7
    await courier.deliver()
    assert sink.calls == ["capture", "capture", "flush", "capture"]
    assert sink.refs == [SegmentRef("a", 7), SegmentRef("b", 7)]


async def test_record_tells_where_its_segment_is(courier: Courier) -> None:
    passage = put(courier, "a", 0.1)
    courier.generation = 3
    await courier.deliver()
    assert (passage.record.sink, passage.record.generation) == ("sink", 3)


async def test_nothing_goes_out_while_held(courier: Courier, sink: HandDrivenOutput) -> None:
    put(courier, "a", 0.1)
    courier.held = True
    delivery = spawn(courier.deliver(), name="delivery")
    await settle()
    courier.dispatch()
    await settle()
    assert sink.frames == []
    courier.held = False
    courier.dispatch()
    await asyncio.wait_for(delivery, 1)
    assert len(sink.frames) == 1


async def test_dispatch_sends_somebody_where_nobody_delivers(courier: Courier, sink: HandDrivenOutput) -> None:
    courier.dispatch()
    put(courier, "a", 0.1, flushed=True)
    courier.dispatch()
    courier.dispatch()
    await settle()
    assert sink.calls == ["capture", "flush"]


async def test_cancelled_delivery_leaves_the_rest_due(courier: Courier, sink: HandDrivenOutput) -> None:
    passage = put(courier, "a", 0.1, 0.1)
    sink.ready.clear()
    delivery = spawn(courier.deliver(), name="delivery")
    await settle()
    await cancel_and_wait(delivery)
    assert passage.tape.mark_to_end_s == pytest.approx(0.2)
    sink.ready.set()
    courier.dispatch()
    await settle()
    assert len(sink.frames) == 2


async def test_cut_frame_goes_to_whoever_is_current_then(courier: Courier, sink: HandDrivenOutput) -> None:
    """PX4."""
    other = HandDrivenOutput("other")
    passage = put(courier, "a", 0.1)
    sink.ready.clear()
    delivery = spawn(courier.deliver(), name="delivery")
    await settle()
    passage.leg = None
    courier.sink = other
    courier.cut()
    await asyncio.wait_for(delivery, 1)
    assert (sink.frames, len(other.frames)) == ([], 1)


async def test_remainder_of_a_conversion_goes_out_before_the_end(courier: Courier) -> None:
    fast = HandDrivenOutput("fast", sample_rate_hz=48_000)
    courier.sink = fast
    put(courier, "a", 0.1, 0.1, flushed=True)
    await courier.deliver()
    assert fast.calls[-1] == "flush"
    assert sum(frame.samples_per_channel for frame in fast.frames) == round(0.2 * 48_000)
