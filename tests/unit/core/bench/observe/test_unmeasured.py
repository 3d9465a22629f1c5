"""Nothing is left unsaid: every metric is measured when observing, or the reason why it is not stands beside it."""

from avatar_core.bench.figures.figures import Figures
from avatar_core.bench.figures.metric_names import METRICS
from avatar_core.bench.observe.unmeasured import say_what_is_not_measured
from avatar_core.bench.scenarios.observe import OBSERVING_JUDGED_BY
from avatar_core.bench.settings.thresholds import load_thresholds, load_trust_limits
from avatar_core.clock import MonotonicClock
from avatar_core.playback.recall import SwapPolicy

MEASURED = {
    "av_offset_ms",
    "av_offset_faces_ms",
    "av_offset_source_ms",
    "av_offset_way_ms",
    "av_offset_utterance_ms",
    "av_offset_slope_ms_per_s",
    "audio_delay_ms",
    "concealed_percent",
    "clipped_percent",
    "level_dbfs",
    "silence_s",
    "double_audio_ms",
    "swap_video_gap_ms",
    "swap_audio_gap_ms",
    "fps",
    "frame_interval_ms",
    "freeze_count",
    "freeze_s",
    "sdk_freeze_count",
    "resolution_changes",
    "black_s",
    "still_s",
    "first_frame_s",
    "first_sound_s",
    "avatar_away_s",
    *(f"{role}_{what}" for role in ("app", "viewer") for what in ("rss_mb", "rss_slope_mb_per_min", "cpu_percent")),
    "app_tasks",
    "viewer_waiting_frames",
    "viewer_dropped_frames",
    "machine_busy_percent",
    "machine_stolen_percent",
    "app_lag_ms",
    "viewer_lag_ms",
}


def observing_figures() -> Figures:
    thresholds = load_thresholds(OBSERVING_JUDGED_BY, SwapPolicy.FINISH)
    figures = Figures(MonotonicClock(), load_trust_limits(), thresholds)
    say_what_is_not_measured(figures)
    return figures


def test_every_metric_is_measured_or_says_why_it_is_not() -> None:
    rows = {row.name: row.note for row in observing_figures().rows(None)}
    assert set(rows) == {name for name, _ in METRICS}
    unmeasured = {name for name, note in rows.items() if note} - {"first_frame_s", "first_sound_s"}
    assert unmeasured == set(rows) - MEASURED


def test_a_check_of_what_is_not_measured_is_skipped_with_the_reason_and_never_passed() -> None:
    checks = {check.threshold.metric: check for check in observing_figures().checks()}
    assert {check.verdict for check in checks.values()} == {"skipped"}
    assert checks["missing_end_ms"].why == "not measured: needs what was said"
    assert checks["finished_error_ms"].why == "not measured: needs the commands"
    assert checks["fps"].why == "not measured in this run"
