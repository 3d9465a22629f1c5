"""What the receiver's jitter buffer did to an utterance: it holds sound back, for longer and longer or less and less.

Then sound is heard later than it came, and runs slower or faster, for which no avatar is to blame. Pure.
"""

from collections import deque

import numpy as np

from avatar_core.metrics.utterance import Measured

_KEPT = 600
_SECOND_S = 1.0
_LEAST_S = 0.015
"""The stay of a second is read to some 10 ms: less than this is no change."""
_MOST_OF_RATE = 0.005
"""The share of an utterance by which the buffer may change it before its speed says nothing: half of what warns."""


class ReceiverBuffer:
    """The stay of sound in the buffer, second by second."""

    def __init__(self) -> None:
        self._stays: deque[tuple[float, float]] = deque(maxlen=_KEPT)

    def read(self, at_s: float, stay_ms: float) -> None:
        """Sound that was heard in the second before `at_s` had stayed for so long."""
        self._stays.append((at_s - _SECOND_S / 2, stay_ms))

    def stay_s(self, at_s: float) -> float | None:
        """How long sound that was heard at a moment had stayed; None where that was not read."""
        if not self._stays:
            return None
        times_s, stays_ms = np.array(self._stays).T
        if not times_s[0] - _SECOND_S <= at_s <= times_s[-1] + _SECOND_S:
            return None
        return float(np.interp(at_s, times_s, stays_ms)) / 1000

    def taken_off(self, measured: Measured, start_s: float, end_s: float) -> Measured:
        """What was measured of an utterance heard between two moments, without what the buffer did to it.

        What was told of its start and end is held against when they came to the buffer. What that did meanwhile is
        taken off the duration; the speed is left out where that is not little.
        """
        first_s, last_s = self.stay_s(start_s), self.stay_s(end_s)
        if first_s is None or last_s is None:
            return measured
        left = dict(measured)
        for name, stay_s in (("started_error_ms", first_s), ("finished_error_ms", last_s)):
            if name in left:
                left[name] = tuple(error_ms + 1000 * stay_s for error_ms in left[name])
        grew_s = last_s - first_s
        if abs(grew_s) < _LEAST_S:
            return left
        share = grew_s / (end_s - start_s)
        if "duration_ratio" in left:
            left["duration_ratio"] = tuple(ratio * (1 - share) for ratio in left["duration_ratio"])
        if abs(share) > _MOST_OF_RATE:
            left.pop("rate_error_percent", None)
        return left
