import math

import numpy as np
import pytest

from avatar_core.metrics.series import Series


def filled(capacity: int, count: int) -> Series:
    series = Series(capacity)
    for index in range(count):
        series.append(float(index), float(index * 10))
    return series


def test_samples_come_back_in_order_from_a_time_on() -> None:
    times, values = filled(8, 5).since(2.0)
    assert times.tolist() == [2.0, 3.0, 4.0]
    assert values.tolist() == [20.0, 30.0, 40.0]


def test_a_full_ring_keeps_the_newest_and_counts_what_fell_out() -> None:
    series = filled(4, 10)
    times, values = series.since(0.0)
    assert (times.tolist(), values.tolist()) == ([6.0, 7.0, 8.0, 9.0], [60.0, 70.0, 80.0, 90.0])
    assert (len(series), series.dropped) == (4, 6)


def test_a_sample_from_before_the_newest_is_left_out_and_counted() -> None:
    series = filled(4, 3)
    series.append(1.5, 0.0)
    series.append(2.0, 21.0)
    assert series.since(1.0)[0].tolist() == [1.0, 2.0, 2.0]
    assert series.late == 1


def test_a_gap_is_marked_once_and_is_no_value() -> None:
    series = filled(8, 2)
    series.break_line(1.2)
    series.break_line(1.4)
    series.append(2.0, 20.0)
    assert series.since(0.0)[1].tolist()[:2] == [0.0, 10.0]
    assert np.isnan(series.since(0.0)[1]).sum() == 1


def test_nothing_is_marked_before_the_first_sample() -> None:
    series = Series(4)
    series.break_line(1.0)
    assert len(series) == 0
    assert [array.size for array in series.since(0.0)] == [0, 0]


def test_what_was_handed_out_is_a_copy() -> None:
    series = filled(4, 2)
    series.since(0.0)[1][:] = math.inf
    assert series.since(0.0)[1].tolist() == [0.0, 10.0]


def test_a_ring_of_one_is_refused() -> None:
    with pytest.raises(ValueError, match="two samples"):
        Series(1)
