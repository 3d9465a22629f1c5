"""Pause: by the sink's own means, or by recalling what it has not played (DESIGN, commands; P18)."""

import asyncio

import pytest

from avatar_core.errors import PlaybackError
from avatar_core.playback.proxy import AudioSinkProxy
from avatar_core.playback.recall import SwapPolicy
from avatar_core.playback.segment import SegmentState
from avatar_core.tasks import spawn
from tests.fakes.audio_output import FinishLog, HandDrivenOutput, say, speech
from tests.fakes.clock import ManualClock, settle

CARRY, FINISH = SwapPolicy.CARRY, SwapPolicy.FINISH


async def test_pause_recalls_and_resume_sends_the_rest_as_the_same_segment(
    proxy: AudioSinkProxy, old: HandDrivenOutput, log: FinishLog
) -> None:
    """DESIGN: a clear that keeps the position; the tail is the same segment's continuation."""
    await say(proxy, 1.0, id="s")
    proxy.pause()
    assert old.calls[-1] == "clear"
    old.finish(0.3, interrupted=True)
    await settle()
    assert old.captured_s == pytest.approx(1.0)
    assert log.events == []
    assert [segment.state for segment in proxy.pending_segments] == [SegmentState.FLUSHED]
    proxy.resume()
    await settle()
    assert old.captured_s == pytest.approx(1.7)
    assert [ref.id for ref in old.refs] == ["s", "s"]
    assert old.refs[0] != old.refs[1]
    old.finish(0.7, segment=old.refs[1])
    assert log.answers == [(1.0, False)]


async def test_capture_while_paused_waits_for_the_resume(proxy: AudioSinkProxy, old: HandDrivenOutput) -> None:
    proxy.pause()
    capture = spawn(say(proxy, 0.5), name="capture")
    await settle()
    assert old.frames == []
    proxy.resume()
    await asyncio.wait_for(capture, 1)
    assert old.captured_s == pytest.approx(0.5)


async def test_what_the_chain_holds_while_paused_is_told_and_nothing_once_it_went_on(
    proxy: AudioSinkProxy, old: HandDrivenOutput
) -> None:
    await say(proxy, 1.0)
    assert proxy.unsent_s == 0.0
    proxy.pause()
    old.finish(0.3, interrupted=True)
    assert proxy.unsent_s == pytest.approx(0.7)
    proxy.resume()
    await settle()
    assert proxy.unsent_s == 0.0


async def test_interrupt_while_paused_frees_a_capture_that_waits(
    proxy: AudioSinkProxy, old: HandDrivenOutput, log: FinishLog
) -> None:
    proxy.pause()
    capture = spawn(proxy.capture_frame(speech(0.5)), name="capture")
    await settle()
    proxy.clear_buffer()
    await asyncio.wait_for(capture, 1)
    assert log.answers == [(0.0, True)]
    assert old.frames == []


async def test_interrupt_while_paused_finishes_at_the_position_reached(
    proxy: AudioSinkProxy, old: HandDrivenOutput, log: FinishLog
) -> None:
    await say(proxy, 1.0)
    proxy.pause()
    old.finish(0.3, interrupted=True)
    proxy.clear_buffer()
    assert log.answers == [(0.3, True)]
    proxy.resume()
    await settle()
    assert old.captured_s == pytest.approx(1.0)


@pytest.mark.parametrize("policy", [FINISH, CARRY])
async def test_pause_outlasts_a_swap_and_the_tail_is_said_by_the_new_sink(
    proxy: AudioSinkProxy, old: HandDrivenOutput, new: HandDrivenOutput, log: FinishLog, policy: SwapPolicy
) -> None:
    """P18. What was recalled by the pause is not with the old sink any more, so no policy cuts it."""
    await say(proxy, 1.0)
    proxy.pause()
    old.finish(0.3, interrupted=True)
    proxy.set_next_in_chain(new, policy=policy)
    await settle()
    assert new.frames == []
    proxy.resume()
    await settle()
    assert new.captured_s == pytest.approx(0.7)
    new.finish(0.7)
    assert log.answers == [(1.0, False)]


async def test_sink_that_can_pause_does_it_itself(new: HandDrivenOutput, clock: ManualClock) -> None:
    able = HandDrivenOutput("able", pause=True, clock=clock)
    proxy = AudioSinkProxy(able, clock=clock)
    await say(proxy, 1.0)
    proxy.pause()
    proxy.resume()
    proxy.resume()
    assert able.calls == ["capture", "flush", "pause", "resume"]
    await proxy.aclose()


async def test_pause_of_a_sink_that_does_it_itself_goes_on_in_the_proxy_after_a_swap(
    new: HandDrivenOutput, clock: ManualClock
) -> None:
    """P18: the old one is not left paused."""
    able = HandDrivenOutput("able", pause=True, clock=clock)
    proxy = AudioSinkProxy(able, clock=clock)
    await say(proxy, 1.0)
    proxy.pause()
    recall = proxy.set_next_in_chain(new, policy=CARRY)
    able.finish(0.4, interrupted=True)
    await recall.wait()
    await settle()
    assert able.calls[-2:] == ["clear", "resume"]
    assert new.frames == []
    proxy.resume()
    await settle()
    assert new.captured_s == pytest.approx(0.6)
    await proxy.aclose()


async def test_pause_is_refused_where_positions_are_not_exact(clock: ManualClock) -> None:
    proxy = AudioSinkProxy(HandDrivenOutput("vague", exact_position=False, clock=clock), clock=clock)
    with pytest.raises(PlaybackError, match="vague"):
        proxy.pause()
    await asyncio.wait_for(say(proxy, 0.2), 1)
    await proxy.aclose()
