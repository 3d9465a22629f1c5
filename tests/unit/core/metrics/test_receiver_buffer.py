from collections.abc import Callable

import numpy as np
import pytest

from avatar_core.metrics.alignment import Alignment
from avatar_core.metrics.observations import Floats
from avatar_core.metrics.receiver_buffer import ReceiverBuffer
from avatar_core.metrics.speech import Utterance, speed

MEASURED = {"duration_ratio": (0.97,), "click_count": (0.0,)}


def buffer_with(*stays_ms: float) -> ReceiverBuffer:
    """Read once a second, the first time at 1 s."""
    return ReceiverBuffer((float(at_s), stay_ms) for at_s, stay_ms in enumerate(stays_ms, 1))


def utterance(
    start_s: float, end_s: float, delay_s: Callable[[Floats], Floats] = np.zeros_like, *, exact: bool = True
) -> Utterance:
    """Heard between two moments, each moment of it so much later than it should have been."""
    reference_s = np.arange(0.0, end_s - start_s, 0.05)
    heard_s = start_s + reference_s + delay_s(reference_s)
    alignment = Alignment(reference_s, heard_s, np.full(len(heard_s), exact), reference_s[::4], heard_s[::4], 1.0)
    return Utterance(start_s, end_s, 0.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0, (), (), speed(alignment), None, 1.0, alignment)


def test_what_is_known_of_a_moment_is_a_span_where_the_stay_moved() -> None:
    buffer = buffer_with(40, 40, 90, 140, 140)
    assert buffer.stay_s(0.5) == (pytest.approx(0.04), pytest.approx(0.04))
    assert buffer.stay_s(2.0) == (pytest.approx(0.04), pytest.approx(0.09))


def test_what_the_buffer_let_go_of_is_no_haste_of_the_avatar() -> None:
    # From 100 to 40 ms within the 2 s that were heard.
    taken = buffer_with(100, 100, 70, 40, 40).taken_off(MEASURED, utterance(1.5, 3.5))
    assert taken["duration_ratio"] == (pytest.approx(0.9991),)
    assert taken["click_count"] == (0.0,)


def test_what_it_held_for_longer_is_taken_off_the_other_way() -> None:
    taken = buffer_with(40, 40, 60, 80, 80).taken_off({"duration_ratio": (1.02,)}, utterance(1.5, 3.5))
    assert taken["duration_ratio"] == (pytest.approx(1.0, abs=0.0001),)


def test_what_the_sound_does_not_show_is_not_put_down_to_the_buffer() -> None:
    # It grew just before the first sound, which the mean of a second dates too late.
    grown = buffer_with(40, 40, 120, 200, 200, 200)
    assert grown.taken_off({"duration_ratio": (1.0,)}, utterance(2.6, 5.3))["duration_ratio"] == (1.0,)
    hasty = grown.taken_off({"duration_ratio": (0.97,)}, utterance(2.6, 5.3))
    assert hasty["duration_ratio"] == (0.97,)


def test_a_buffer_that_stands_still_leaves_haste_to_the_avatar() -> None:
    assert buffer_with(40, 40, 40, 40, 40).taken_off(MEASURED, utterance(1.5, 3.5)) == MEASURED


@pytest.mark.parametrize(("rate_percent", "is_told"), [(-0.4, True), (-3.0, False), (-8.0, True), (3.0, True)])
def test_a_speed_by_waveform_is_left_out_where_the_buffer_may_have_made_it(
    rate_percent: float, *, is_told: bool
) -> None:
    # 60 ms within 2 s make 3 % of the whole, and of half of it 6 %.
    said = utterance(1.5, 3.5, lambda reference_s: rate_percent / 100 * reference_s)
    taken = buffer_with(100, 100, 70, 40, 40).taken_off({"rate_error_percent": (rate_percent,)}, said)
    assert taken.get("rate_error_percent") == ((pytest.approx(rate_percent),) if is_told else None)


def test_steps_of_the_buffer_are_outvoted_in_a_speed_by_waveform() -> None:
    said = utterance(2.0, 12.0, lambda reference_s: 0.03 * reference_s + 0.06 * (reference_s > 5.0))
    found = speed(said.alignment)
    assert found is not None and found.exact
    assert found.error_percent == pytest.approx(3.0, abs=0.01)


@pytest.mark.parametrize("rate_percent", [0.0, 3.0, -5.0])
@pytest.mark.parametrize("exact", [True, False])
def test_between_points_on_either_side_of_a_break_there_is_no_speed(rate_percent: float, exact: bool) -> None:
    """A beep for which a later one was taken; most pairs of points lie on either side, and would read -44 %."""
    said = utterance(
        2.0, 6.9, lambda reference_s: rate_percent / 100 * reference_s + 1.5 * (reference_s < 1.7), exact=exact
    )
    found = speed(said.alignment)
    assert found is not None and found.exact == exact
    assert found.error_percent == pytest.approx(rate_percent, abs=0.01)


def test_a_speed_by_spectrum_is_told_less_what_the_buffer_let_go_of_all_the_while() -> None:
    # 6 ms a second: from 100 ms on, as it is read at the end of each second of its middle.
    said = utterance(2.0, 12.0, lambda reference_s: 0.024 * reference_s, exact=False)
    letting_go = buffer_with(*(100.0 - 6.0 * second for second in range(14)))
    measured = {"rate_error_percent": (2.4,)}
    assert letting_go.taken_off(measured, said)["rate_error_percent"] == (pytest.approx(3.0, abs=0.02),)
    assert buffer_with(*[40.0] * 14).taken_off(measured, said)["rate_error_percent"] == (pytest.approx(2.4),)


def test_where_it_was_not_read_nothing_is_taken_off() -> None:
    assert ReceiverBuffer(()).taken_off(MEASURED, utterance(1.5, 3.5)) == MEASURED
    assert buffer_with(40, 40).stay_s(9.0) is None
    assert buffer_with(40, 40).taken_off(MEASURED, utterance(1.0, 9.0)) == MEASURED


def test_what_was_told_is_held_against_when_sound_came_to_the_buffer() -> None:
    told = {"started_error_ms": (-130.0,), "finished_error_ms": (-45.0,), "utterance_latency_ms": (400.0,)}
    taken = buffer_with(100, 100, 100, 40, 40, 40).taken_off(told, utterance(1.0, 5.0))
    assert taken["started_error_ms"] == (pytest.approx(-30.0),)
    assert taken["finished_error_ms"] == (pytest.approx(-5.0),)
    assert taken["utterance_latency_ms"] == (400.0,)


def test_what_was_told_is_taken_to_be_right_within_the_span() -> None:
    buffer, said = buffer_with(100, 100, 70, 40, 40), utterance(0.5, 2.5)
    assert buffer.taken_off({"finished_error_ms": (-60.0,)}, said)["finished_error_ms"] == (pytest.approx(0.0),)
    assert buffer.taken_off({"finished_error_ms": (-160.0,)}, said)["finished_error_ms"] == (pytest.approx(-60.0),)
