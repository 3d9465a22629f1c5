"""What the way adds to an A/V offset: the course of the buffers, at the level that the reports tell."""

import pytest

from avatar_core.metrics.way import AROUND_S, Way


def told(*readings: tuple[float, float | None], since_s: float = 0.0) -> Way:
    """One reading a second: by the buffers and by the reports."""
    way = Way()
    for second, (buffers_ms, reported_ms) in enumerate(readings):
        way.told(since_s + second, buffers_ms, reported_ms)
    return way


def test_nothing_is_known_before_a_reading_and_the_first_one_counts_as_it_is() -> None:
    way = Way()
    assert (way.is_told, way.offset_ms(0.0), way.settled(0.0)) == (False, None, False)
    assert way.told(1.0, -45.0, -20.0)
    assert (way.is_told, way.offset_ms(1.0), way.settled(1.0)) == (True, -20.0, False)


def test_it_is_joined_between_readings_and_held_at_both_ends() -> None:
    way = told((-20.0, None), (-30.0, None), (-40.0, None))
    moments_s = (-1.0, 0.0, 0.5, 1.0, 2.0, 9.0)
    assert [way.offset_ms(at_s) for at_s in moments_s] == [-20.0, -20.0, -25.0, -30.0, -40.0, -40.0]


def test_readings_of_reports_that_are_a_grain_off_do_not_count_while_they_are_the_fewer() -> None:
    way = told(*((-45.0, -30.0 if second % 5 in (1, 3) else -20.0) for second in range(40)))
    assert {way.offset_ms(second / 2) for second in range(80)} == {-20.0}


def test_buffers_that_let_go_are_followed_at_once_at_the_level_of_the_reports() -> None:
    # The reports are a grain off just after; the buffers alone would be 25 ms off all along.
    after = [(-5.0, 10.0), (-5.0, 10.0), *[(-5.0, 20.0)] * 10]
    way = told(*[(-45.0, -20.0)] * 10, *after)
    assert [way.offset_ms(at_s) for at_s in (8.0, 9.0, 10.0, 11.0, 12.0)] == [-20.0, -20.0, 20.0, 20.0, 20.0]


def test_a_level_that_changes_is_told_of_the_time_after_it() -> None:
    # What pictures wait for in neither buffer: the reports alone know of it.
    way = told(*[(-45.0, -20.0)] * 30, *[(-45.0, 40.0)] * 30)
    assert [way.offset_ms(at_s) for at_s in (10.0, 29.0, 31.0, 50.0)] == [-20.0, -20.0, 40.0, 40.0]


def test_a_moment_is_settled_once_all_readings_that_count_for_it_are_told() -> None:
    way = told(*[(-45.0, -20.0)] * 20)
    before = way.offset_ms(19.0 - AROUND_S)
    assert (way.settled(19.0 - AROUND_S), way.settled(19.1 - AROUND_S)) == (True, False)
    for second in range(20, 60):
        way.told(float(second), -45.0, 99.0)
    assert way.offset_ms(19.0 - AROUND_S) == before


def test_reports_that_come_later_tell_another_figure_of_what_was_before() -> None:
    way = told(*[(-50.0, None)] * 5)
    assert way.offset_ms(1.0) == -50.0
    assert not way.told(5.0, -50.0, None)
    assert way.told(6.0, -50.0, -15.0)
    assert not way.told(7.0, -40.0, None)
    assert [way.offset_ms(at_s) for at_s in (1.0, 6.0, 7.0)] == [-15.0, -15.0, -5.0]


def test_another_avatar_has_a_way_of_its_own_and_that_of_the_one_before_is_still_known() -> None:
    way = told(*[(-45.0, -20.0)] * 3)
    way.begin()
    assert (way.is_told, way.settled(1.0), way.offset_ms(5.0)) == (False, False, -20.0)
    for at_s in (10.0, 11.0, 12.0):
        way.told(at_s, -60.0, None)
    assert [way.offset_ms(at_s) for at_s in (1.0, 10.0, 12.0)] == pytest.approx([-20.0, -60.0, -60.0])
