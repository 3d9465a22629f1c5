import itertools
import random

import pytest

from avatar_core.viewer.sample_clock import SampleClock

RATE_HZ = 48_000
FRAME = 480


def test_a_frame_began_its_own_length_before_it_arrived() -> None:
    assert SampleClock(RATE_HZ).frame(FRAME, 100.0) == pytest.approx(99.99)


def test_jitter_of_arrivals_does_not_move_the_clock() -> None:
    clock, chance = SampleClock(RATE_HZ), random.Random(1)
    starts = [clock.frame(FRAME, 100 + index * 0.01 + chance.uniform(0, 0.02)) for index in range(500)]
    steps = [later - earlier for earlier, later in itertools.pairwise(starts[100:])]
    assert max(abs(step - 0.01) for step in steps) < 0.002
    assert clock.jumps == 0


def test_a_position_in_the_stream_has_its_time() -> None:
    clock = SampleClock(RATE_HZ)
    for index in range(10):
        clock.frame(FRAME, 100 + index * 0.01)
    assert clock.at(0) == pytest.approx(99.99)
    assert clock.at(RATE_HZ) == pytest.approx(100.99)


def test_a_stream_that_stood_still_is_anchored_anew() -> None:
    clock = SampleClock(RATE_HZ)
    for index in range(50):
        clock.frame(FRAME, 100 + index * 0.01)
    assert clock.frame(FRAME, 105.0) == pytest.approx(104.99)
    assert clock.jumps == 1


def test_frames_that_queued_up_do_not_stay_late() -> None:
    clock = SampleClock(RATE_HZ)
    for index in range(50):
        clock.frame(FRAME, 100 + index * 0.01)
    for _ in range(20):  # 200 ms of sound come at once, since nobody took them
        last_s = clock.frame(FRAME, 100.70)
    assert last_s == pytest.approx(100.69)
    assert clock.frame(FRAME, 100.71) == pytest.approx(100.70)
