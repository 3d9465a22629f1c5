import pytest

from avatar_core.bench.figures import METRICS
from avatar_core.bench.thresholds import load_thresholds, load_trust_limits
from avatar_core.metrics.trust import TrustLimits
from avatar_core.playback.recall import SwapPolicy


def test_the_limits_in_force_are_those_of_the_design() -> None:
    assert load_trust_limits() == TrustLimits(
        machine_busy=0.9, busy_for_s=2.0, viewer_lateness_p99_ms=10.0, calm_for_s=3.0
    )


@pytest.mark.parametrize(("policy", "judged"), [(SwapPolicy.CARRY, True), (SwapPolicy.FINISH, False)])
def test_thresholds_are_of_known_metrics_and_lost_speech_is_judged_with_carry_alone(
    policy: SwapPolicy, judged: bool
) -> None:
    thresholds = load_thresholds(policy)
    assert set(thresholds) <= {name for name, _ in METRICS}
    assert ("swap_lost_ms" in thresholds) == judged
    assert thresholds["interrupt_to_silence_ms"].fail == 500.0
