from dataclasses import asdict

import pytest

from avatar_core.metrics.trust import TrustJudge, TrustLimits
from tests.fakes.trust import LIMITS


def report(judge: TrustJudge, at_s: float, *, busy: float = 0.1, late_ms: float = 1.0) -> None:
    """The second that ended at `at_s`."""
    judge.machine(at_s - 1, at_s, busy)
    judge.viewer_clock(at_s - 1, at_s, late_ms)


def test_figures_are_trusted_until_there_is_a_reason() -> None:
    judge = TrustJudge(LIMITS)
    report(judge, 100.0)
    assert judge.trusted
    assert judge.reason == ""
    assert judge.trusted_between(0.0, 200.0)


def test_a_machine_is_too_busy_once_it_was_for_two_seconds_on_end() -> None:
    judge = TrustJudge(LIMITS)
    report(judge, 100.0, busy=0.97)
    assert judge.trusted
    report(judge, 101.0, busy=0.95)
    assert not judge.trusted
    assert judge.reason == "machine 95 % busy"


def test_the_doubt_reaches_back_to_where_the_load_began() -> None:
    judge = TrustJudge(LIMITS)
    report(judge, 100.0)
    for at_s in (101.0, 102.0):
        report(judge, at_s, busy=1.0)
    assert judge.spans[-1].start_s == 100.0
    assert judge.trusted_between(99.0, 100.0)
    assert not judge.trusted_between(100.2, 100.4)


def test_a_pause_in_the_load_begins_the_count_anew() -> None:
    judge = TrustJudge(LIMITS)
    for at_s, busy in ((100.0, 1.0), (101.0, 0.5), (102.0, 1.0)):
        report(judge, at_s, busy=busy)
    assert judge.trusted


def test_a_late_clock_makes_its_own_second_doubtful_at_once() -> None:
    judge = TrustJudge(LIMITS)
    report(judge, 100.0, late_ms=12.0)
    assert judge.reason == "viewer clock 12 ms late"
    assert not judge.trusted_between(99.5, 99.6)
    assert judge.trusted_between(98.0, 99.0)


def test_an_avatar_that_waited_long_for_a_core_is_not_to_blame() -> None:
    judge = TrustJudge(LIMITS)
    judge.waited("worker", 98.0, 99.0, 80.0)
    assert judge.trusted
    judge.waited("worker", 99.0, 100.0, 81.0)
    assert judge.reason == "worker waited 81 ms for a core"


def test_the_room_which_holds_nothing_in_reserve_may_wait_half_as_long() -> None:
    judge = TrustJudge(LIMITS)
    judge.waited("room", 99.0, 100.0, 40.0)
    assert judge.trusted
    judge.waited("room", 100.0, 101.0, 62.0)
    assert judge.reason == "room waited 62 ms for a core"
    assert judge.trusted_between(99.0, 100.0)
    assert not judge.trusted_between(100.5, 100.6)
    for at_s in (102.0, 103.0):
        judge.waited("room", at_s - 1, at_s, 3.0)
        assert not judge.trusted
    judge.waited("room", 103.0, 104.0, 3.0)
    assert judge.trusted


def test_trust_returns_after_it_was_calm_for_long_enough() -> None:
    judge = TrustJudge(LIMITS)
    report(judge, 100.0, late_ms=50.0)
    for at_s in (101.0, 102.0):
        report(judge, at_s)
        assert not judge.trusted
    report(judge, 103.0)
    assert judge.trusted
    assert (judge.spans[-1].start_s, judge.spans[-1].end_s) == (99.0, 103.0)
    assert judge.trusted_between(103.0, 200.0)
    assert not judge.trusted_between(0.0, 200.0)


@pytest.mark.parametrize(("lasted_s", "calm_s"), [(1, 3), (2, 3), (6, 6), (40, 10)])
def test_after_a_long_doubt_it_must_be_calm_for_longer(lasted_s: int, calm_s: int) -> None:
    judge = TrustJudge(LIMITS)
    for second in range(1, lasted_s + 1):
        report(judge, 100.0 + second, late_ms=50.0)
    for second in range(1, calm_s):
        report(judge, 100.0 + lasted_s + second)
        assert not judge.trusted
    report(judge, 100.0 + lasted_s + calm_s)
    assert judge.trusted


def test_one_reason_is_not_calmed_by_the_other_being_well() -> None:
    judge = TrustJudge(LIMITS)
    for at_s in range(100, 120):
        report(judge, float(at_s), late_ms=50.0, busy=0.1)
    assert not judge.trusted
    assert len(judge.spans) == 1


def test_a_moment_can_be_asked_about() -> None:
    judge = TrustJudge(LIMITS)
    report(judge, 100.0, late_ms=50.0)
    assert not judge.trusted_between(99.5, 99.5)
    assert judge.trusted_between(98.0, 98.0)


def test_spans_are_bounded() -> None:
    judge = TrustJudge(LIMITS)
    for cycle in range(3_000):
        report(judge, cycle * 10.0, late_ms=50.0)
        report(judge, cycle * 10.0 + 5)
    assert len(judge.spans) == 1_000


@pytest.mark.parametrize(
    "wrong", [{"machine_busy": 0.0}, {"machine_busy": 1.1}, {"busy_for_s": 0.0}, {"calm_at_most_s": 2.0}]
)
def test_limits_that_make_no_sense_are_refused(wrong: dict[str, float]) -> None:
    fields = asdict(LIMITS)
    with pytest.raises(ValueError, match=r"must be|share"):
        TrustLimits(**(fields | wrong))
