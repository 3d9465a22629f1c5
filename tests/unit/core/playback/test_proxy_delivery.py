"""Hand-overs that do not come through (PX4), and the second law when a sink does not answer or closes."""

import asyncio

import numpy as np
import pytest

from avatar_core.errors import RoomLost
from avatar_core.playback.proxy import AudioSinkProxy
from avatar_core.playback.recall import SwapPolicy
from avatar_core.tasks import cancel_and_wait, spawn
from tests.fakes.audio_output import FinishLog, HandDrivenOutput, say, speech
from tests.fakes.clock import ManualClock, settle

CARRY, FINISH = SwapPolicy.CARRY, SwapPolicy.FINISH


async def test_swap_frees_a_capture_blocked_on_a_sink_that_never_becomes_ready(
    proxy: AudioSinkProxy, old: HandDrivenOutput, new: HandDrivenOutput, log: FinishLog
) -> None:
    """PX4, B13: the frame is not lost either."""
    old.ready.clear()
    capture = spawn(proxy.capture_frame(speech(0.5)), name="capture")
    await settle()
    assert not capture.done()
    proxy.set_next_in_chain(new)
    await asyncio.wait_for(capture, 1)
    proxy.flush()
    assert new.captured_s == pytest.approx(0.5)
    old.ready.set()
    await settle()
    assert old.frames == []
    new.finish(0.5)
    assert log.answers == [(0.5, False)]


async def test_cancelled_capture_was_not_captured_and_its_segment_still_finishes(
    proxy: AudioSinkProxy, old: HandDrivenOutput, log: FinishLog
) -> None:
    """PX4 and what follows from it."""
    old.ready.clear()
    capture = spawn(proxy.capture_frame(speech(0.5)), name="capture")
    await settle()
    await cancel_and_wait(capture)
    [segment] = proxy.pending_segments
    assert segment.pushed_s == 0
    proxy.flush()
    assert log.answers == [(0.0, True)]


async def test_interrupt_frees_a_blocked_capture_and_drops_its_frame(
    proxy: AudioSinkProxy, old: HandDrivenOutput, log: FinishLog
) -> None:
    old.ready.clear()
    capture = spawn(proxy.capture_frame(speech(0.5)), name="capture")
    await settle()
    proxy.clear_buffer()
    await asyncio.wait_for(capture, 1)
    assert log.answers == [(0.0, True)]
    old.ready.set()
    await settle()
    assert old.frames == []


async def test_frame_taken_in_the_moment_of_the_swap_is_cleared_and_said_by_the_new_sink(
    proxy: AudioSinkProxy, old: HandDrivenOutput, new: HandDrivenOutput
) -> None:
    """The old sink becomes ready in the same turn of the loop in which it is replaced."""
    old.ready.clear()
    capture = spawn(proxy.capture_frame(speech(0.5)), name="capture")
    await settle()
    old.ready.set()
    proxy.set_next_in_chain(new)
    await asyncio.wait_for(capture, 1)
    assert new.captured_s == pytest.approx(0.5)
    assert old.calls[-3:] == ["capture", "flush", "clear"]


async def test_frame_withdrawn_while_the_courier_hands_it_over_is_not_counted(
    proxy: AudioSinkProxy, old: HandDrivenOutput, new: HandDrivenOutput
) -> None:
    """Who carries speech over delivers for those who capture meanwhile, too."""
    failures: list[BaseException] = []
    proxy.delivery_failed.connect(failures.append)
    new.ready.clear()
    await say(proxy, 0.5, flush=False)
    proxy.set_next_in_chain(new, policy=CARRY)
    old.finish(0.3, interrupted=True)
    await settle()
    capture = spawn(proxy.capture_frame(speech(0.1, start_s=0.5)), name="capture")
    await settle()
    # Let the tail through, and no more.
    new.ready.set()
    new.ready.clear()
    await settle()
    assert new.captured_s == pytest.approx(0.2)
    await cancel_and_wait(capture)
    new.ready.set()
    await settle()
    assert failures == []
    assert proxy.pending_segments[0].pushed_s == pytest.approx(0.5)


async def test_cancelled_capture_leaves_carried_speech_to_somebody_else(
    proxy: AudioSinkProxy, old: HandDrivenOutput, new: HandDrivenOutput
) -> None:
    """The capturer was the one who delivered."""
    await say(proxy, 1.0, flush=False)
    old.ready.clear()
    new.ready.clear()
    capture = spawn(proxy.capture_frame(speech(0.1, start_s=1.0)), name="capture")
    await settle()
    proxy.set_next_in_chain(new, policy=CARRY)
    await settle()
    old.finish(0.3, interrupted=True)
    await settle()
    await cancel_and_wait(capture)
    new.ready.set()
    await settle()
    assert new.captured_s == pytest.approx(0.7)


async def test_refused_frame_raises_and_is_not_captured(proxy: AudioSinkProxy, old: HandDrivenOutput) -> None:
    old.failure = RoomLost("the room is gone")
    with pytest.raises(RoomLost):
        await proxy.capture_frame(speech(0.5))
    [segment] = proxy.pending_segments
    assert segment.pushed_s == 0


