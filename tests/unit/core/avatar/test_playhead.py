"""The model of an output's queue: when sound leaves, and what of each utterance has."""

import pytest

from avatar_core.avatar.grain_clock import GRAIN_S
from avatar_core.avatar.playhead import Playhead, Utterance


def test_sound_leaves_at_once_and_in_order() -> None:
    playhead = Playhead()
    assert playhead.push(10.0, 0.5, None) == 10.0
    assert playhead.push(10.1, 0.5, None) == 10.5
    assert playhead.queued_s(10.2) == pytest.approx(0.8)


def test_queue_that_ran_dry_goes_on_from_now() -> None:
    playhead = Playhead()
    playhead.push(10.0, 0.5, None)
    assert playhead.push(12.0, 0.5, None) == 12.0
    assert playhead.queued_s(12.0) == 0.5


def test_played_time_counts_its_own_sound_alone() -> None:
    playhead = Playhead()
    first, second = Utterance(), Utterance()
    playhead.push(0.0, 0.3, first)
    playhead.push(0.0, 0.2, None)
    playhead.push(0.0, 0.4, first)
    playhead.push(0.0, 0.5, second)
    for now_s, played in (
        (0.2, (0.2, 0.0)),
        (0.4, (0.3, 0.0)),
        (0.6, (0.4, 0.0)),
        (1.0, (0.7, 0.1)),
        (9.0, (0.7, 0.5)),
    ):
        playhead.settle(now_s)
        assert (first.played_s, second.played_s) == pytest.approx(played)


def test_cut_leaves_what_had_not_left_unplayed() -> None:
    playhead = Playhead()
    first, second = Utterance(), Utterance()
    playhead.push(0.0, 0.3, first)
    playhead.push(0.0, 0.3, second)
    playhead.cut(0.4)
    assert (first.played_s, second.played_s) == pytest.approx((0.3, 0.1))
    assert (first.pushed_s, second.pushed_s) == pytest.approx((0.3, 0.1))
    assert playhead.queued_s(0.4) == 0
    assert playhead.push(0.4, 0.1, None) == 0.4


def test_silence_alone_is_told_from_speech() -> None:
    playhead = Playhead()
    playhead.push(0.0, 0.1, Utterance())
    playhead.push(0.0, 0.1, None)
    assert not playhead.only_silence(0.05)
    assert not playhead.only_silence(0.1)
    assert playhead.only_silence(0.1 + GRAIN_S)


def test_end_of_an_utterance_is_when_its_last_sample_has_left() -> None:
    playhead = Playhead()
    utterance = Utterance()
    playhead.push(0.0, 0.2, utterance)
    playhead.push(0.0, 0.2, None)
    assert playhead.end_of(utterance, 0.1) == pytest.approx(0.2)
    playhead.settle(0.3)
    assert playhead.end_of(utterance, 0.3) == 0.3


def test_sound_for_an_empty_queue_leaves_with_the_beat_of_the_output() -> None:
    playhead = Playhead()
    for at in range(20):
        playhead.grains.captured(at * 0.02, at * 0.02 + 0.014)
    assert playhead.push(10.0, 0.02, None) == pytest.approx(10.004)
    assert playhead.push(10.001, 0.02, None) == pytest.approx(10.024)
    playhead.cut(10.005)
    assert playhead.push(10.005, 0.02, None) == pytest.approx(10.014)


@pytest.mark.parametrize(
    ("now_s", "starts_s"),
    [(10.033, 10.004 + 1 / 30), (10.036, 10.044 + 1 / 300), (10.0375, 10.044 + 1 / 300), (10.05, 10.054 + 1 / 300)],
)
def test_rest_of_less_than_a_grain_misses_its_beat_unless_more_has_come_and_leaves_first(
    now_s: float, starts_s: float
) -> None:
    """Measured at LiveKit's source, by the sound in its packets: 33 ms, a pause of the loop, and all is 3 ms late."""
    playhead = Playhead()
    for at in range(20):
        playhead.grains.captured(at * 0.02, at * 0.02 + 0.014)
    assert playhead.push(10.0, 1 / 30, None) == pytest.approx(10.004)
    assert playhead.push(now_s, 0.02, None) == pytest.approx(starts_s, abs=1e-5)


def test_whole_grains_leave_no_rest() -> None:
    playhead = Playhead()
    for at in range(20):
        playhead.grains.captured(at * 0.02, at * 0.02 + 0.014)
    for _ in range(3):
        playhead.push(10.0, 1 / 30, None)
    assert playhead.push(10.2, 0.02, None) == pytest.approx(10.204)


def test_sound_that_began_before_any_beat_was_known_is_reckoned_from_its_beat_once_there_is_one() -> None:
    playhead, utterance = Playhead(), Utterance()
    assert playhead.push(10.0, 0.05, utterance) == 10.0
    for at in range(20):
        playhead.grains.captured(at * 0.02, at * 0.02 + 0.014)
    assert playhead.push(10.02, 0.02, utterance) == pytest.approx(10.054)
    assert playhead.push(10.02, 0.02, utterance) == pytest.approx(10.074)
    assert playhead.end_of(utterance, 10.03) == pytest.approx(10.094)
