"""A hand-over can be called off, and only by whoever may (PX4)."""

import asyncio

import pytest

from avatar_core.errors import PlaybackError
from avatar_core.playback.handover import Handed, HandOver
from avatar_core.playback.leg import Leg
from avatar_core.playback.segment import SegmentRef
from avatar_core.tasks import spawn
from tests.fakes.audio_output import HandDrivenOutput, speech
from tests.fakes.clock import settle


@pytest.fixture
def sink() -> HandDrivenOutput:
    return HandDrivenOutput()


@pytest.fixture
def leg(sink: HandDrivenOutput) -> Leg:
    return Leg(sink, SegmentRef("s"), base_s=0.0)


async def test_frame_is_given(leg: Leg, sink: HandDrivenOutput) -> None:
    assert await HandOver().give(leg, speech(0.1)) is Handed.GIVEN
    assert sink.refs == [SegmentRef("s")]


async def test_cut_ends_a_hand_over_that_blocks_and_leaves_its_task_alive(leg: Leg, sink: HandDrivenOutput) -> None:
    hand_over = HandOver()
    sink.ready.clear()

    async def give_twice() -> tuple[Handed, Handed]:
        first = await hand_over.give(leg, speech(0.1))
        sink.ready.set()
        return first, await hand_over.give(leg, speech(0.1))

    giving = spawn(give_twice(), name="giving")
    await settle()
    hand_over.cut()
    hand_over.cut()
    assert await asyncio.wait_for(giving, 1) == (Handed.CUT, Handed.GIVEN)
    assert len(sink.frames) == 1


async def test_cut_in_the_moment_of_the_taking_is_told_apart(leg: Leg, sink: HandDrivenOutput) -> None:
    hand_over = HandOver()
    sink.ready.clear()
    giving = spawn(hand_over.give(leg, speech(0.1)), name="giving")
    await settle()
    sink.ready.set()
    hand_over.cut()
    assert await giving is Handed.SLIPPED
    assert len(sink.frames) == 1


async def test_cut_without_a_hand_over_changes_nothing(leg: Leg) -> None:
    hand_over = HandOver()
    hand_over.cut()
    assert await hand_over.give(leg, speech(0.1)) is Handed.GIVEN


@pytest.mark.parametrize("failure", [PlaybackError("no"), TimeoutError("too slow")])
async def test_what_the_output_raises_is_raised(leg: Leg, sink: HandDrivenOutput, failure: Exception) -> None:
    sink.failure = failure
    with pytest.raises(type(failure)):
        await HandOver().give(leg, speech(0.1))


async def test_failure_of_a_hand_over_already_cut_concerns_nobody(leg: Leg, sink: HandDrivenOutput) -> None:
    hand_over = HandOver()
    sink.ready.clear()
    sink.failure = PlaybackError("closed")
    giving = spawn(hand_over.give(leg, speech(0.1)), name="giving")
    await settle()
    sink.ready.set()
    hand_over.cut()
    assert await giving is Handed.CUT


async def test_cancelling_the_giver_cancels_the_giver(leg: Leg, sink: HandDrivenOutput) -> None:
    sink.ready.clear()
    giving = spawn(HandOver().give(leg, speech(0.1)), name="giving")
    await settle()
    giving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await giving
