import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from avatar_gui.plots.decimate import decimate

SPAN_S = 60.0


def test_a_short_curve_is_left_alone() -> None:
    time_s, value = np.arange(10.0), np.arange(10.0)
    assert decimate(time_s, value, SPAN_S, 600)[1] is value


def test_peaks_survive_and_points_are_few() -> None:
    time_s = np.linspace(1000.0, 1060.0, 6000)
    value = np.zeros(6000)
    value[3333] = 99.0
    value[4444] = -99.0
    few_s, few = decimate(time_s, value, SPAN_S, 600)
    assert few.size <= 3 * 601
    assert (few.max(), few.min()) == (99.0, -99.0)
    assert np.all(np.diff(few_s) >= 0)


def test_a_gap_stays_a_gap_even_if_it_is_shorter_than_a_bucket() -> None:
    time_s = np.linspace(1000.0, 1060.0, 60_000)
    value = np.ones(60_000)
    value[30_005] = np.nan
    value[40_000:50_000] = np.nan
    few_s, few = decimate(time_s, value, SPAN_S, 600)
    inside = (few_s > time_s[40_200]) & (few_s < time_s[49_800])
    assert np.isnan(few[inside]).all()
    near = np.abs(few_s - time_s[30_005]) < 2 * SPAN_S / 600
    assert np.isnan(few[near]).any() and not np.isnan(few[near]).all()


def test_buckets_stand_on_the_clock_so_that_scrolling_does_not_flicker() -> None:
    time_s = np.arange(1000.0, 1060.0, 0.01)
    value = np.sin(time_s)
    whole_s, whole = decimate(time_s, value, SPAN_S, 300)
    later_s, later = decimate(time_s[37:], value[37:], SPAN_S, 300)
    assert set(later[6:].round(12)) <= set(whole.round(12))
    assert later_s[-1] == whole_s[-1]


@given(st.lists(st.one_of(st.floats(-1e3, 1e3), st.just(float("nan"))), min_size=50, max_size=400))
def test_the_range_is_that_of_the_data(values: list[float]) -> None:
    value = np.array(values)
    _, few = decimate(np.arange(value.size) * 0.1, value, 4.0, 10)
    finite = value[~np.isnan(value)]
    kept = few[~np.isnan(few)]
    assert (kept.size == 0) == (finite.size == 0)
    if finite.size:
        assert (kept.min(), kept.max()) == (finite.min(), finite.max())
