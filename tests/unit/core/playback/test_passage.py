"""Passages: what becomes of a segment's speech when its leg is over, and what is due in which order."""

import pytest

from avatar_core.playback.leg import Leg
from avatar_core.playback.passage import Passage, Passages
from avatar_core.playback.recall import Recall, SwapPolicy
from avatar_core.playback.segment import SegmentRecord, SegmentRef, SegmentState
from tests.fakes.audio_output import HandDrivenOutput, speech


def passage_of(duration_s: float, *, flushed: bool, sink: HandDrivenOutput | None = None, id: str = "s") -> Passage:
    """All of it sent to `sink`."""
    state = SegmentState.FLUSHED if flushed else SegmentState.CAPTURING
    passage = Passage(SegmentRecord(SegmentRef(id), sink="sink", pushed_s=duration_s, state=state))
    passage.tape.append(speech(duration_s))
    passage.tape.mark_sent()
    passage.leg = Leg(sink or HandDrivenOutput(), SegmentRef(id), base_s=0.0, sent_s=duration_s, flushed=flushed)
    return passage


def recalled(passage: Passage, policy: SwapPolicy) -> Recall:
    recall = Recall(policy)
    assert passage.leg is not None
    passage.leg.recall = recall
    recall.awaited = 1
    return recall


def test_carried_leg_leaves_its_tail_to_be_sent() -> None:
    passage = passage_of(1.0, flushed=True)
    recall = recalled(passage, SwapPolicy.CARRY)
    assert passage.is_due
    passage.leave(0.4, interrupted=True)
    assert passage.tape.mark_to_end_s == pytest.approx(0.6)
    assert not passage.is_over
    assert recall.outcome is not None
    assert recall.outcome.carried_s == pytest.approx(0.6)
    assert recall.outcome.lost_s == 0


@pytest.mark.parametrize("flushed", [True, False])
def test_finished_leg_loses_its_tail_and_ends_only_what_was_flushed(flushed: bool) -> None:
    """Seed 000. What was never given to the old output is no part of it."""
    passage = passage_of(1.0, flushed=flushed)
    passage.tape.append(speech(0.2))
    recall = recalled(passage, SwapPolicy.FINISH)
    passage.leave(0.4, interrupted=True)
    assert passage.record.lost_s == pytest.approx(0.6)
    assert recall.lost_s == pytest.approx(0.6)
    assert passage.is_over is flushed
    assert passage.heard_s == 0.4


def test_interrupted_segment_loses_nothing_to_the_swap() -> None:
    """What an interrupt cuts is cut on purpose."""
    passage = passage_of(1.0, flushed=True)
    recall = recalled(passage, SwapPolicy.CARRY)
    passage.drop()
    passage.leave(0.4, interrupted=True)
    assert (recall.carried_s, recall.lost_s, passage.record.lost_s) == (0, 0, 0)
    assert passage.is_over


def test_segment_of_which_nothing_was_given_is_over_at_its_flush() -> None:
    """PX1, PX4."""
    record = SegmentRecord(SegmentRef("s"), sink="sink", state=SegmentState.FLUSHED)
    assert Passage(record).is_over
    blocked = Passage(record, leg=Leg(HandDrivenOutput(), SegmentRef("s"), base_s=0.0))
    assert blocked.is_over


def test_what_is_due_comes_in_order_and_the_end_counts() -> None:
    passages = Passages()
    for name in ("first", "second"):
        passages.open(SegmentRecord(SegmentRef(name), sink="sink"))
    first, second = passages
    second.tape.append(speech(0.1))
    assert passages.next_due() is second
    first.tape.append(speech(0.1))
    assert passages.next_due() is first
    first.drop()
    assert passages.next_due() is second
    second.tape.mark_sent()
    assert passages.next_due() is None
    second.leg = Leg(HandDrivenOutput(), SegmentRef("second"), base_s=0.0, sent_s=0.1)
    second.record.state = SegmentState.FLUSHED
    assert passages.next_due() is second


def test_event_finds_only_the_leg_it_names() -> None:
    """B3."""
    sink, other = HandDrivenOutput(), HandDrivenOutput()
    passages = Passages()
    passages.open(SegmentRecord(SegmentRef("s"), sink="sink"))
    [passage] = passages
    leg = passage.leg = Leg(sink, SegmentRef("s", 3), base_s=0.0)
    assert passages.with_leg(sink, SegmentRef("s", 3)) == (passage, leg)
    assert passages.with_leg(sink, SegmentRef("s", 2)) is None
    assert passages.with_leg(other, SegmentRef("s", 3)) is None


def test_take_back_awaits_only_what_was_given() -> None:
    sink = HandDrivenOutput()
    passages = Passages()
    for name in ("given", "not given", "elsewhere"):
        passages.open(SegmentRecord(SegmentRef(name), sink="sink"))
    given, not_given, elsewhere = passages
    given.leg = Leg(sink, SegmentRef("given"), base_s=0.0, sent_s=0.5)
    not_given.leg = Leg(sink, SegmentRef("not given"), base_s=0.0)
    elsewhere.leg = Leg(HandDrivenOutput(), SegmentRef("elsewhere"), base_s=0.0, sent_s=0.5)
    recall = Recall(SwapPolicy.CARRY)
    assert passages.take_back(sink, recall, now_s=9.0)
    assert recall.awaited == 1
    assert given.awaits_position
    assert given.leg.recalled_at == 9.0
    assert [passage.leg is None for passage in passages] == [False, True, False]
    assert not elsewhere.awaits_position
    assert passages.awaits_position_from(sink)
    assert not passages.take_back(sink, recall, now_s=10.0)


def test_oldest_speech_is_forgotten_first() -> None:
    passages = Passages()
    for name in ("old", "new"):
        passages.open(SegmentRecord(SegmentRef(name), sink="sink"))
    old, new = passages
    for passage in (old, new):
        for _ in range(5):
            passage.tape.append(speech(0.1))
            passage.tape.mark_sent()
    for limit_s, kept in ((0.75, [0.2, 0.5]), (0.35, [0.0, 0.3])):
        passages.forget_beyond(limit_s)
        assert [round(passage.tape.kept_s, 6) for passage in passages] == kept
