import pytest

from avatar_core.playback.heard_position import HeardPosition


def test_it_stands_until_it_is_placed_and_then_moves() -> None:
    position = HeardPosition()
    assert (position.at(50.0), position.moves) == (0.0, False)
    position.place(1.0, 10.0)
    assert (position.at(12.0), position.moves) == (3.0, True)


def test_it_stands_in_a_pause_also_where_a_last_report_comes_late() -> None:
    position = HeardPosition()
    position.place(0.0, 10.0)
    position.hold(12.0)
    position.place(1.9, 11.9)
    assert (position.at(20.0), position.moves) == (1.9, False)
    position.go_on(20.0)
    assert position.at(21.0) == pytest.approx(2.9)


def test_what_had_not_begun_does_not_begin_by_going_on() -> None:
    position = HeardPosition()
    position.hold(10.0)
    position.go_on(11.0)
    assert not position.moves
