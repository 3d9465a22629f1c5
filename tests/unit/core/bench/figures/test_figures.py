import math

import pytest

from avatar_core.bench.figures.figures import Figures
from avatar_core.bench.figures.metric_names import METRICS
from avatar_core.bench.settings.calibration import Calibration
from avatar_core.bench.snapshot import LedgerBalance, MetricRow
from avatar_core.bench.states import SeriesName, Verdict
from avatar_core.clock import wall_time
from avatar_core.metrics.verdicts import Threshold
from avatar_core.wire.process_messages import ProcessLoad
from tests.fakes.clock import ManualClock
from tests.fakes.trust import LIMITS

NOW_S = 100.0


class Measured:
    """Figures with a clock of their own."""

    def __init__(self) -> None:
        self.clock = ManualClock(NOW_S)
        self.figures = Figures(self.clock, LIMITS)

    def second(self, *, busy: float = 0.2, late_ms: float = 1.0, **waited_ms: float) -> None:
        """Let a second pass and the viewer tell of it."""
        self.clock.move(1.0)
        self.figures.take_load(ProcessLoad(0.1, busy, late_ms, late_ms, self.clock.now(), waited_ms))

    def row(self, name: str) -> MetricRow:
        rows = self.figures.rows(LedgerBalance(3, 2, 1))
        return next(row for row in rows if row.name == name)


def test_there_is_a_row_for_every_metric_and_none_has_figures_before_it_was_measured() -> None:
    rows = Measured().figures.rows(LedgerBalance())
    assert [row.name for row in rows] == [*(name for name, _ in METRICS), "segments_opened", "segments_finished"]
    assert all(row.n == 0 and row.p50 is None for row in rows[:-2])


def test_a_row_has_the_figures_of_its_samples() -> None:
    measured = Measured()
    for value in (10.0, 30.0, 20.0):
        measured.figures.measure("ack_ms", value)
    assert measured.row("ack_ms") == MetricRow("ack_ms", "ms", 3, 20.0, 20.0, 30.0, 30.0)


def test_a_row_that_was_looked_at_follows_what_comes_and_what_is_taken_back() -> None:
    measured = Measured()
    measured.figures.measure("fps", 30.0)
    assert (measured.row("fps").n, measured.row("freeze_count").value) == (1, 0.0)
    for _ in range(2):
        measured.second(busy=1.0)
        measured.figures.measure("freeze_s", 0.5)
        assert measured.row("freeze_count").value == measured.row("freeze_s").n
    measured.second(busy=1.0)
    assert (measured.row("fps").n, measured.row("freeze_s").n, measured.row("freeze_count").value) == (1, 0, 0.0)


def test_figures_are_judged_where_a_threshold_is_given() -> None:
    threshold = Threshold("ack_ms", "max", fail=100.0, source="S03")
    measured = Measured()
    measured.figures = Figures(measured.clock, LIMITS, {"ack_ms": threshold})
    assert measured.row("ack_ms").verdict is None
    assert [check.verdict for check in measured.figures.checks()] == ["skipped"]
    measured.figures.measure("ack_ms", 50.0)
    assert measured.row("ack_ms").verdict is Verdict.PASS
    measured.figures.measure("ack_ms", 150.0)
    assert measured.row("ack_ms").verdict is Verdict.FAIL
    assert [check.verdict for check in measured.figures.checks()] == ["fail"]


def test_figure_of_untrusted_time_alone_is_broken() -> None:
    measured = Measured()
    measured.figures = Figures(measured.clock, LIMITS, {"ack_ms": Threshold("ack_ms", "max", fail=100.0, source="S03")})
    for _ in range(3):
        measured.second(busy=1.0)
    measured.figures.measure("ack_ms", 50.0)
    assert measured.row("ack_ms").verdict is Verdict.BROKEN
    assert measured.figures.checks()[0].why == "measurement not trusted: 1 sample left out"


def test_an_offset_keeps_its_sign_at_its_worst() -> None:
    measured = Measured()
    for value in (5.0, -60.0):
        measured.figures.measure("av_offset_ms", value)
    assert measured.row("av_offset_ms").max == -60.0


def test_segments_are_counted_as_the_ledger_has_them() -> None:
    assert (Measured().row("segments_opened").value, Measured().row("segments_finished").value) == (3.0, 2.0)


