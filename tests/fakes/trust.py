"""Limits of trust for tests of what is made of them; those in force are held by test_thresholds."""

from avatar_core.metrics.trust import TrustLimits

LIMITS = TrustLimits(
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
