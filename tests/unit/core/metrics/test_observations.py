"""Sound as it was heard, joined out of pieces."""

import numpy as np
import pytest

from avatar_core.metrics.observations import Sound, joined


def piece(start_s: float, samples: int = 480, value: int = 1) -> Sound:
    return Sound(np.full(samples, value, np.int16), 48_000, start_s)


def test_pieces_that_follow_each_other_are_one_sound() -> None:
    sound = joined([piece(5.0), piece(5.0101), piece(5.02)])
    assert sound is not None
    assert len(sound.samples) == 1440 and sound.start_s == 5.0 and (sound.samples == 1).all()
    assert joined([]) is None


def test_hole_between_pieces_is_silence() -> None:
    sound = joined([piece(5.0), piece(5.11)])
    assert sound is not None
    assert sound.duration_s == pytest.approx(0.12)
    assert (sound.between(5.01, 5.11).samples == 0).all()
    assert (sound.between(5.11, 5.12).samples == 1).all()


def test_part_outside_of_the_sound_is_cut_to_it() -> None:
    sound = piece(5.0, 48_000)
    assert len(sound.between(4.0, 5.5).samples) == 24_000
    assert len(sound.between(6.5, 7.0).samples) == 0
    assert sound.between(4.0, 5.5).start_s == 5.0


@pytest.mark.parametrize("rate", [16_000, 24_000, 44_100])
def test_other_rate_keeps_the_length(rate: int) -> None:
    sound = piece(5.0, 48_000).at_rate(rate)
    assert len(sound.samples) == rate and sound.start_s == 5.0 and sound.sample_rate_hz == rate
