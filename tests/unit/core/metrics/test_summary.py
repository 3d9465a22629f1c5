import math

from hypothesis import given
from hypothesis import strategies as st

from avatar_core.metrics.summary import Distribution, summarize


def test_nothing_gives_no_figures() -> None:
    assert summarize([]) is None
    assert summarize([math.nan, math.inf]) is None


def test_percentiles_are_samples_at_their_rank() -> None:
    assert summarize([float(value) for value in range(1, 101)]) == Distribution(100, 50.5, 95.0, 100.0)


def test_one_sample_is_all_of_its_figures() -> None:
    assert summarize([7.0]) == Distribution(1, 7.0, 7.0, 7.0)


def test_signed_figures_rank_by_magnitude_and_keep_the_sign() -> None:
    figures = summarize([5.0, -40.0, 3.0, 1.0], signed=True)
    assert figures is not None
    assert (figures.p50, figures.max) == (2.0, -40.0)
    unsigned = summarize([5.0, -40.0, 3.0, 1.0])
    assert unsigned is not None
    assert unsigned.max == 5.0


def test_what_is_no_number_is_not_counted() -> None:
    assert summarize([1.0, math.nan, 3.0]) == Distribution(2, 2.0, 3.0, 3.0)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1), st.booleans())
def test_figures_are_ordered_and_come_from_the_samples(values: list[float], signed: bool) -> None:
    figures = summarize(values, signed=signed)
    assert figures is not None
    assert {figures.p95, figures.max} <= set(values)
    rank = abs if signed else float
    assert rank(figures.p95) <= rank(figures.max) == max(rank(value) for value in values)
    assert min(values) <= figures.p50 <= max(values)
