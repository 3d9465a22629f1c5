"""AgentOutput: replacing the whole chain, and replacing its tail below the wrappers (PROTOCOLS P1, P2; B20, PX5)."""

from collections.abc import AsyncIterator

import pytest

from avatar_core.playback.agent_output import AgentOutput
from avatar_core.playback.contract import AudioOutput
from avatar_core.playback.meter import LevelMeter
from avatar_core.playback.proxy import AudioSinkProxy
from avatar_core.playback.recall import SwapPolicy
from avatar_core.playback.segment import SegmentRef
from tests.fakes.audio_output import FinishLog, HandDrivenOutput, speech
from tests.fakes.clock import ManualClock, settle


@pytest.fixture
async def output(clock: ManualClock) -> AsyncIterator[AgentOutput]:
    output = AgentOutput(clock=clock)
    yield output
    await output.aclose()


def head_of(output: AgentOutput) -> AudioOutput:
    assert output.audio is not None
    return output.audio


async def test_bare_leaf_gets_a_proxy(output: AgentOutput, clock: ManualClock) -> None:
    """PX5."""
    leaf = HandDrivenOutput(clock=clock)
    output.audio = leaf
    assert isinstance(head_of(output), AudioSinkProxy)
    assert head_of(output).next_in_chain is leaf


async def test_wrapped_leaf_gets_one_proxy_at_the_bottom(output: AgentOutput, clock: ManualClock) -> None:
    """R14."""
    leaf = HandDrivenOutput(clock=clock)
    output.audio = LevelMeter(LevelMeter(leaf, clock=clock), clock=clock)
    kinds = [type(link) for link in head_of(output).chain()]
    assert kinds == [LevelMeter, LevelMeter, AudioSinkProxy, HandDrivenOutput]
    assert repr(output).count("AudioSinkProxy(") == 1


async def test_none_is_refused(output: AgentOutput) -> None:
    with pytest.raises(TypeError):
        output.audio = None  # type: ignore[assignment]
    with pytest.raises(TypeError):
        output.replace_audio_tail(None)  # type: ignore[arg-type]
    assert output.audio is None


@pytest.mark.parametrize("method", ["replace_audio_tail", "swap_audio_endpoint"])
async def test_tail_is_replaced_and_the_wrappers_stay(output: AgentOutput, clock: ManualClock, method: str) -> None:
    """P1, seed 000: listeners above survive."""
    old, new = HandDrivenOutput("old", clock=clock), HandDrivenOutput("new", clock=clock)
    head = LevelMeter(old, clock=clock)
    output.audio = head
    log = FinishLog(head)
    await head.capture_frame(speech(0.3), segment=SegmentRef("one"))
    head.flush()
    recall = getattr(output, method)(new)
    await head.capture_frame(speech(0.3), segment=SegmentRef("two"))
    head.flush()
    new.finish(0.3)
    assert output.audio is head
    assert log.ids == ["one", "two"]
    assert recall.outcome.policy is SwapPolicy.FINISH


async def test_tail_without_a_chain_becomes_the_chain(output: AgentOutput, clock: ManualClock) -> None:
    """P2."""
    leaf = HandDrivenOutput(clock=clock)
    outcome = await output.replace_audio_tail(leaf).wait()
    assert head_of(output).next_in_chain is leaf
    assert leaf.calls == ["attached"]
    assert outcome.lost_s == 0


async def test_carry_is_passed_on(output: AgentOutput, clock: ManualClock) -> None:
    old, new = HandDrivenOutput("old", clock=clock), HandDrivenOutput("new", clock=clock)
    output.audio = old
    await head_of(output).capture_frame(speech(1.0))
    recall = output.replace_audio_tail(new, policy=SwapPolicy.CARRY)
    old.finish(0.25, interrupted=True)
    assert (await recall.wait()).carried_s == pytest.approx(0.75)
    await settle()
    assert new.captured_s == pytest.approx(0.75)


async def test_new_chain_rescues_what_was_pending_in_the_old_one(output: AgentOutput, clock: ManualClock) -> None:
    """B20: flushed and captured segments finish as interrupted, the old sink falls silent."""
    old = HandDrivenOutput("old", clock=clock)
    output.audio = old
    before = head_of(output)
    log = FinishLog(before)
    await before.capture_frame(speech(0.5), segment=SegmentRef("flushed"))
    before.flush()
    await before.capture_frame(speech(0.5), segment=SegmentRef("captured"))
    output.audio = HandDrivenOutput("new", clock=clock)
    assert log.ids == ["flushed", "captured"]
    assert all(event.interrupted for event in log.events)
    assert old.calls[-2:] == ["clear", "detached"]
    assert (await before.wait_for_playout()).interrupted
    await before.aclose()


async def test_wrapper_put_over_the_running_chain_interrupts_nothing(output: AgentOutput, clock: ManualClock) -> None:
    leaf = HandDrivenOutput(clock=clock)
    output.audio = leaf
    await head_of(output).capture_frame(speech(0.5), segment=SegmentRef("s"))
    output.audio = LevelMeter(head_of(output), clock=clock)
    log = FinishLog(head_of(output))
    head_of(output).flush()
    leaf.finish(0.5)
    assert log.answers == [(0.5, False)]


async def test_chain_change_attaches_and_detaches_and_tells(output: AgentOutput, clock: ManualClock) -> None:
    first, second = HandDrivenOutput("first", clock=clock), HandDrivenOutput("second", clock=clock)
    changes: list[AudioOutput] = []
    output.audio_changed.connect(changes.append)
    output.audio = first
    output.audio = head_of(output)
    output.audio = second
    assert first.calls == ["attached", "detached"]
    assert second.calls == ["attached"]
    assert [change.next_in_chain for change in changes] == [first, second]


async def test_disabled_output_attaches_nothing_until_enabled(output: AgentOutput, clock: ManualClock) -> None:
    """P6."""
    leaf = HandDrivenOutput(clock=clock)
    output.set_audio_enabled(False)
    output.audio = leaf
    assert leaf.calls == []
    output.set_audio_enabled(True)
    output.set_audio_enabled(True)
    assert leaf.calls == ["attached"]
    output.set_audio_enabled(False)
    assert leaf.calls == ["attached", "detached"]


async def test_close_detaches_finishes_and_is_harmless_twice(clock: ManualClock) -> None:
    output = AgentOutput(clock=clock)
    leaf = HandDrivenOutput(clock=clock)
    output.audio = leaf
    log = FinishLog(head_of(output))
    await head_of(output).capture_frame(speech(0.5))
    await output.aclose()
    await output.aclose()
    assert len(log.events) == 1
    assert leaf.calls.count("detached") == 1
    assert output.audio is None
