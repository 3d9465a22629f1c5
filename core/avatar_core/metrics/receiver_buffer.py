"""What the receiver's jitter buffer did to an utterance: it holds sound back, for longer and longer or less and less.

Then sound is heard later than it came, and runs slower or faster, for which no avatar is to blame. Its stay is read as
the mean of a second, so what is known of a moment is a span. Of that the sound itself decides: no more is put down to
the buffer than was heard to be off. Pure.
"""

from collections import deque

import numpy as np

from avatar_core.metrics.utterance import Measured

_KEPT = 600
_SECOND_S = 1.0
_OFF_PERCENT = 0.5
"""A speed that is off by less is well, whatever the buffer did: half of what warns."""
_AT_LEAST_HALF = 2.0
"""The speed is a median: what made it was at work for half of the utterance, so the whole shows half of it or more."""


class ReceiverBuffer:
    """The stay of sound in the buffer, second by second."""

    def __init__(self) -> None:
        self._stays: deque[tuple[float, float]] = deque(maxlen=_KEPT)

    def read(self, at_s: float, stay_ms: float) -> None:
        """Sound that was heard in the second before `at_s` had stayed for so long."""
        self._stays.append((at_s - _SECOND_S / 2, stay_ms))

    def stay_s(self, at_s: float) -> tuple[float, float] | None:
        """The least and the most that sound heard at a moment may have stayed; None where that was not read."""
        if not self._stays:
            return None
        times_s, stays_ms = np.array(self._stays).T
        if not times_s[0] - _SECOND_S <= at_s <= times_s[-1] + _SECOND_S:
            return None
        near_ms = np.append(stays_ms[np.abs(times_s - at_s) <= _SECOND_S], np.interp(at_s, times_s, stays_ms))
        return float(near_ms.min()) / 1000, float(near_ms.max()) / 1000

    def taken_off(self, measured: Measured, start_s: float, end_s: float) -> Measured:
        """What was measured of an utterance heard between two moments, without what the buffer did to it.

        What was told of its start and end is held against when they came to the buffer. What that did meanwhile is
        taken off the duration; a speed that may be its doing is left out.
        """
        first_s, last_s = self.stay_s(start_s), self.stay_s(end_s)
        if first_s is None or last_s is None:
            return measured
        left = dict(measured)
        for name, (least_s, most_s) in (("started_error_ms", first_s), ("finished_error_ms", last_s)):
            if name in left:
                left[name] = tuple(
                    error_ms + 1000 * _within(-error_ms / 1000, least_s, most_s) for error_ms in left[name]
                )
        shrank_s, grew_s = min(0.0, last_s[0] - first_s[1]), max(0.0, last_s[1] - first_s[0])
        heard_s = end_s - start_s
        if "duration_ratio" in left:
            left["duration_ratio"] = tuple(
                ratio - ratio / heard_s * _within(heard_s - heard_s / ratio, shrank_s, grew_s)
                for ratio in left["duration_ratio"]
            )
        slowest, fastest = (100 * _AT_LEAST_HALF * by_s / heard_s for by_s in (grew_s, shrank_s))
        if any(abs(rate) > _OFF_PERCENT and fastest <= rate <= slowest for rate in left.get("rate_error_percent", ())):
            del left["rate_error_percent"]
        return left


def _within(value: float, least: float, most: float) -> float:
    return min(max(value, least), most)
