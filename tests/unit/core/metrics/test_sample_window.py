"""The newest samples of a metric: they say at any moment what a summary of them all would."""

import math

from hypothesis import given
from hypothesis import strategies as st

from avatar_core.metrics.sample_window import SampleWindow, TimedValue
from avatar_core.metrics.summary import summarize

VALUES = st.floats(-5, 5) | st.integers(-3, 3).map(float) | st.just(math.nan)


@given(st.lists(VALUES | st.integers(0, 4)), st.integers(1, 6), st.booleans())
def test_it_says_what_a_summary_of_its_samples_says(steps: list[float | int], kept: int, signed: bool) -> None:
    """A number is added at the next second; a whole one takes back what is newer than so many seconds."""
    window, expected, now_s = SampleWindow(kept, signed=signed), [], 0.0
    for step in steps:
        if isinstance(step, int):
            taken_back = window.take_back(now_s - step)
            assert taken_back == sum(sample.end_s > now_s - step for sample in expected)
            expected = [sample for sample in expected if sample.end_s <= now_s - step]
        else:
            now_s += 1.0
            window.add(TimedValue(now_s, step))
            expected = [*expected, TimedValue(now_s, step)][-kept:]
        assert (len(window), window.newest) == (len(expected), expected[-1] if expected else None)
        said, wanted = window.distribution(), summarize([sample.value for sample in expected], signed=signed)
        assert (said is None) == (wanted is None)
        if said is not None and wanted is not None:
            assert (said.n, said.p50, abs(said.p95), abs(said.max)) == (
                wanted.n,
                wanted.p50,
                abs(wanted.p95),
                abs(wanted.max),
            )
            assert {said.p95, said.max} <= set(window.values())
    assert window.values() == [sample.value for sample in expected] or any(map(math.isnan, window.values()))
