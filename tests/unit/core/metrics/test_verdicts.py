"""What thresholds make of figures."""

import pytest

from avatar_core.metrics.summary import summarize
from avatar_core.metrics.verdicts import Threshold, judge

STOP = Threshold("interrupt_to_silence_ms", "p95", fail=500.0, source="S03", warn=200.0)


@pytest.mark.parametrize(
    ("values", "verdict", "value"),
    [
        ([100.0, 200.0], "pass", 200.0),
        ([100.0, 201.0], "warn", 201.0),
        ([100.0, 500.0], "warn", 500.0),
        ([100.0, 501.0], "fail", 501.0),
        ([600.0, *[100.0] * 30], "pass", 100.0),
    ],
)
def test_figure_is_judged_at_its_rank(values: list[float], verdict: str, value: float) -> None:
    check = judge(STOP, summarize(values), 3)
    assert (check.verdict, check.value) == (verdict, value)
    assert f"of {len(values)}" in check.why


def test_what_cannot_be_trusted_is_broken_and_what_was_not_measured_is_skipped() -> None:
    assert (judge(STOP, None, 2).verdict, judge(STOP, None, 2).why) == (
        "broken",
        "measurement not trusted: 2 samples left out",
    )
    assert (judge(STOP, None, 0).verdict, judge(STOP, None, 0).value) == ("skipped", None)


def test_without_a_warning_everything_up_to_the_limit_passes() -> None:
    leak = Threshold("swap_overlap_ms", "max", fail=200.0, source="S07")
    assert judge(leak, summarize([200.0]), 0).verdict == "pass"


def test_thresholds_that_contradict_themselves_are_refused() -> None:
    with pytest.raises(ValueError, match="fail at 1 already"):
        Threshold("x_ms", "max", fail=1.0, source="", warn=2.0)
