"""Sound as it was heard, joined out of pieces."""

import numpy as np
import pytest

from avatar_core.metrics.observations import Sound, joined


def piece(start_s: float, samples: int = 480, value: int = 1) -> Sound:
    return Sound(np.full(samples, value, np.int16), 48_000, start_s)


def test_pieces_that_follow_each_other_are_one_sound() -> None:
    sound = joined([piece(5.0), piece(5.0101), piece(5.02)])
    assert sound is not None
    assert len(sound.samples) == 1440 and sound.start_s == pytest.approx(5.0) and (sound.samples == 1).all()
    assert joined([]) is None


def test_hole_between_pieces_is_silence() -> None:
    sound = joined([piece(5.0), piece(5.11)])
    assert sound is not None
    assert sound.duration_s == pytest.approx(0.12)
    assert (sound.between(5.01, 5.11).samples == 0).all()
    assert (sound.between(5.11, 5.12).samples == 1).all()


@pytest.mark.parametrize("moved_s", [0.003, 0.012, 0.029])
def test_hole_that_a_moving_clock_leaves_is_filled_by_what_came_before(moved_s: float) -> None:
    # The last piece before it is too short to take it all.
    before = [piece(5.0, 48_000), piece(6.0, 480)]
    sound = joined([*before, piece(6.01 + moved_s, 48_000, value=2)])
    assert sound is not None
    assert sound.start_s == pytest.approx(5.0, abs=0.001) and sound.end_s == pytest.approx(7.01 + moved_s)
    assert sound.samples.min() == 1
    assert np.flatnonzero(sound.samples == 2)[0] / 48_000 == pytest.approx(6.01 + moved_s - sound.start_s, abs=1e-4)


def test_sound_that_came_late_and_at_once_leaves_no_hole_and_makes_nothing_after_it_late() -> None:
    # Nobody took frames for 200 ms; then each is dated less late than the one before, until the clock is right again.
    in_time = [piece(5 + index * 0.01, value=index + 1) for index in range(50)]
    late = [Sound(one.samples, 48_000, one.start_s + 0.2 - index * 0.01) for index, one in enumerate(in_time[20:40])]
    sound = joined([*in_time[:20], *late, *in_time[40:]])
    assert sound is not None and sound.start_s == pytest.approx(5.0)
    assert sound.samples[::480].tolist() == list(range(1, 51))


def test_beginning_that_was_dated_late_is_moved_to_where_the_rest_tells() -> None:
    sound = joined([piece(5.15), piece(5.11), piece(5.02), piece(5.03)])
    assert sound is not None
    assert sound.start_s == pytest.approx(5.0) and sound.duration_s == pytest.approx(0.04)


def test_part_outside_of_the_sound_is_cut_to_it() -> None:
    sound = piece(5.0, 48_000)
    assert len(sound.between(4.0, 5.5).samples) == 24_000
    assert len(sound.between(6.5, 7.0).samples) == 0
    assert sound.between(4.0, 5.5).start_s == 5.0


@pytest.mark.parametrize("rate", [16_000, 24_000, 44_100])
def test_other_rate_keeps_the_length(rate: int) -> None:
    sound = piece(5.0, 48_000).at_rate(rate)
    assert len(sound.samples) == rate and sound.start_s == 5.0 and sound.sample_rate_hz == rate
