"""Slots at exactly the frame rate, in step with the pictures."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avatar_core.avatar.frame_slots import FrameSlots

RATES = [(23.976, Fraction(24000, 1001)), (24000 / 1001, Fraction(24000, 1001)), (29.97, Fraction(30000, 1001))]
RATES += [(fps, Fraction(fps)) for fps in (12.5, 24.0, 25.0, 30.0, 50.0, 60.0)]


@pytest.mark.parametrize(("asked", "meant"), RATES)
def test_rate_is_exact_however_long(asked: float, meant: Fraction) -> None:
    slots = FrameSlots(asked)
    assert slots.fps == meant
    slots.align(7.0)
    count = round(600 * meant)
    for _ in range(count):
        slots.advance(slots.next_s)
    assert slots.next_s - 7.0 == pytest.approx(float(count / meant), abs=1e-6)
    assert slots.missed == 0


def test_there_is_no_slot_before_the_first_picture() -> None:
    assert FrameSlots(25).next_s is None


@given(st.floats(-0.5, 2.0), st.integers(1, 50))
def test_slots_come_into_step_with_a_picture_by_half_a_frame_at_most(due_in_s: float, used: int) -> None:
    """No two slots are closer than a quarter of a frame, none more than one and a half apart; then all are in step."""
    slots = FrameSlots(25)
    slots.align(0.0)
    for _ in range(used):
        slots.advance(slots.next_s)
    last_s = (used - 1) * 0.04
    due_s = last_s + due_in_s
    slots.align(due_s)
    first_s = slots.next_s
    assert last_s + 0.01 - 1e-9 <= first_s <= last_s + 0.06 + 1e-9
    slots.advance(first_s)
    phase = (slots.next_s - due_s) / 0.04
    assert phase == pytest.approx(round(phase), abs=1e-6)


def test_picture_that_is_due_now_gets_the_next_slot() -> None:
    slots = FrameSlots(25)
    slots.align(0.0)
    slots.advance(0.0)
    slots.align(0.005)
    # Not sooner than a quarter of a frame behind the last, but not a frame later either.
    assert slots.next_s == pytest.approx(0.01)
    slots.advance(0.01)
    assert slots.next_s == pytest.approx(0.045)


def test_slots_that_went_by_are_counted_and_not_caught_up() -> None:
    slots = FrameSlots(25)
    slots.align(0.0)
    slots.advance(0.0)
    slots.advance(0.41)
    assert slots.next_s == pytest.approx(0.44)
    assert slots.missed == 9
