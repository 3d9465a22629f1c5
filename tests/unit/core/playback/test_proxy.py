"""The swap proxy and the policy finish: PROTOCOLS 2.3, P1 to P18; PX1 to PX3 and PX6 are absent."""

import asyncio

import pytest

from avatar_core.playback.contract import PlaybackProgressedEvent, PlaybackStartedEvent
from avatar_core.playback.meter import LevelMeter
from avatar_core.playback.proxy import AudioSinkProxy
from avatar_core.playback.recall import SwapPolicy
from tests.fakes.audio_output import FinishLog, HandDrivenOutput, say, speech
from tests.fakes.clock import ManualClock

CARRY, FINISH = SwapPolicy.CARRY, SwapPolicy.FINISH


async def test_swap_to_the_installed_sink_is_a_no_op(
    proxy: AudioSinkProxy, old: HandDrivenOutput, log: FinishLog
) -> None:
    """P3."""
    proxy.on_attached()
    await say(proxy, 1.0)
    before = list(old.calls)
    outcome = await proxy.set_next_in_chain(old, policy=CARRY).wait()
    assert old.calls == before
    assert log.events == []
    assert (outcome.carried_s, outcome.lost_s) == (0, 0)


async def test_idle_swap_does_not_clear(proxy: AudioSinkProxy, old: HandDrivenOutput, new: HandDrivenOutput) -> None:
    """P5."""
    proxy.on_attached()
    proxy.set_next_in_chain(new)
    assert old.calls == ["attached", "detached"]
    assert new.calls == ["attached"]
    assert proxy.next_in_chain is new


async def test_swap_while_detached_attaches_only_the_new_sink_later(
    proxy: AudioSinkProxy, old: HandDrivenOutput, new: HandDrivenOutput
) -> None:
    """P6."""
    proxy.set_next_in_chain(new)
    proxy.on_attached()
    assert old.calls == []
    assert new.calls == ["attached"]


async def test_swap_refuses_what_is_no_output(proxy: AudioSinkProxy, old: HandDrivenOutput) -> None:
    """Seed 000: a real sink is required."""
    with pytest.raises(TypeError):
        proxy.set_next_in_chain(None)  # type: ignore[arg-type]
    assert proxy.next_in_chain is old


async def test_swap_routes_events_of_the_new_sink(proxy: AudioSinkProxy, new: HandDrivenOutput, log: FinishLog) -> None:
    proxy.set_next_in_chain(new)
    await say(proxy, 1.0)
    new.finish(1.0)
    assert log.answers == [(1.0, False)]


async def test_rate_and_pausing_are_those_of_the_current_sink(proxy: AudioSinkProxy, clock: ManualClock) -> None:
    """P14."""
    assert (proxy.sample_rate_hz, proxy.can_pause, proxy.pause_is_emulated) == (None, True, True)
    proxy.set_next_in_chain(HandDrivenOutput(sample_rate_hz=16_000, pause=True, clock=clock))
    assert (proxy.sample_rate_hz, proxy.can_pause, proxy.pause_is_emulated) == (16_000, True, False)
    proxy.set_next_in_chain(HandDrivenOutput(exact_position=False, clock=clock))
    assert (proxy.can_pause, proxy.pause_is_emulated) == (False, False)


async def test_wrapper_chain_may_be_the_new_tail(
    proxy: AudioSinkProxy, new: HandDrivenOutput, log: FinishLog, clock: ManualClock
) -> None:
    """P4: its events bubble through."""
    tail = LevelMeter(new, clock=clock)
    proxy.set_next_in_chain(tail)
    await say(proxy, 0.5, id="s")
    new.finish(0.5)
    assert log.ids == ["s"]
    assert repr(new) in repr(proxy)
    await tail.aclose()


async def test_swap_finishes_flushed_segment_as_interrupted(
    proxy: AudioSinkProxy, old: HandDrivenOutput, new: HandDrivenOutput, log: FinishLog, clock: ManualClock
) -> None:
    """P9, seed 000: at once, at the time since its start."""
    await say(proxy, 1.0)
    old.start()
    clock.move(0.2)
    recall = proxy.set_next_in_chain(new)
    assert log.answers == [(0.2, True)]
    assert old.calls == ["capture", "flush", "clear"]
    assert recall.outcome is not None
    assert (recall.outcome.policy, round(recall.outcome.lost_s, 3), recall.outcome.why) == (FINISH, 0.8, "")
    assert (await proxy.wait_for_playout()).interrupted


async def test_swap_position_is_what_was_reported_last(
    proxy: AudioSinkProxy, old: HandDrivenOutput, new: HandDrivenOutput, log: FinishLog, clock: ManualClock
) -> None:
    """P9."""
    await say(proxy, 1.0)
    old.start()
    old.on_playback_progressed(started_at=clock.now(), offset=0.0, duration=0.35)
    clock.move(0.5)
    proxy.set_next_in_chain(new)
    assert log.answers == [(0.35, True)]


async def test_swap_of_a_segment_that_never_started_is_at_zero(
    proxy: AudioSinkProxy, new: HandDrivenOutput, log: FinishLog, clock: ManualClock
) -> None:
    """P9."""
    await say(proxy, 1.0)
    clock.move(5)
    proxy.set_next_in_chain(new)
    assert log.answers == [(0.0, True)]


async def test_swap_finishes_every_flushed_segment(
    proxy: AudioSinkProxy, old: HandDrivenOutput, new: HandDrivenOutput, log: FinishLog
) -> None:
    """PX2, B18."""
    for index in range(3):
        await say(proxy, 0.5, id=f"s{index}")
    old.start()
    proxy.set_next_in_chain(new)
    assert log.ids == ["s0", "s1", "s2"]
    assert all(event.interrupted for event in log.events)
    assert old.calls.count("clear") == 1


