import re
from pathlib import Path

import pytest

from avatar_core.bench.figures.metric_names import METRICS
from avatar_core.bench.scenarios.catalogue import SCENARIOS, WINDOW_JUDGED_BY
from avatar_core.bench.settings.thresholds import load_thresholds, load_trust_limits
from avatar_core.metrics.trust import TrustLimits
from avatar_core.playback.recall import SwapPolicy

ROOT = Path(__file__).parents[5]


def test_the_limits_in_force_are_those_of_the_design() -> None:
    assert load_trust_limits() == TrustLimits(
        machine_busy=0.9,
        busy_for_s=2.0,
        viewer_lateness_p99_ms=10.0,
        worker_wait_ms=80.0,
        room_wait_ms=40.0,
        calm_for_s=3.0,
        calm_at_most_s=10.0,
        zero_moved_ms=10.0,
        calibration_max_age_h=24.0,
    )


@pytest.mark.parametrize(("policy", "judged"), [(SwapPolicy.CARRY, True), (SwapPolicy.FINISH, False)])
def test_lost_speech_is_judged_with_carry_alone(policy: SwapPolicy, judged: bool) -> None:
    thresholds = load_thresholds(SCENARIOS["demo"].judged_by, policy)
    assert ("swap_lost_ms" in thresholds) == judged
    assert thresholds["interrupt_to_silence_ms"].fail == 500.0


@pytest.mark.parametrize("names", [*(one.judged_by for one in SCENARIOS.values()), WINDOW_JUDGED_BY])
def test_every_file_is_read_and_judges_metrics_that_are_documented(names: tuple[str, ...]) -> None:
    thresholds = load_thresholds(names, SwapPolicy.CARRY)
    documented = {name for name, _ in METRICS} | set(
        re.findall(r"`([a-z_]+)`", (ROOT / "docs/measurement.md").read_text("utf-8"))
    )
    assert set(thresholds) <= documented
    assert all(threshold.source for threshold in thresholds.values())


def test_limits_on_both_sides_are_read_as_such() -> None:
    offset = load_thresholds(["monologue"], SwapPolicy.CARRY)["av_offset_ms"]
    assert (offset.warn, offset.fail) == ((-125.0, 45.0), (-185.0, 90.0))
