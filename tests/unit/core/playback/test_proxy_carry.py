"""The policy carry: what the old sink has not played goes to the new one (PX6, BASELINE hot swap)."""

import asyncio

import numpy as np
import pytest

from avatar_core.playback.proxy import AudioSinkProxy
from avatar_core.playback.recall import SwapPolicy
from avatar_core.tasks import spawn
from tests.fakes.audio_output import FinishLog, HandDrivenOutput, RemoteOutput, say, speech
from tests.fakes.clock import ManualClock, settle

CARRY, FINISH = SwapPolicy.CARRY, SwapPolicy.FINISH


async def test_carry_sends_the_unplayed_tail_from_the_position_really_reached(
    proxy: AudioSinkProxy, old: HandDrivenOutput, new: HandDrivenOutput, log: FinishLog
) -> None:
    """PX6, BASELINE hot swap: nothing lost, nothing said twice."""
    for step in range(10):
        await proxy.capture_frame(speech(0.1, start_s=step / 10))
    proxy.flush()
    old.start()
    recall = proxy.set_next_in_chain(new, policy=CARRY)
    await settle()
    assert (log.events, recall.outcome, new.frames) == ([], None, [])
    old.finish(0.43, interrupted=True)
    outcome = await recall.wait()
    await settle()
    assert (outcome.policy, round(outcome.carried_s, 6), outcome.lost_s) == (CARRY, 0.57, 0)
    carried = np.concatenate([frame.samples[:, 0] for frame in new.frames])
    assert carried.tolist() == speech(0.57, start_s=0.43).samples[:, 0].tolist()
    assert new.calls[-1] == "flush"
    new.finish(0.57)
    assert log.answers == [(1.0, False)]


async def test_carry_keeps_the_order_of_segments_and_of_what_follows(
    proxy: AudioSinkProxy, old: HandDrivenOutput, new: HandDrivenOutput, log: FinishLog
) -> None:
    """The first law, across a swap."""
    await say(proxy, 0.5, id="a")
    await say(proxy, 0.5, id="b")
    await say(proxy, 0.5, id="c", flush=False)
    proxy.set_next_in_chain(new, policy=CARRY)
    following = spawn(proxy.capture_frame(speech(0.5, start_s=0.5)), name="following")
    await settle()
    assert new.frames == []
    assert not following.done()
    refs = list(old.refs)
    for ref, position_s in zip(reversed(refs), (0.0, 0.0, 0.2), strict=True):
        old.finish(position_s, interrupted=True, segment=ref)
    await following
    proxy.flush()
    assert [ref.id for ref in new.refs] == ["a", "b", "c"]
    assert [round(frame.duration_s, 3) for frame in new.frames] == [0.3, 0.5, 0.5, 0.5]
    for ref, duration_s in zip(new.refs, (0.3, 0.5, 1.0), strict=True):
        new.finish(duration_s, segment=ref)
    assert log.ids == ["a", "b", "c"]
    assert log.answers == [(0.5, False), (0.5, False), (1.0, False)]


async def test_carry_believes_a_natural_end_that_overtook_it(
    proxy: AudioSinkProxy, old: HandDrivenOutput, new: HandDrivenOutput, log: FinishLog
) -> None:
    await say(proxy, 0.5)
    proxy.set_next_in_chain(new, policy=CARRY)
    old.finish(0.5, interrupted=False)
    await settle()
    assert log.answers == [(0.5, False)]
    assert new.frames == []


async def test_carry_of_all_played_speech_goes_on_with_what_follows(
    proxy: AudioSinkProxy, old: HandDrivenOutput, new: HandDrivenOutput, log: FinishLog
) -> None:
    """The recall flushed the old sink, so it may say that it played all: of a segment still being captured."""
    await say(proxy, 0.5, flush=False)
    proxy.set_next_in_chain(new, policy=CARRY)
    old.finish(0.5, interrupted=False)
    await settle()
    assert log.events == []
    await proxy.capture_frame(speech(0.2, start_s=0.5))
    proxy.flush()
    new.finish(0.2)
    assert log.answers == [(0.7, False)]


async def test_carry_becomes_finish_where_a_position_cannot_be_trusted(
    proxy: AudioSinkProxy, clock: ManualClock, log: FinishLog
) -> None:
    vague = HandDrivenOutput("vague", exact_position=False, clock=clock)
    await say(proxy, 1.0)
    outcome = await proxy.set_next_in_chain(vague, policy=CARRY).wait()
    assert outcome.policy is FINISH
    assert "vague" in outcome.why
    assert log.answers == [(0.0, True)]


async def test_carry_becomes_finish_where_the_old_sink_stays_silent(
    proxy: AudioSinkProxy, old: HandDrivenOutput, new: HandDrivenOutput, log: FinishLog, clock: ManualClock
) -> None:
    await say(proxy, 1.0, id="flushed")
    await say(proxy, 1.0, id="captured", flush=False)
    old.start()
    clock.move(0.3)
    recall = proxy.set_next_in_chain(new, policy=CARRY)
    await settle()
    await clock.advance(10)
    outcome = await asyncio.wait_for(recall.wait(), 1)
    assert outcome.policy is FINISH
    assert outcome.why
    assert log.ids == ["flushed"]
    assert log.events[0].interrupted
    await proxy.capture_frame(speech(0.2))
    proxy.flush()
    old.finish(1.0, segment=old.refs[1])
    new.finish(0.2)
    assert log.ids == ["flushed", "captured"]


