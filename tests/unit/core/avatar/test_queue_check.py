"""An output that is a grain behind the model of its queue is found out by captures that waited."""

import math

import pytest

from avatar_core.avatar.grain_clock import GRAIN_S
from avatar_core.avatar.playhead import Playhead, Utterance
from avatar_core.avatar.queue_check import QueueCheck

FULL_S = 0.05
BEAT_S = 10.0042
LOOKS = 8


class Queue:
    """An output that is so many grains behind the model of it, full from 10 s on."""

    def __init__(self, grains: int = 0) -> None:
        self.playhead, self.utterance = Playhead(), Utterance()
        for at in range(20):
            self.playhead.grains.captured(at * 0.02, at * 0.02 + GRAIN_S + BEAT_S - 10)
        self.check = QueueCheck(self.playhead, FULL_S)
        self._grains = grains
        # As if given just before a beat.
        self.playhead.push(10.003, FULL_S, self.utterance)
        self.given_s = FULL_S

    def wait(self, *, late_s: float = 0.0, piece_s: float = GRAIN_S, waited: bool = True) -> float:
        """A piece too much is given; the capture returns with the beat that leaves no more than fits, or later.

        Not `waited`: it was given just before that beat.
        """
        self.playhead.push(10.01, piece_s, self.utterance)
        self.given_s += piece_s
        beats = math.ceil(round((self.given_s - FULL_S) / GRAIN_S, 6)) + self._grains
        returns_s = BEAT_S + (beats - 1) * GRAIN_S + late_s
        self.check.returned(returns_s, waited=waited)
        return returns_s

    @property
    def moved_s(self) -> float:
        """By how much the model was shifted."""
        return self.playhead.end_of(self.utterance, 10.0) - BEAT_S - self.given_s


@pytest.mark.parametrize("piece_s", [0.01, 0.02, 1 / 75])
def test_a_queue_that_is_as_it_was_reckoned_is_left_alone(piece_s: float) -> None:
    queue = Queue()
    for _ in range(2 * LOOKS):
        returned_s = queue.wait(piece_s=piece_s)
    assert queue.moved_s == pytest.approx(0.0)
    assert not queue.check.is_due(returned_s)


@pytest.mark.parametrize("piece_s", [0.01, 0.02, 1 / 75])
@pytest.mark.parametrize("grains", [1, 2])
def test_a_queue_that_is_grains_behind_is_set_right(grains: int, piece_s: float) -> None:
    queue = Queue(grains)
    for _ in range(LOOKS - 1):
        assert queue.check.is_due(queue.wait(piece_s=piece_s))
    assert queue.moved_s == pytest.approx(0.0)
    assert not queue.check.is_due(queue.wait(piece_s=piece_s))
    assert queue.moved_s == pytest.approx(grains * GRAIN_S)


def test_late_returns_of_a_busy_loop_set_nothing_wrong() -> None:
    queue = Queue()
    for _ in range(5):
        for _ in range(LOOKS - 1):
            queue.wait(late_s=GRAIN_S)
        queue.wait()
    assert queue.moved_s == pytest.approx(0.0)


def test_a_return_between_two_beats_says_nothing() -> None:
    queue = Queue(1)
    for _ in range(2 * LOOKS):
        assert queue.check.is_due(queue.wait(late_s=0.004))
    assert queue.moved_s == pytest.approx(0.0)


def test_one_that_did_not_wait_shows_that_nothing_is_behind() -> None:
    queue = Queue()
    queue.wait(late_s=GRAIN_S)
    queue.check.returned(10.012, waited=False)
    assert not queue.check.is_due(10.012)


def test_a_short_wait_does_not_hide_that_the_queue_is_behind() -> None:
    queue = Queue(1)
    for _ in range(LOOKS - 1):
        queue.wait(piece_s=1 / 75)
        queue.wait(piece_s=1 / 75, waited=False)
    assert queue.moved_s == pytest.approx(0.0)
    queue.wait(piece_s=1 / 75)
    assert queue.moved_s == pytest.approx(GRAIN_S)


def test_it_is_looked_at_again_after_a_second_and_when_something_begins() -> None:
    queue = Queue()
    assert queue.check.is_due(10.0)
    checked_s = queue.wait()
    assert not queue.check.is_due(checked_s + 0.5)
    assert queue.check.is_due(checked_s + 1.0)
    queue.check.begin()
    assert queue.check.is_due(checked_s)


def test_a_capture_should_wait_where_more_than_fits_is_queued() -> None:
    playhead = Playhead()
    check = QueueCheck(playhead, FULL_S)
    playhead.push(10.0, FULL_S, None)
    assert not check.is_full(10.0)
    playhead.push(10.0, GRAIN_S, None)
    assert check.is_full(10.0)


def test_without_a_known_beat_nothing_is_corrected() -> None:
    playhead = Playhead()
    check = QueueCheck(playhead, FULL_S)
    playhead.push(10.0, FULL_S, None)
    for at in range(2 * LOOKS):
        check.returned(10.2 + at, waited=True)
    assert playhead.ends_s == 10.0 + FULL_S
