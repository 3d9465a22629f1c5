"""The A/V offset over a stretch of speech: its middle as received; its slope, less what the way changed."""

import pytest

from avatar_core.bench.figures.figures import Figures
from avatar_core.bench.measuring.offset_course import OffsetCourse
from avatar_core.bench.settings.thresholds import load_trust_limits
from avatar_core.wire import viewer_events
from tests.fakes.clock import ManualClock


def course(slope_ms_per_s: float, way_ms_per_s: float, *, told: bool = True) -> Figures:
    """Of 20 s of speech."""
    figures = Figures(ManualClock(), load_trust_limits())
    offsets = OffsetCourse(figures)
    for second in range(23):
        if told:
            figures.way.told(float(second), way_ms_per_s * second, way_ms_per_s * second - 7.0)
        offset_ms = 10.0 + (slope_ms_per_s + way_ms_per_s) * second
        offsets.take(viewer_events.OffsetMeasured(float(second), offset_ms))
    offsets.measure((1.0, 20.0), since_s=0.0, until_s=20.0)
    return figures


def test_a_buffer_that_grows_is_no_drift_of_the_avatar() -> None:
    figures = course(0.0, -2.0)
    assert figures.values("av_offset_slope_ms_per_s") == [pytest.approx(0.0, abs=1e-6)]
    assert figures.values("av_offset_utterance_ms") == [pytest.approx(10.0 - 2.0 * 10.5)]


def test_a_drift_is_told_whatever_the_buffer_does() -> None:
    assert course(5.0, -2.0).values("av_offset_slope_ms_per_s") == [pytest.approx(5.0)]


def test_where_nobody_tells_of_the_way_the_slope_is_as_received() -> None:
    assert course(5.0, -2.0, told=False).values("av_offset_slope_ms_per_s") == [pytest.approx(3.0)]
