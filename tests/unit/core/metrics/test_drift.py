"""The slope of the offset, robustly."""

import numpy as np
import pytest

from avatar_core.metrics.drift import slope_ms_per_s, within
from avatar_core.metrics.offset import OffsetSample


def samples(
    slope: float, count: int, *, noise_ms: float = 2.0, period_s: float = 1.0, seed: int = 3
) -> list[OffsetSample]:
    random = np.random.default_rng(seed)
    return [
        OffsetSample(index * period_s, -30 + slope * index * period_s + float(random.normal(0, noise_ms)))
        for index in range(count)
    ]


@pytest.mark.parametrize("slope", [-20.0, -2.0, 0.0, 1.0, 5.0, 200.0])
def test_slope_is_found_through_noise(slope: float) -> None:
    assert slope_ms_per_s(samples(slope, 30)) == pytest.approx(slope, abs=0.15)
    assert slope_ms_per_s(samples(slope, 2_000)) == pytest.approx(slope, abs=0.01)


def test_strays_do_not_move_it() -> None:
    strayed = samples(1.0, 30)
    for index in (3, 9, 14, 20, 29):
        strayed[index] = OffsetSample(strayed[index].at_s, 400.0)
    assert slope_ms_per_s(strayed) == pytest.approx(1.0, abs=0.3)


def test_too_little_says_nothing() -> None:
    assert slope_ms_per_s(samples(5.0, 3)) is None
    assert slope_ms_per_s(samples(5.0, 10, period_s=0.1)) is None
    assert slope_ms_per_s(samples(5.0, 5)) is None


@pytest.mark.parametrize(("noise_ms", "count"), [(3.0, 8), (10.0, 15), (30.0, 30)])
def test_noise_is_told_as_drift_by_no_seed(noise_ms: float, count: int) -> None:
    found = [slope_ms_per_s(samples(0.0, count, noise_ms=noise_ms, seed=seed)) for seed in range(100)]
    assert not [one for one in found if one is not None and abs(one) > 3.0]
    assert len([one for one in found if one is not None and abs(one) > 1.0]) <= 5


def test_samples_belong_to_the_utterance_in_whose_time_they_were_taken() -> None:
    assert [sample.at_s for sample in within(samples(0, 10), 3.2, 5.6)] == [3, 4, 5, 6]
