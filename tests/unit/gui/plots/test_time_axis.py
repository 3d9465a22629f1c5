import pytest

from avatar_gui.plots.time_axis import DEFAULT_SPAN_S, LONGEST_SPAN_S, SHORTEST_SPAN_S, TimeAxis, Window


@pytest.fixture
def axis() -> TimeAxis:
    axis = TimeAxis()
    axis.advance(1000.0)
    return axis


def test_it_follows_now(axis: TimeAxis) -> None:
    axis.advance(1001.0)
    assert (axis.window.start_s, axis.window.end_s, axis.following) == (1001.0 - DEFAULT_SPAN_S, 1001.0, True)


def test_a_panned_axis_keeps_its_place_on_the_clock(axis: TimeAxis) -> None:
    axis.pan(20.0)
    axis.advance(1005.0)
    assert (axis.window.end_s, axis.following) == (980.0, False)
    axis.pan(-100.0)
    assert axis.window.end_s == 1005.0


def test_a_paused_axis_stands_and_follow_goes_back_to_now(axis: TimeAxis) -> None:
    axis.set_paused(True)
    axis.advance(1010.0)
    assert axis.window.end_s == 1000.0
    axis.follow()
    axis.advance(1010.0)
    assert (axis.window.end_s, axis.paused) == (1010.0, False)


def test_zoom_keeps_the_moment_under_the_pointer_and_has_limits(axis: TimeAxis) -> None:
    axis.pan(30.0)
    before = axis.window
    moment_s = before.start_s + 0.25 * before.span_s
    axis.zoom(0.5, 0.25)
    assert axis.window.fraction(moment_s) == pytest.approx(0.25)
    for _ in range(20):
        axis.zoom(0.5, 0.5)
    assert axis.window.span_s == SHORTEST_SPAN_S
    for _ in range(20):
        axis.zoom(2.0, 0.5)
    assert axis.window.span_s == LONGEST_SPAN_S


def test_the_cursor_moves_unless_it_is_pinned(axis: TimeAxis) -> None:
    axis.point_at(990.0)
    axis.pin(980.0)
    axis.point_at(970.0)
    assert axis.cursor_s == 980.0
    axis.step_cursor(-1000.0)
    assert axis.cursor_s == axis.window.start_s


def test_ticks_count_back_from_now() -> None:
    ticks = Window(940.0, 1000.0, 1000.0).ticks()
    assert [label for _, label in ticks] == [
        *(f"\u2212{seconds}\u00a0s" for seconds in (60, 50, 40, 30, 20, 10)),
        "now",
    ]
    assert (ticks[0][0], ticks[-1][0]) == (0.0, 1.0)
    assert Window(900.0, 910.0, 1000.0).ticks()[0][1] == "\u2212100\u00a0s"
