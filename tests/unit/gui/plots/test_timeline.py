import pytest
from pytestqt.qtbot import QtBot

from avatar_core.bench.states import SegmentState
from avatar_core.bench.timeline_snapshot import SegmentSpan, TimelineSnapshot
from avatar_gui.icons import Icons
from avatar_gui.plots.time_axis import TimeAxis
from avatar_gui.plots.timeline import Lanes
from avatar_gui.theme import Theme


@pytest.fixture
def lanes(icons: Icons, theme: Theme, qtbot: QtBot) -> Lanes:
    axis = TimeAxis()
    axis.advance(1000.0)
    lanes = Lanes(axis, icons, theme)
    qtbot.addWidget(lanes)
    lanes.resize(800, 80)
    return lanes


def test_segments_are_listed_by_a_property(lanes: Lanes) -> None:
    spans = (
        SegmentSpan("s1", "a", 950.0, 960.0, 962.0, SegmentState.INTERRUPTED, "s1  interrupted"),
        SegmentSpan("s2", "b", 970.0, 1000.0, 1002.0, SegmentState.PLAYING, "s2"),
    )
    assert lanes.describe() == "No segment yet"
    lanes.set_timeline(TimelineSnapshot(spans))
    assert lanes.property("segments") == ["s1", "s2"]
    assert lanes.accessibleDescription() == "2 segments, newest s2"


def test_a_heard_stretch_is_filled_from_its_start_to_its_end(lanes: Lanes, theme: Theme) -> None:
    lanes.set_timeline(
        TimelineSnapshot((SegmentSpan("s1", "a", 970.0, 985.0, 985.0, SegmentState.FINISHED, "", False),))
    )
    image = lanes.grab().toImage()
    color = theme.color("s1").rgb()
    filled = [x for x in range(image.width()) if any(image.pixel(x, y) == color for y in range(image.height()))]
    area_px = 800 - 62 - 14
    assert filled[0] == pytest.approx(62 + area_px * 30 / 60, abs=2)
    assert filled[-1] == pytest.approx(62 + area_px * 45 / 60, abs=2)
