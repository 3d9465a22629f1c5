"""Mixing: PROTOCOLS O16, O17."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avatar_core.media.frames import Samples
from avatar_core.media.mixing import Ducker, faded, linear, mix, padded, with_gain


def flat(value: int, count: int = 480, channels: int = 1) -> Samples:
    return np.full((count, channels), value, dtype=np.int16)


@pytest.mark.parametrize(
    ("value", "other", "total"), [(30_000, 10_000, 32_767), (-30_000, -10_000, -32_768), (5, -7, -2)]
)
def test_mix_saturates_and_never_wraps(value: int, other: int, total: int) -> None:
    """O17: in int16, 30000 + 10000 is -25536."""
    assert (mix(flat(value), flat(other)) == total).all()


@given(st.lists(st.integers(-32_768, 32_767), min_size=1, max_size=4))
def test_mix_of_any_values_is_the_clipped_sum(values: list[int]) -> None:
    """O17."""
    assert mix(*[flat(value, 1) for value in values])[0, 0] == max(-32_768, min(32_767, sum(values)))


def test_mix_is_as_long_as_its_first_part() -> None:
    """O16: a shorter background is continued by silence, a longer one cut."""
    assert mix(flat(1, 4), flat(2, 2))[:, 0].tolist() == [3, 3, 1, 1]
    assert mix(flat(1, 2), flat(2, 4))[:, 0].tolist() == [3, 3]


def test_mix_refuses_different_channel_counts() -> None:
    with pytest.raises(ValueError, match="channel"):
        mix(flat(1), flat(1, channels=2))


def test_gain_saturates() -> None:
    assert (with_gain(flat(20_000), 2.0) == 32_767).all()
    assert (with_gain(flat(1_001), 0.5) == 500).all()
    assert linear(-6.0206) == pytest.approx(0.5, abs=1e-4)


def test_fade_falls_evenly_in_decibels_and_ends_silent() -> None:
    """O5."""
    samples = faded(flat(32_000, 1_001))[:, 0]
    assert samples[0] == 32_000
    assert samples[500] == pytest.approx(32_000 * linear(-30), abs=1)
    assert samples[-1] == 0
    assert len(faded(flat(1, 0))) == 0


def test_padding_adds_silence_behind() -> None:
    assert padded(flat(3, 2), 4)[:, 0].tolist() == [3, 3, 0, 0]
    assert len(padded(flat(3, 5), 4)) == 5


def test_ducking_goes_down_under_speech_and_back_up_without_a_step() -> None:
    ducker = Ducker(24_000, 0.25, attack_s=0.1, release_s=0.4)
    parts = [ducker.apply(flat(10_000), speech=True) for _ in range(10)]
    assert parts[-1][-1, 0] == 2_500
    parts += [ducker.apply(flat(10_000), speech=False) for _ in range(25)]
    heard = np.concatenate(parts)[:, 0].astype(int)
    assert heard[-1] == 10_000
    assert np.abs(np.diff(heard)).max() <= 5


def test_impossible_ducking_is_refused() -> None:
    with pytest.raises(ValueError, match="factor"):
        Ducker(24_000, 1.5)