def test_no_freeze_is_a_figure_only_where_pictures_were_watched() -> None:
    measured = Measured()
    assert measured.row("freeze_count").n == 0
    measured.figures.measure("fps", 25.0)
    assert measured.row("freeze_count").p50 == 0.0
    measured.figures.measure("freeze_s", 0.7)
    assert (measured.row("freeze_count").p50, measured.row("freeze_count").n) == (1.0, 1)


def test_samples_of_untrusted_time_are_counted_and_in_no_figure() -> None:
    measured = Measured()
    measured.figures.measure("ack_ms", 10.0)
    measured.second(late_ms=50.0)
    measured.figures.measure("ack_ms", 999.0)
    row = measured.row("ack_ms")
    assert (row.n, row.max, row.trusted) == (1, 10.0, False)
    assert measured.figures.excluded == 1


def test_samples_of_a_second_in_which_the_avatar_waited_for_a_core_are_taken_back() -> None:
    measured = Measured()
    measured.second(worker=12.0, room=3.0)
    measured.clock.move(0.3)
    measured.figures.measure("click_count", 1.0)
    measured.second(worker=95.0, room=3.0)
    assert measured.figures.values("click_count") == []
    assert measured.figures.trust().reason == "worker waited 95 ms for a core"
    # What says so is told of untrusted time, too.
    assert measured.figures.values("worker_wait_ms") == [12.0, 95.0]
    assert measured.figures.values("room_wait_ms") == [3.0, 3.0]


def test_a_sample_is_taken_back_once_its_time_turns_out_doubtful() -> None:
    measured = Measured()
    measured.second()
    measured.figures.measure("ack_ms", 10.0)
    measured.clock.move(0.3)
    measured.figures.measure("ack_ms", 999.0)
    assert measured.row("ack_ms").n == 2
    measured.second(late_ms=50.0)
    assert measured.row("ack_ms").n == 1
    assert measured.row("ack_ms").max == 10.0
    assert measured.figures.trust().excluded_samples == 1


def test_a_sample_that_began_in_untrusted_time_is_left_out() -> None:
    measured = Measured()
    measured.second(late_ms=50.0)
    for _ in range(4):
        measured.second()
    measured.figures.measure("swap_video_gap_ms", 60.0, since_s=NOW_S + 0.5)
    measured.figures.measure("swap_video_gap_ms", 70.0, since_s=measured.clock.now() - 0.5)
    assert (measured.row("swap_video_gap_ms").n, measured.row("swap_video_gap_ms").max) == (1, 70.0)
    assert measured.row("swap_video_gap_ms").trusted


def test_trust_tells_since_when_and_why() -> None:
    measured = Measured()
    assert measured.figures.trust().trusted
    measured.figures.loop_lag_ms = 3.0
    measured.second(busy=0.5, late_ms=50.0)
    trust = measured.figures.trust()
    assert (trust.trusted, trust.reason, trust.since_s) == (False, "viewer clock 50 ms late", NOW_S)
    assert (trust.load_percent, trust.viewer_clock_p99_ms, trust.loop_lag_p99_ms) == (50.0, 50.0, 3.0)


def test_the_time_without_a_viewer_is_not_the_next_viewers() -> None:
    measured = Measured()
    measured.second()
    measured.clock.move(60.0)
    measured.figures.viewer_gone()
    measured.figures.measure("ack_ms", 10.0)
    measured.clock.move(60.0)
    measured.second(late_ms=50.0)
    assert measured.row("ack_ms").n == 1


def test_a_curve_has_its_points_and_its_gaps() -> None:
    measured = Measured()
    measured.figures.point(SeriesName.AV_OFFSET_MS, NOW_S, 5.0)
    measured.clock.move(1.0)
    measured.figures.break_line(SeriesName.AV_OFFSET_MS)
    curve = measured.figures.series(SeriesName.AV_OFFSET_MS, 0.0, estimated=True)
    assert curve.time_s.tolist() == [NOW_S, NOW_S + 1]
    assert curve.value[0] == 5.0
    assert math.isnan(curve.value[1])
    assert curve.estimated


