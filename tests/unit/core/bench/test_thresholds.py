from avatar_core.bench.thresholds import load_trust_limits
from avatar_core.metrics.trust import TrustLimits


def test_the_limits_in_force_are_those_of_the_design() -> None:
    assert load_trust_limits() == TrustLimits(
        machine_busy=0.9, busy_for_s=2.0, viewer_lateness_p99_ms=10.0, calm_for_s=3.0
    )
