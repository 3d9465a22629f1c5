"""A curve over time in a bounded ring: appended by one owner, copied for whoever draws or writes it."""

import math

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Series:
    """Samples of one quantity: `time_s` (monotonic, rising) and `value`. NaN is a gap, not a value.

    Holds the newest `capacity` samples; `dropped` counts those that fell out, `late` those that came out of order.
    """

    def __init__(self, capacity: int = 72_000) -> None:
        if capacity < 2:
            raise ValueError("a series holds two samples or more")
        self._time_s = np.empty(capacity)
        self._value = np.empty(capacity)
        self._next = 0
        self.dropped = 0
        self.late = 0

    def __len__(self) -> int:
        return min(self._next, len(self._time_s))

    def append(self, time_s: float, value: float) -> None:
        """Add a sample; one from before the newest is counted in `late` and left out."""
        capacity = len(self._time_s)
        if self._next and time_s < self._time_s[(self._next - 1) % capacity]:
            self.late += 1
            return
        if self._next >= capacity:
            self.dropped += 1
        self._time_s[self._next % capacity] = time_s
        self._value[self._next % capacity] = value
        self._next += 1

    def break_line(self, time_s: float) -> None:
        """Mark a gap: what comes next is not joined to what was. A second mark in a row adds nothing."""
        if self._next and not math.isnan(self._value[(self._next - 1) % len(self._value)]):
            self.append(time_s, math.nan)

    def since(self, time_s: float) -> tuple[Floats, Floats]:
        """Copies of times and values from `time_s` on, oldest first, both of shape (n,)."""
        times, values = self._ordered()
        start = int(np.searchsorted(times, time_s))
        return times[start:].copy(), values[start:].copy()

    def _ordered(self) -> tuple[Floats, Floats]:
        capacity = len(self._time_s)
        if self._next <= capacity:
            return self._time_s[: self._next], self._value[: self._next]
        turn = self._next % capacity
        return np.roll(self._time_s, -turn), np.roll(self._value, -turn)
