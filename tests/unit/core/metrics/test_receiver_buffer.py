import pytest

from avatar_core.metrics.receiver_buffer import ReceiverBuffer

MEASURED = {"duration_ratio": (0.97,), "rate_error_percent": (-3.0,), "click_count": (0.0,)}


def buffer_with(*stays_ms: float) -> ReceiverBuffer:
    """Read once a second, the first time at 1 s."""
    buffer = ReceiverBuffer()
    for at_s, stay_ms in enumerate(stays_ms, 1):
        buffer.read(float(at_s), stay_ms)
    return buffer


def test_what_is_known_of_a_moment_is_a_span_where_the_stay_moved() -> None:
    buffer = buffer_with(40, 40, 90, 140, 140)
    assert buffer.stay_s(0.5) == (pytest.approx(0.04), pytest.approx(0.04))
    assert buffer.stay_s(2.0) == (pytest.approx(0.04), pytest.approx(0.09))


def test_what_the_buffer_let_go_of_is_no_haste_of_the_avatar() -> None:
    # From 100 to 40 ms within the 2 s that were heard.
    taken = buffer_with(100, 100, 70, 40, 40).taken_off(MEASURED, 1.5, 3.5)
    assert taken["duration_ratio"] == (pytest.approx(0.9991),)
    assert "rate_error_percent" not in taken
    assert taken["click_count"] == (0.0,)


def test_what_it_held_for_longer_is_taken_off_the_other_way() -> None:
    taken = buffer_with(40, 40, 60, 80, 80).taken_off({"duration_ratio": (1.02,)}, 1.5, 3.5)
    assert taken["duration_ratio"] == (pytest.approx(1.0, abs=0.0001),)


def test_what_the_sound_does_not_show_is_not_put_down_to_the_buffer() -> None:
    # It grew just before the first sound, which the mean of a second dates too late.
    grown = buffer_with(40, 40, 120, 200, 200, 200)
    assert grown.taken_off({"duration_ratio": (1.0,)}, 2.6, 5.3)["duration_ratio"] == (1.0,)
    hasty = grown.taken_off({"duration_ratio": (0.97,)}, 2.6, 5.3)
    assert hasty["duration_ratio"] == (0.97,)


def test_a_buffer_that_stands_still_leaves_haste_to_the_avatar() -> None:
    assert buffer_with(40, 40, 40, 40, 40).taken_off(MEASURED, 1.5, 3.5) == MEASURED


@pytest.mark.parametrize(("rate_percent", "is_told"), [(-0.4, True), (-3.0, False), (-8.0, True), (3.0, True)])
def test_a_speed_is_left_out_where_the_buffer_may_have_made_it(rate_percent: float, *, is_told: bool) -> None:
    # 60 ms within 2 s make 3 % of the whole, and of half of it 6 %.
    taken = buffer_with(100, 100, 70, 40, 40).taken_off({"rate_error_percent": (rate_percent,)}, 1.5, 3.5)
    assert taken.get("rate_error_percent") == ((rate_percent,) if is_told else None)


def test_where_it_was_not_read_nothing_is_taken_off() -> None:
    assert ReceiverBuffer().taken_off(MEASURED, 1.5, 3.5) == MEASURED
    assert buffer_with(40, 40).stay_s(9.0) is None
    assert buffer_with(40, 40).taken_off(MEASURED, 1.0, 9.0) == MEASURED


def test_what_was_told_is_held_against_when_sound_came_to_the_buffer() -> None:
    told = {"started_error_ms": (-130.0,), "finished_error_ms": (-45.0,), "utterance_latency_ms": (400.0,)}
    taken = buffer_with(100, 100, 100, 40, 40, 40).taken_off(told, 1.0, 5.0)
    assert taken["started_error_ms"] == (pytest.approx(-30.0),)
    assert taken["finished_error_ms"] == (pytest.approx(-5.0),)
    assert taken["utterance_latency_ms"] == (400.0,)


def test_what_was_told_is_taken_to_be_right_within_the_span() -> None:
    buffer = buffer_with(100, 100, 70, 40, 40)
    assert buffer.taken_off({"finished_error_ms": (-60.0,)}, 0.5, 2.5)["finished_error_ms"] == (pytest.approx(0.0),)
    assert buffer.taken_off({"finished_error_ms": (-160.0,)}, 0.5, 2.5)["finished_error_ms"] == (pytest.approx(-60.0),)