async def test_failed_delivery_of_carried_speech_is_told_and_finishes_it(
    proxy: AudioSinkProxy, old: HandDrivenOutput, new: HandDrivenOutput, log: FinishLog
) -> None:
    failures: list[BaseException] = []
    proxy.delivery_failed.connect(failures.append)
    await say(proxy, 1.0)
    new.failure = RoomLost("the room is gone")
    proxy.set_next_in_chain(new, policy=CARRY)
    old.finish(0.25, interrupted=True)
    await settle()
    assert failures == [new.failure]
    assert log.answers == [(0.25, True)]


async def test_capturers_are_served_in_turn(proxy: AudioSinkProxy, old: HandDrivenOutput) -> None:
    """Order is kept although two tasks capture at once."""
    old.ready.clear()
    captures = [spawn(proxy.capture_frame(speech(0.1, start_s=n / 10)), name=f"capture {n}") for n in range(5)]
    await settle()
    old.ready.set()
    await asyncio.gather(*captures)
    said = np.concatenate([frame.samples[:, 0] for frame in old.frames])
    assert said.tolist() == speech(0.5).samples[:, 0].tolist()


async def test_interrupt_without_an_answer_finishes_after_the_timeout(
    proxy: AudioSinkProxy, old: HandDrivenOutput, log: FinishLog, clock: ManualClock
) -> None:
    """B14: at the position thought to be reached when the sound stopped, not at all that was pushed."""
    await say(proxy, 3.0)
    old.start()
    clock.move(0.5)
    proxy.clear_buffer()
    await settle()
    await clock.advance(10)
    [(position_s, interrupted)] = log.answers
    assert interrupted
    assert position_s == pytest.approx(0.5)
    old.finish(0.5, interrupted=True)
    assert len(log.events) == 1


async def test_speech_after_an_interrupt_does_not_wait_for_its_answer(
    proxy: AudioSinkProxy, old: HandDrivenOutput, log: FinishLog
) -> None:
    await say(proxy, 1.0, id="interrupted")
    proxy.clear_buffer()
    await asyncio.wait_for(say(proxy, 1.0, id="next"), 1)
    assert [ref.id for ref in old.refs] == ["interrupted", "next"]
    old.finish(0.2, interrupted=True, segment=old.refs[0])
    old.finish(1.0, segment=old.refs[1])
    assert log.ids == ["interrupted", "next"]


async def test_what_is_captured_between_an_interrupt_and_its_answer_is_dropped_and_counted(
    proxy: AudioSinkProxy, old: HandDrivenOutput
) -> None:
    await say(proxy, 0.5, flush=False)
    proxy.clear_buffer()
    await proxy.capture_frame(speech(0.3))
    assert proxy.dropped_s == pytest.approx(0.3)
    assert old.captured_s == pytest.approx(0.5)


async def test_segment_interrupted_while_captured_is_interrupted_though_its_sink_played_all_it_had(
    proxy: AudioSinkProxy, old: HandDrivenOutput, log: FinishLog
) -> None:
    await say(proxy, 0.5, flush=False)
    proxy.clear_buffer()
    old.finish(0.5, interrupted=False)
    assert log.answers == [(0.5, True)]


async def test_answer_before_the_flush_ends_the_segment_and_drops_what_follows(
    proxy: AudioSinkProxy, old: HandDrivenOutput, log: FinishLog
) -> None:
    """R4: the sink is told the end, what follows is counted."""
    await say(proxy, 1.0, flush=False)
    old.finish(0.4, interrupted=True)
    assert old.calls == ["capture", "flush"]
    await proxy.capture_frame(speech(0.5))
    proxy.flush()
    assert log.answers == [(0.4, True)]
    assert proxy.dropped_s == pytest.approx(0.5)
    await say(proxy, 0.3)
    old.finish(0.3)
    assert len(log.events) == 2


async def test_false_positions_are_kept_within_what_is_possible(
    proxy: AudioSinkProxy, old: HandDrivenOutput, log: FinishLog
) -> None:
    for claim in (-3.0, 99.0, float("nan"), float("inf")):
        await say(proxy, 0.5)
        old.finish(claim)
    assert log.answers == [(0.0, False), (0.5, False), (0.0, False), (0.5, False)]


async def test_closing_finishes_what_is_pending_and_silences_the_sink(
    proxy: AudioSinkProxy, old: HandDrivenOutput, log: FinishLog
) -> None:
    await say(proxy, 1.0, flush=False)
    await proxy.aclose()
    assert len(log.events) == 1
    assert old.calls == ["capture", "flush", "clear"]
    old.finish(1.0, segment=old.refs[0])
    assert len(log.events) == 1


async def test_closing_ends_a_blocked_capture(proxy: AudioSinkProxy, old: HandDrivenOutput) -> None:
    old.ready.clear()
    capture = spawn(proxy.capture_frame(speech(0.5)), name="capture")
    await settle()
    await proxy.aclose()
    await asyncio.wait_for(capture, 1)
