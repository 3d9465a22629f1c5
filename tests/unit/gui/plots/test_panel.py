import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from avatar_core.bench.states import SeriesName
from avatar_core.bench.timeline_snapshot import Mark, SeriesSnapshot, TimelineSnapshot, UntrustedTime
from avatar_gui.plots.panel import PlotPanel
from avatar_gui.plots.spec import DRIFT, SENT, SIGN_SENTENCE
from avatar_gui.plots.time_axis import TimeAxis
from avatar_gui.theme import Theme

OFFSET = SeriesName.AV_OFFSET_MS


@pytest.fixture
def axis() -> TimeAxis:
    axis = TimeAxis()
    axis.advance(1000.0)
    return axis


@pytest.fixture
def drift(axis: TimeAxis, theme: Theme, qtbot: QtBot) -> PlotPanel:
    panel = PlotPanel(DRIFT, axis, theme, with_flags=True)
    qtbot.addWidget(panel)
    panel.resize(800, 160)
    panel.show()
    return panel


def series(*, gap: bool = False, estimated: bool = False, name: SeriesName = OFFSET) -> SeriesSnapshot:
    time_s = np.arange(950.0, 1000.0, 0.1)
    value = np.full(time_s.size, 200.0)
    if gap:
        value[100:200] = np.nan
    return SeriesSnapshot(name, time_s, value, estimated)


def test_the_bands_are_those_of_bt_1359_and_the_sign_is_written() -> None:
    edges = sorted({edge for band in DRIFT.bands for edge in (band.low, band.high)})
    assert edges[1:-1] == [-185.0, -125.0, 45.0, 90.0]
    assert SIGN_SENTENCE in DRIFT.subtitle


def test_the_range_stands_until_fit_is_asked_for(drift: PlotPanel) -> None:
    drift.show_data({OFFSET: series()}, TimelineSnapshot())
    assert drift.value_range == (-150.0, 135.0)
    drift.fit()
    low, high = drift.value_range
    assert low < 200.0 < high < 300.0
    drift.unfit()
    assert drift.value_range == (-150.0, 135.0)


def test_the_newest_value_is_a_sentence_with_sign_and_unit(drift: PlotPanel) -> None:
    drift.show_data({OFFSET: series()}, TimelineSnapshot())
    assert drift.newest() == "A/V drift: viewer, raw +200\u00a0ms"


def test_marks_cursor_and_untrusted_time_are_painted(drift: PlotPanel, axis: TimeAxis) -> None:
    drift.show_data({OFFSET: series(gap=True)}, TimelineSnapshot())
    plain = drift.grab().toImage()
    axis.pin(980.0)
    marks = (Mark(0, 970.0, "I", "Interrupt", "148 ms"),)
    drift.show_data({OFFSET: series(gap=True)}, TimelineSnapshot((), marks, (UntrustedTime(990.0, None, "busy"),)))
    marked = drift.grab().toImage()
    width = plain.width()
    changed = {
        x * 60 // width for x in range(width) for y in range(plain.height()) if plain.pixel(x, y) != marked.pixel(x, y)
    }
    # Something changed at the mark, at the cursor and in the hatched end; nothing in the first third.
    assert min(changed) > 20
    assert max(changed) >= 57


def test_an_estimated_curve_is_dashed(axis: TimeAxis, theme: Theme, qtbot: QtBot) -> None:
    panel = PlotPanel(SENT, axis, theme, with_flags=False)
    qtbot.addWidget(panel)
    name = SeriesName.SENT_UNPLAYED_S
    pictures = []
    for estimated in (False, True):
        snapshot = SeriesSnapshot(name, np.array([940.0, 1000.0]), np.array([2.0, 2.0]), estimated)
        panel.resize(800, 100)
        panel.show_data({name: snapshot}, TimelineSnapshot())
        image = panel.grab().toImage()
        color = theme.color("s2").rgb()
        lit = [x for x in range(80, 780) if any(image.pixel(x, y) == color for y in range(30, 90))]
        pictures.append(len(lit))
    assert pictures[0] == 700
    assert 0.4 * 700 < pictures[1] < 0.95 * 700