async def test_swap_finishes_the_flushed_and_keeps_the_captured_segment(
    proxy: AudioSinkProxy, old: HandDrivenOutput, new: HandDrivenOutput, log: FinishLog
) -> None:
    """PX3, P10."""
    await say(proxy, 0.5, id="flushed")
    await say(proxy, 0.5, id="captured", flush=False)
    proxy.set_next_in_chain(new)
    assert log.ids == ["flushed"]
    assert old.calls == ["capture", "flush", "capture", "flush", "clear"]
    await proxy.capture_frame(speech(0.4, start_s=0.5))
    proxy.flush()
    assert [ref.id for ref in new.refs] == ["captured"]
    new.finish(0.4)
    assert log.ids == ["flushed", "captured"]
    assert not log.events[1].interrupted


async def test_captured_segment_flushed_after_a_swap_without_a_frame_finishes(
    proxy: AudioSinkProxy, new: HandDrivenOutput, log: FinishLog
) -> None:
    """PX1."""
    await say(proxy, 1.0, flush=False)
    proxy.set_next_in_chain(new)
    assert log.events == []
    proxy.flush()
    assert log.answers == [(0.0, True)]
    await asyncio.wait_for(proxy.wait_for_playout(), 1)
    assert new.calls == []


async def test_positions_add_up_across_swaps(
    proxy: AudioSinkProxy, old: HandDrivenOutput, new: HandDrivenOutput, log: FinishLog, clock: ManualClock
) -> None:
    """B19, P15: the finished position counts what each sink played."""
    third = HandDrivenOutput("third", clock=clock)
    offsets: list[PlaybackProgressedEvent] = []
    proxy.playback_progressed.connect(offsets.append)
    await say(proxy, 0.4, flush=False)
    old.start()
    clock.move(0.4)
    proxy.set_next_in_chain(new)
    await proxy.capture_frame(speech(0.4))
    new.start()
    clock.move(0.3)
    proxy.set_next_in_chain(third)
    await proxy.capture_frame(speech(0.4))
    proxy.flush()
    third.start()
    third.finish(0.4)
    assert log.answers == [(1.1, False)]
    assert [round(event.offset, 3) for event in offsets] == [0.0, 0.4, 0.8]
    [event] = log.events
    assert event.segment is not None
    assert (round(event.segment.lost_s, 3), event.segment.sink) == (0.1, "third")


async def test_segment_starts_once_though_two_sinks_say_so(
    proxy: AudioSinkProxy, old: HandDrivenOutput, new: HandDrivenOutput
) -> None:
    """P12, PX6."""
    started: list[PlaybackStartedEvent] = []
    proxy.playback_started.connect(started.append)
    await say(proxy, 0.4, flush=False)
    old.start()
    proxy.set_next_in_chain(new)
    await proxy.capture_frame(speech(0.4))
    new.start()
    assert len(started) == 1
    assert proxy.ignored_events == 0


async def test_what_the_old_sink_says_after_the_swap_is_ignored(
    proxy: AudioSinkProxy, old: HandDrivenOutput, new: HandDrivenOutput, log: FinishLog
) -> None:
    """P8, B3: late, duplicate, and for a segment that goes on elsewhere."""
    await say(proxy, 1.0, id="flushed")
    await say(proxy, 1.0, id="captured", flush=False)
    proxy.set_next_in_chain(new)
    for ref in (*old.refs, *old.refs):
        old.start(ref)
        old.finish(1.0, segment=ref)
    assert log.ids == ["flushed"]
    assert proxy.ignored_events == 0, "nobody listens to it any more"
    await proxy.capture_frame(speech(0.5))
    proxy.flush()
    for ref in old.refs:
        old.finish(1.0, segment=ref)
    assert log.ids == ["flushed"]
    new.finish(0.5)
    assert log.ids == ["flushed", "captured"]


async def test_stale_answer_after_swapping_back_does_not_touch_the_new_segment(
    proxy: AudioSinkProxy, old: HandDrivenOutput, new: HandDrivenOutput, log: FinishLog
) -> None:
    """P17."""
    await say(proxy, 1.0, id="first")
    proxy.set_next_in_chain(new)
    proxy.set_next_in_chain(old)
    await say(proxy, 1.0, id="second")
    old.finish(0.3, interrupted=True, segment=old.refs[0])
    assert log.ids == ["first"]
    old.finish(1.0, segment=old.refs[1])
    assert log.ids == ["first", "second"]
    assert log.answers[1] == (1.0, False)


async def test_answer_given_within_the_clear_comes_after_the_new_sink_is_in_place(
    clock: ManualClock, new: HandDrivenOutput
) -> None:
    """P7."""
    old = HandDrivenOutput("old", answers_clear=True, clock=clock)
    proxy = AudioSinkProxy(old, clock=clock)
    calls_then: list[str] = []
    proxy.playback_finished.connect(lambda _: calls_then.extend(new.calls))
    proxy.on_attached()
    await say(proxy, 1.0)
    proxy.set_next_in_chain(new)
    assert proxy.pending_segments == ()
    assert calls_then == ["attached"]
    await proxy.aclose()


async def test_swap_during_an_interrupt_finishes_once(
    proxy: AudioSinkProxy, old: HandDrivenOutput, new: HandDrivenOutput, log: FinishLog
) -> None:
    """P16: the clear is out, its answer is not; the late answer changes nothing."""
    await say(proxy, 1.0)
    proxy.clear_buffer()
    proxy.set_next_in_chain(new)
    assert log.events == []
    old.finish(0.25, interrupted=True, segment=old.refs[0])
    assert log.answers == [(0.25, True)]
    old.finish(0.5, interrupted=True, segment=old.refs[0])
    assert len(log.events) == 1
