"""WebRTC's rule of freezes: max(3 average, average + 150 ms), the average of the last 30 intervals."""

import pytest

from avatar_core.metrics.freezes import FreezeRule


def fed(interval_s: float, count: int = 40) -> tuple[FreezeRule, float]:
    """A rule that saw `count` pictures at that distance, and when the last one came."""
    rule = FreezeRule()
    for index in range(count):
        assert rule.push(index * interval_s) is None
    return rule, (count - 1) * interval_s


@pytest.mark.parametrize(("interval_s", "limit_s"), [(1 / 60, 1 / 60 + 0.15), (0.04, 0.19), (0.1, 0.3), (0.5, 1.5)])
def test_limit_is_three_averages_and_at_least_150_ms_more(interval_s: float, limit_s: float) -> None:
    rule, last_s = fed(interval_s)
    assert rule.ongoing_s(last_s + limit_s - 0.002) is None
    assert rule.ongoing_s(last_s + limit_s + 0.002) == pytest.approx(limit_s + 0.002)
    assert rule.push(last_s + limit_s + 0.002) == pytest.approx(limit_s + 0.002)


def test_freeze_does_not_make_the_next_one_harder() -> None:
    rule, at_s = fed(0.04)
    for _ in range(5):
        at_s += 1.0
        assert rule.push(at_s) == pytest.approx(1.0)
        at_s += 0.04
        assert rule.push(at_s) is None


def test_rate_that_falls_is_learned() -> None:
    rule, at_s = fed(0.04)
    frozen = 0
    for _ in range(40):
        at_s += 0.16
        frozen += rule.push(at_s) is not None
    assert frozen == 0
    assert rule.ongoing_s(at_s + 0.25) is None


def test_first_pictures_are_no_freeze() -> None:
    rule = FreezeRule()
    assert rule.ongoing_s(5.0) is None
    assert rule.push(0.0) is None
    assert rule.push(5.0) is None
