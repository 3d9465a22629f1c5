"""Fewer points for the same picture: the smallest and largest value of each bucket of time, gaps kept as gaps."""

import numpy as np
from numpy.typing import NDArray

Curve = tuple[NDArray[np.float64], NDArray[np.float64]]


def decimate(time_s: NDArray[np.float64], value: NDArray[np.float64], span_s: float, buckets: int) -> Curve:
    """Time and value (n,) to at most three points a bucket: minimum, maximum, and NaN where the bucket has a gap.

    Buckets stand on the clock and not on the data, so that a curve that scrolls does not flicker. Returned unchanged
    where there is nothing to gain. `time_s` rises.
    """
    if value.size <= 2 * buckets:
        return time_s, value
    bucket_s = span_s / buckets
    number = np.floor(time_s / bucket_s).astype(np.int64)
    starts = np.flatnonzero(np.diff(number, prepend=number[0] - 1))
    low, high = np.fmin.reduceat(value, starts), np.fmax.reduceat(value, starts)
    has_gap = np.add.reduceat(np.isnan(value).astype(np.int64), starts) > 0
    moment = time_s[starts]
    points = np.stack([low, high, np.where(has_gap, np.nan, high)], axis=1)
    return np.repeat(moment, 3), points.reshape(-1)