@pytest.mark.parametrize("name", [name for name, unit in METRICS if unit])
def test_a_unit_is_the_one_in_the_name(name: str) -> None:
    unit = dict(METRICS)[name]
    suffix = {"%": "percent", "ms/s": "ms_per_s", "MB": "mb", "MB/min": "mb_per_min", "dBFS": "dbfs"}.get(unit, unit)
    assert name.endswith(f"_{suffix}") or name == suffix


def test_a_sample_that_is_told_late_belongs_to_the_time_in_which_it_was_taken() -> None:
    measured = Measured()
    measured.second(late_ms=50.0)
    measured.figures.measure("click_count", 0.0, since_s=NOW_S - 20, until_s=NOW_S - 10)
    measured.figures.measure("click_count", 3.0, since_s=NOW_S - 20, until_s=NOW_S + 0.5)
    assert measured.figures.values("click_count") == [0.0]
    assert measured.figures.excluded == 1


OFFSET = Threshold("av_offset_ms", "p50", fail=(-185.0, 90.0), source="S02")


def test_offsets_are_doubted_once_their_zero_has_wandered_and_nothing_else_is() -> None:
    measured = Measured()
    thresholds = {"av_offset_ms": OFFSET, "ack_ms": Threshold("ack_ms", "max", fail=100.0, source="S03")}
    measured.figures = Figures(measured.clock, LIMITS, thresholds)
    measured.figures.measure("ack_ms", 10.0)
    for at, received_ms in enumerate((*[-30.0] * 5, *[-45.0] * 5)):
        measured.figures.zero.left(0.0, at)
        measured.figures.measure_offset(measured.clock.now(), received_ms, at)
    checks = {check.threshold.metric: check for check in measured.figures.checks()}
    assert (checks["av_offset_ms"].verdict, checks["ack_ms"].verdict) == ("broken", "pass")
    assert checks["av_offset_ms"].why == "measurement not trusted: the zero moved by 15 ms"
    assert measured.figures.trust().zero_ms == -30.0


@pytest.mark.parametrize(("age_h", "verdict"), [(1.0, "pass"), (31.0, "broken")])
def test_offsets_are_doubted_where_the_calibration_is_old(age_h: float, verdict: str) -> None:
    measured = Measured()
    calibration = Calibration("here", wall_time() - 3600 * age_h, -30.0, 2.0, 20)
    measured.figures = Figures(measured.clock, LIMITS, {"av_offset_ms": OFFSET}, calibration)
    measured.figures.measure("av_offset_ms", -30.0)
    (check,) = measured.figures.checks()
    assert check.verdict == verdict
    assert verdict == "pass" or "31 h old; run calibrate" in check.why


def test_every_sample_is_kept_with_whether_its_time_can_be_trusted() -> None:
    measured = Measured()
    measured.figures.measure("ack_ms", 5.0, since_s=NOW_S - 1)
    measured.second(late_ms=50.0)
    measured.figures.measure("ack_ms", 90.0)
    samples = [sample for sample in measured.figures.samples() if sample.metric == "ack_ms"]
    assert [(sample.value, sample.trusted) for sample in samples] == [(5.0, True), (90.0, False)]
    assert measured.figures.values("ack_ms") == [5.0]


def test_of_a_count_that_somebody_else_keeps_the_newest_value_stands() -> None:
    measured = Measured()
    for count in (0.0, 1.0, 3.0):
        measured.figures.latest("sdk_freeze_count", count)
    assert (measured.row("sdk_freeze_count").n, measured.row("sdk_freeze_count").max) == (1, 3.0)


def test_load_and_lag_are_told_of_untrusted_time_too_and_leave_nothing_out() -> None:
    measured = Measured()
    measured.second(busy=0.2, late_ms=1.0)
    measured.second(busy=0.99, late_ms=80.0)
    measured.figures.take_loop_lag(70.0)
    measured.second(busy=0.97, late_ms=60.0)
    assert not measured.figures.judge.trusted
    assert measured.figures.values("machine_busy_percent") == pytest.approx([20.0, 99.0, 97.0])
    assert measured.figures.values("machine_stolen_percent") == [0.0, 0.0, 0.0]
    assert measured.figures.values("viewer_lag_ms") == [1.0, 80.0, 60.0]
    assert (measured.row("app_lag_ms").value, measured.row("app_lag_ms").trusted) == (70.0, True)
    assert measured.figures.excluded == 0
    assert all(sample.trusted for sample in measured.figures.samples())
