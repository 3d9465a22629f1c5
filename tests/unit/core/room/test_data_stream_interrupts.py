"""Interrupts, as the sender of LiveKit's audio wire sees them, over a room in memory (PROTOCOLS 1.5)."""

from collections.abc import AsyncIterator

import pytest

from avatar_core.playback.segment import SegmentRef
from avatar_core.room.answer_checks import WireFinding
from avatar_core.room.rpc import RpcError, RpcErrorCode
from avatar_core.tasks import spawn
from avatar_core.wire.livekit import (
    RPC_CLEAR_BUFFER,
)
from tests.fakes.audio_output import FinishLog, speech
from tests.fakes.clock import settle
from tests.fakes.spoken_to_avatar import AVATAR, Wire, take_speech_and_clears, wired


@pytest.fixture
async def wire() -> AsyncIterator[Wire]:
    async with wired() as wire:
        yield wire


async def test_two_clears_make_one_call(wire: Wire) -> None:
    output = wire.output()
    await output.capture_frame(speech(0.5))
    output.clear_buffer()
    output.clear_buffer()
    await settle()
    assert [method for _, method, _ in wire.room.calls] == [RPC_CLEAR_BUFFER]
    assert wire.agent.streams.opened[0].ended
    await output.aclose()


async def test_clear_names_what_is_void_to_an_avatar_that_sends_reports(wire: Wire) -> None:
    """Others get it as livekit-agents sends it: empty."""
    output = wire.output(clear_buffer_timeout_s=0.5)
    for names in (("a", "b"), ("c", "d")):
        for name in names:
            await output.capture_frame(speech(0.5), segment=SegmentRef(name))
            output.flush()
        output.clear_buffer()
        await wire.clock.advance(0.6)
        await wire.report(1, 0.1, SegmentRef("a"))
    assert wire.cleared() == [(), ("c", "d")]
    await output.aclose()


async def test_avatar_that_came_back_is_not_thought_to_know_names(wire: Wire) -> None:
    output = wire.output(clear_buffer_timeout_s=0.5)
    await wire.report(1, 0.0, SegmentRef("a"))
    wire.avatar.leave()
    again = wire.room.join(AVATAR)
    take_speech_and_clears(again)
    await output.capture_frame(speech(0.5), segment=SegmentRef("b"))
    output.clear_buffer()
    await settle()
    assert wire.cleared() == [()]
    await output.aclose()
    await again.aclose()


async def test_clear_without_segments_sends_nothing(wire: Wire) -> None:
    output = wire.output()
    output.clear_buffer()
    await settle()
    assert wire.room.calls == []
    await output.aclose()


async def test_unanswered_clear_finishes_where_the_speech_is_thought_to_be(wire: Wire) -> None:
    """B14: not at all that was pushed."""
    output = wire.output(clear_buffer_timeout_s=2.0)
    log = FinishLog(output)
    await output.capture_frame(speech(5.0))
    output.flush()
    await wire.clock.advance(0.7)
    output.clear_buffer()
    await wire.clock.advance(1.9)
    assert log.events == []
    await wire.clock.advance(0.2)
    assert log.answers == [(0.7, True)]
    await output.aclose()


async def test_clear_that_fails_finishes_at_once(wire: Wire) -> None:
    output = wire.output()
    log = FinishLog(output)
    await output.capture_frame(speech(1.0))
    wire.room.rpc_failures.append(RpcError(RpcErrorCode.CONNECTION_TIMEOUT, "nobody there"))
    output.clear_buffer()
    await settle()
    assert log.answers == [(0.0, True)]
    await output.aclose()


async def test_new_speech_waits_until_an_interrupt_is_over(wire: Wire) -> None:
    output = wire.output()
    log = FinishLog(output)
    await output.capture_frame(speech(1.0), segment=SegmentRef("old"))
    output.flush()
    output.clear_buffer()
    capture = spawn(output.capture_frame(speech(0.5), segment=SegmentRef("new")), name="capture")
    await settle()
    assert not capture.done()
    await wire.answer(0.3, interrupted=True)
    await capture
    assert log.ids == ["old"]
    assert [segment.id for segment in output.pending_segments] == ["new"]
    await output.aclose()


async def test_answer_of_an_interrupt_that_was_given_up_does_not_end_the_next_segment(wire: Wire) -> None:
    """B5, B14: an answer without a name comes late, and the segment it would end was never interrupted."""
    output = wire.output(clear_buffer_timeout_s=2.0)
    log = FinishLog(output)
    found: list[WireFinding] = []
    output.found.connect(found.append)
    await output.capture_frame(speech(1.0), segment=SegmentRef("old"))
    output.flush()
    output.clear_buffer()
    await wire.clock.advance(2.1)
    await output.capture_frame(speech(0.5), segment=SegmentRef("new"))
    output.flush()
    await wire.answer(0.3, interrupted=True)
    assert log.ids == ["old"]
    assert [one.id for one in found] == ["B5"]
    await wire.clock.advance(1.0)
    await wire.answer(0.5)
    assert log.ids == ["old", "new"]
    assert log.answers[-1] == (0.5, False)
    await output.aclose()


async def test_avatar_that_cuts_a_segment_off_by_itself_is_believed(wire: Wire) -> None:
    """Nothing was interrupted, or all interrupts were answered."""
    output = wire.output()
    log = FinishLog(output)
    for name in ("first", "second"):
        await output.capture_frame(speech(1.0), segment=SegmentRef(name))
        output.flush()
        if name == "first":
            output.clear_buffer()
            await settle()
        await wire.answer(0.3, interrupted=True)
    assert log.answers == [(0.3, True), (0.3, True)]
    await output.aclose()


async def test_frames_of_an_interrupted_segment_are_dropped(wire: Wire) -> None:
    """R3, R4: the interrupt does not end the capturing; what follows belongs to what is over."""
    output = wire.output()
    await output.capture_frame(speech(0.5))
    output.clear_buffer()
    await output.capture_frame(speech(0.5))
    await wire.answer(0.1, interrupted=True)
    await settle()
    await output.capture_frame(speech(0.5))
    assert len(wire.agent.streams.opened) == 1
    output.flush()
    await output.capture_frame(speech(0.5))
    assert len(wire.agent.streams.opened) == 2
    await output.aclose()
