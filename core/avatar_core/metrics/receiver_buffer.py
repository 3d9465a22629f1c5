"""What the receiver's jitter buffer did to the time that an utterance took: it holds sound longer, or lets go of it.

Then sound runs slower or faster than it was sent, for which no avatar is to blame. Pure.
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

    def grew_s(self, start_s: float, end_s: float) -> float | None:
        """How much longer sound stays at `end_s` than at `start_s`; None where one of them was not read."""
        if not self._stays:
            return None
        times_s, stays_ms = np.array(self._stays).T
        if start_s < times_s[0] - _SECOND_S or end_s > times_s[-1] + _SECOND_S:
            return None
        before_ms, after_ms = np.interp((start_s, end_s), times_s, stays_ms)
        return float(after_ms - before_ms) / 1000

    def taken_off(self, measured: Measured, start_s: float, end_s: float) -> Measured:
        """What was measured of an utterance heard between two moments, without what the buffer did to it meanwhile.

        Its share is taken off the duration; the speed is left out where that share is not small.
        """
        grew_s = self.grew_s(start_s, end_s)
        if grew_s is None or abs(grew_s) < _LEAST_S:
            return measured
        share = grew_s / (end_s - start_s)
        left = dict(measured)
        if "duration_ratio" in left:
            left["duration_ratio"] = tuple(ratio * (1 - share) for ratio in left["duration_ratio"])
        if abs(share) > _MOST_OF_RATE:
            left.pop("rate_error_percent", None)
        return left
