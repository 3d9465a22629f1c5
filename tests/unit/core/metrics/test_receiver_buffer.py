import pytest

from avatar_core.metrics.receiver_buffer import ReceiverBuffer

MEASURED = {"duration_ratio": (0.97,), "rate_error_percent": (-1.4,), "click_count": (0.0,)}


def buffer_with(*stays_ms: float) -> ReceiverBuffer:
    """Read once a second, the first time at 1 s."""
    buffer = ReceiverBuffer()
    for at_s, stay_ms in enumerate(stays_ms, 1):
        buffer.read(float(at_s), stay_ms)
    return buffer


def test_what_the_buffer_let_go_of_is_no_haste_of_the_avatar() -> None:
    # From 100 to 40 ms within the 2 s that were heard.
    buffer = buffer_with(100, 100, 70, 40, 40)
    assert (buffer.stay_s(1.5), buffer.stay_s(3.5)) == (pytest.approx(0.1), pytest.approx(0.04))
    taken = buffer.taken_off(MEASURED, 1.5, 3.5)
    assert taken["duration_ratio"] == (pytest.approx(0.9991),)
    assert "rate_error_percent" not in taken
    assert taken["click_count"] == (0.0,)


def test_what_it_held_for_longer_is_taken_off_the_other_way() -> None:
    taken = buffer_with(40, 40, 60, 80, 80).taken_off({"duration_ratio": (1.02,)}, 1.5, 3.5)
    assert taken["duration_ratio"] == (pytest.approx(0.9996),)


def test_a_buffer_that_stands_still_leaves_haste_to_the_avatar() -> None:
    assert buffer_with(40, 40, 40, 40, 40).taken_off(MEASURED, 1.5, 3.5) == MEASURED


def test_a_small_share_leaves_the_speed() -> None:
    taken = buffer_with(40, 40, 40, 40, 50, 60, 60, 60).taken_off(MEASURED, 1.5, 7.5)
    assert taken["rate_error_percent"] == MEASURED["rate_error_percent"]
    assert taken["duration_ratio"] == (pytest.approx(0.97 * (1 - 0.02 / 6)),)


def test_what_is_within_the_grain_of_the_readings_is_not_taken_off() -> None:
    assert buffer_with(40, 40, 45, 50, 50).taken_off(MEASURED, 1.5, 3.5) == MEASURED


def test_where_it_was_not_read_nothing_is_taken_off() -> None:
    assert ReceiverBuffer().taken_off(MEASURED, 1.5, 3.5) == MEASURED
    assert buffer_with(40, 40).stay_s(9.0) is None
    assert buffer_with(40, 40).taken_off(MEASURED, 1.0, 9.0) == MEASURED


def test_what_was_told_is_held_against_when_sound_came_to_the_buffer() -> None:
    told = {"started_error_ms": (-130.0,), "finished_error_ms": (-45.0,), "utterance_latency_ms": (400.0,)}
    taken = buffer_with(100, 100, 70, 40, 40).taken_off(told, 1.5, 3.5)
    assert taken["started_error_ms"] == (pytest.approx(-30.0),)
    assert taken["finished_error_ms"] == (pytest.approx(-5.0),)
    assert taken["utterance_latency_ms"] == (400.0,)
