"""Flaws that a worker's answers give away, and clean answers that give away nothing."""

import pytest

from avatar_core.playback.segment import SegmentRef
from avatar_core.room.answer_checks import AnswerChecks, WireFinding

A, B = SegmentRef("a"), SegmentRef("b")


@pytest.fixture
def checks() -> AnswerChecks:
    """A second of speech was sent at time 10, half of it at once."""
    checks = AnswerChecks()
    checks.sent(A, 0.5, 10.0)
    checks.sent(A, 0.5, 10.2)
    return checks


def test_end_of_a_segment_follows_from_real_time_and_from_what_is_before_it(checks: AnswerChecks) -> None:
    assert checks.ends_s(A, 10.3) == pytest.approx(11.0)
    checks.sent(B, 0.5, 10.3)
    assert checks.ends_s(B, 10.4) == pytest.approx(11.5)
    checks.cleared(10.5)
    checks.sent(SegmentRef("c"), 0.2, 10.6)
    assert checks.ends_s(SegmentRef("c"), 10.6) == pytest.approx(10.8)
    assert checks.ends_s(SegmentRef("unknown"), 12.0) == 12.0


def test_answer_in_time_gives_away_nothing(checks: AnswerChecks) -> None:
    assert checks.finished(A, 1.0, 11.05, interrupted=False) is None
    assert checks.finished(None, 1.0, 11.05, interrupted=False) is None


def test_end_that_cannot_have_been_heard_is_b7(checks: AnswerChecks) -> None:
    found = checks.finished(A, 1.0, 10.9, interrupted=False)
    assert found is not None
    assert (found.id, found.evidence) == ("B7", "1.00 s were told as heard 100 ms before they can have been")


def test_position_beyond_what_was_sent_is_b5(checks: AnswerChecks) -> None:
    found = checks.finished(A, 1.1, 11.2, interrupted=False)
    assert found is not None
    assert (found.id, found.evidence) == ("B5", "a position of 1.10 s was told for 1.00 s of speech")


def test_start_of_nothing_is_b5(checks: AnswerChecks) -> None:
    assert checks.started(A, 10.0) is None
    found = checks.started(None, 10.0)
    assert found is not None
    assert found.id == "B5"


def test_interrupted_segment_may_be_answered_at_any_time(checks: AnswerChecks) -> None:
    assert checks.finished(A, 0.9, 10.3, interrupted=True) is None


def test_segment_without_an_answer_is_b4(checks: AnswerChecks) -> None:
    found = checks.unanswered(A, 10.0, 21.0)
    assert (found.id, found.evidence) == (
        "B4",
        "segment a was not answered within 10 s after its end must have been heard",
    )


def test_what_was_finished_here_is_forgotten(checks: AnswerChecks) -> None:
    checks.keep([B])
    assert checks.finished(A, 1.0, 10.5, interrupted=False) is None


def told(checks: AnswerChecks, number: int, way_s: float, early_s: float) -> WireFinding | None:
    """A second of speech that sounds `way_s` after it was sent, and is answered `early_s` before its end."""
    ref, sent_s = SegmentRef(f"s{number}"), 100.0 + 10 * number
    checks.sent(ref, 1.0, sent_s)
    assert checks.started(ref, sent_s + way_s) is None
    return checks.finished(ref, 1.0, sent_s + way_s + 1.0 - early_s, interrupted=False)


def test_early_ends_are_b7_by_the_told_starts_however_long_the_way_is(checks: AnswerChecks) -> None:
    *first, last = [told(checks, number, way_s=0.4, early_s=0.0 if number == 2 else 0.1) for number in range(5)]
    assert first == [None] * 4
    assert last is not None
    assert last.id == "B7"
    assert "100 ms or more before" in last.evidence


def test_a_start_that_is_told_late_now_and_then_gives_away_nothing(checks: AnswerChecks) -> None:
    late = [0.0, 0.2, 0.09, 0.0, 0.15, 0.02, 0.3, 0.0]
    assert [told(checks, number, way_s=0.4, early_s=early_s) for number, early_s in enumerate(late)] == [None] * 8
