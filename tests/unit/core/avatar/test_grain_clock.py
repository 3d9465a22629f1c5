"""The beat of an output that takes a grain at a time, out of captures that waited for it."""

import random

import pytest

from avatar_core.avatar.grain_clock import GRAIN_S, GrainClock

BEAT_S = 0.0042
CLOSE_S = 0.0005


def fed(late_s: list[float]) -> GrainClock:
    """One capture each 20 ms, which returns so long after its beat."""
    clock = GrainClock()
    for at, late in enumerate(late_s):
        beat_s = BEAT_S + 2 * GRAIN_S * at
        clock.captured(beat_s - GRAIN_S, beat_s + late)
    return clock


def off_s(clock: GrainClock, now_s: float = 100.0) -> float:
    """From the beat that is meant to the next one that is told, without whole grains."""
    return (clock.next_s(now_s) - BEAT_S + GRAIN_S / 2) % GRAIN_S - GRAIN_S / 2


def test_the_next_grain_leaves_with_the_next_beat() -> None:
    clock = fed([0.0002] * 50)
    assert off_s(clock) == pytest.approx(0, abs=CLOSE_S)
    for now_s in (100.0, 100.003, 100.0099):
        assert 0 <= clock.next_s(now_s) - now_s <= GRAIN_S


def test_a_busy_loop_does_not_move_the_beat() -> None:
    rng = random.Random(1)
    late_s = [rng.uniform(0, 0.0004) if at % 5 < 2 else rng.uniform(0, 0.02) for at in range(250)]
    assert off_s(fed(late_s)) == pytest.approx(0, abs=CLOSE_S)


def test_a_capture_that_did_not_wait_says_nothing() -> None:
    clock = fed([0.0002] * 50)
    for at in range(200):
        clock.captured(50 + at * 0.02, 50 + at * 0.02 + 0.003)
    assert off_s(clock) == pytest.approx(0, abs=CLOSE_S)


def test_an_output_without_a_beat_lets_out_at_once() -> None:
    clock = GrainClock()
    clock.captured(1.0, 1.0001)
    assert clock.next_s(7.1234) == 7.1234
    assert clock.between_s(7.1234) == 7.1234


def test_between_two_beats_it_is_sure_which_grain_takes_what_is_given() -> None:
    clock = fed([0.0002] * 50)
    for step in range(100):
        now_s = 100 + step * GRAIN_S / 100
        given_s = clock.between_s(now_s)
        assert now_s <= given_s < now_s + GRAIN_S
        assert clock.next_s(given_s) - given_s > GRAIN_S / 2
