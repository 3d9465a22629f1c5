"""What thresholds make of figures."""

import math

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
    with pytest.raises(ValueError, match=r"fail at 1\.0 already"):
        Threshold("x_ms", "max", fail=1.0, source="", warn=2.0)
    with pytest.raises(ValueError, match="can't be at least"):
        Threshold("x_ms", "max", fail=(2.0, 1.0), source="")


@pytest.mark.parametrize(
    ("value", "verdict", "words"),
    [
        (-186.0, "fail", "at least -185 may be"),
        (-126.0, "warn", "at least -125 is good"),
        (0.0, "pass", ""),
        (46.0, "warn", "at most 45 is good"),
        (91.0, "fail", "at most 90 may be"),
    ],
)
def test_a_figure_with_limits_on_both_sides_is_judged_on_both(value: float, verdict: str, words: str) -> None:
    offset = Threshold("av_offset_ms", "p50", fail=(-185.0, 90.0), source="S02", warn=(-125.0, 45.0))
    check = judge(offset, summarize([value], signed=True), 0)
    assert check.verdict == verdict
    assert words in check.why


def test_a_rate_may_have_a_lowest_value_alone() -> None:
    fps = Threshold("fps", "p50", fail=(7.0, math.inf), source="", warn=(20.0, math.inf))
    assert [judge(fps, summarize([value]), 0).verdict for value in (5.0, 15.0, 500.0)] == ["fail", "warn", "pass"]
