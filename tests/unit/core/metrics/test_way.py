"""What the way adds to an A/V offset: the middle of three readings, joined, and begun anew where it is another's."""

import pytest

from avatar_core.metrics.way import Way


def told(*offsets_ms: float, by_reports: bool = True) -> Way:
    way = Way()
    for at, offset_ms in enumerate(offsets_ms):
        way.told(float(at), offset_ms, by_reports=by_reports)
    return way


def test_it_is_joined_between_readings_and_held_at_both_ends() -> None:
    way = told(-20.0, -30.0, -40.0, -50.0, -60.0)
    moments_s = (-1.0, 0.0, 1.0, 1.5, 3.0, 9.0)
    assert [way.offset_ms(at_s) for at_s in moments_s] == pytest.approx([-30.0, -30.0, -30.0, -35.0, -50.0, -50.0])


def test_one_reading_that_is_a_grain_off_does_not_count() -> None:
    way = told(-20.0, -20.0, -10.0, -20.0, -20.0)
    assert {way.offset_ms(at_s) for at_s in range(5)} == {-20.0}


def test_nothing_is_known_before_a_reading_and_the_first_ones_count_as_they_are() -> None:
    way = Way()
    assert (way.is_told, way.offset_ms(0.0)) == (False, None)
    way.told(1.0, -20.0)
    assert (way.is_told, way.offset_ms(1.0), way.settled(1.0)) == (True, -20.0, False)


def test_a_moment_is_settled_once_the_reading_behind_it_was_compared_with_the_next() -> None:
    way = told(-20.0, -20.0, -20.0)
    assert (way.settled(1.0), way.settled(1.1)) == (True, False)


def test_reports_take_the_place_of_the_buffers_and_are_not_mixed_with_them() -> None:
    way = told(-50.0, -50.0, -50.0, by_reports=False)
    assert way.told(3.0, -15.0)
    assert not way.told(4.0, -50.0, by_reports=False)
    assert not way.told(5.0, -15.0)
    assert not way.told(6.0, -15.0)
    assert {way.offset_ms(at_s) for at_s in (0.0, 3.0, 6.0)} == {-15.0}


def test_another_avatar_has_a_way_of_its_own_and_that_of_the_one_before_is_still_known() -> None:
    way = told(-20.0, -20.0, -20.0)
    way.begin()
    assert not way.is_told
    for at_s in (10.0, 11.0, 12.0):
        way.told(at_s, -60.0, by_reports=False)
    assert [way.offset_ms(at_s) for at_s in (1.0, 10.0, 12.0)] == [-20.0, -60.0, -60.0]