async def test_second_carry_before_the_first_is_settled_goes_to_the_last_sink(
    proxy: AudioSinkProxy, old: HandDrivenOutput, new: HandDrivenOutput, log: FinishLog, clock: ManualClock
) -> None:
    third = HandDrivenOutput("third", clock=clock)
    await say(proxy, 1.0)
    first = proxy.set_next_in_chain(new, policy=CARRY)
    second = proxy.set_next_in_chain(third, policy=CARRY)
    old.finish(0.25, interrupted=True)
    await settle()
    assert new.frames == []
    assert third.captured_s == pytest.approx(0.75)
    third.finish(0.75)
    assert log.answers == [(1.0, False)]
    assert first.outcome is not None
    assert second.outcome is not None
    assert first.outcome.carried_s == pytest.approx(0.75)
    assert second.outcome.carried_s == 0


async def test_carry_is_cut_by_an_interrupt(
    proxy: AudioSinkProxy, old: HandDrivenOutput, new: HandDrivenOutput, log: FinishLog
) -> None:
    await say(proxy, 1.0)
    proxy.set_next_in_chain(new, policy=CARRY)
    proxy.clear_buffer()
    old.finish(0.4, interrupted=True)
    await settle()
    assert log.answers == [(0.4, True)]
    assert new.frames == []
    await say(proxy, 0.2)
    assert new.captured_s == pytest.approx(0.2)


async def test_speech_kept_for_a_carry_is_bounded(old: HandDrivenOutput, clock: ManualClock) -> None:
    """The oldest is forgotten, and the loss is told."""
    proxy = AudioSinkProxy(old, clock=clock, kept_limit_s=1.0)
    new = HandDrivenOutput("new", clock=clock)
    for step in range(30):
        await proxy.capture_frame(speech(0.1, start_s=step / 10))
    proxy.flush()
    recall = proxy.set_next_in_chain(new, policy=CARRY)
    old.finish(0.5, interrupted=True)
    outcome = await recall.wait()
    await settle()
    assert outcome.carried_s == pytest.approx(1.0)
    assert outcome.lost_s == pytest.approx(1.5)
    assert new.captured_s == pytest.approx(1.0)
    await proxy.aclose()


async def test_carry_between_playing_sinks_loses_and_repeats_nothing(clock: ManualClock) -> None:
    """Ten swaps within one utterance: what the sinks played, put together, is the utterance."""
    sinks = [RemoteOutput(clock, f"remote {index}") for index in range(11)]
    proxy = AudioSinkProxy(sinks[0], clock=clock)
    log = FinishLog(proxy)
    await proxy.capture_frame(speech(3.0))
    proxy.flush()
    for index, sink in enumerate(sinks[1:]):
        for _ in range(5 + index):
            await clock.advance(0.02)
        proxy.set_next_in_chain(sink, policy=CARRY)
        await clock.advance(0.03)
    for _ in range(100):
        await clock.advance(0.05)
    assert log.answers == [(3.0, False)]
    heard = [sample for sink in sinks for sample in sink.heard]
    assert heard == speech(3.0).samples[:, 0].tolist()
    assert sum(bool(sink.heard) for sink in sinks) > 5
    await proxy.aclose()
    for sink in sinks:
        await sink.aclose()


async def test_resampling_follows_the_new_sink_within_a_segment(clock: ManualClock) -> None:
    """B21, P14."""
    slow = HandDrivenOutput("slow", sample_rate_hz=16_000, clock=clock)
    fast = HandDrivenOutput("fast", sample_rate_hz=48_000, clock=clock)
    proxy = AudioSinkProxy(slow, clock=clock)
    for step in range(10):
        await proxy.capture_frame(speech(0.1, start_s=step / 10, rate_hz=24_000))
    recall = proxy.set_next_in_chain(fast, policy=CARRY)
    slow.finish(0.4, interrupted=True)
    await recall.wait()
    await proxy.capture_frame(speech(0.1, start_s=1.0, rate_hz=24_000))
    proxy.flush()
    await settle()
    assert {frame.sample_rate_hz for frame in slow.frames} == {16_000}
    assert {frame.sample_rate_hz for frame in fast.frames} == {48_000}
    assert fast.captured_s == pytest.approx(0.7, abs=1e-4)
    assert fast.calls[-1] == "flush"
    await proxy.aclose()


async def test_one_rate_and_channel_count_within_a_segment(proxy: AudioSinkProxy, old: HandDrivenOutput) -> None:
    """PROTOCOLS 1.8a: the stream's header tells the first frame's rate only."""
    await proxy.capture_frame(speech(0.1, rate_hz=24_000))
    await proxy.capture_frame(speech(0.1, rate_hz=48_000))
    proxy.flush()
    await settle()
    assert {frame.sample_rate_hz for frame in old.frames} == {24_000}
    assert old.captured_s == pytest.approx(0.2, abs=1e-4)
