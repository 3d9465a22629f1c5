"""What the receiver's jitter buffer did to an utterance: it holds sound back, for longer and longer or less and less.

Then sound is heard later than it came, and runs slower or faster, for which no avatar is to blame. Its stay is read as
the mean of a second, so what is known of a moment is a span. Of that the sound itself decides: no more is put down to
the buffer than was heard to be off. Pure.
"""

from collections.abc import Iterable

import numpy as np

from avatar_core.metrics.observations import Floats
from avatar_core.metrics.speech import Utterance, speed
from avatar_core.metrics.utterance import Measured

_SECOND_S = 1.0
_OFF_PERCENT = 0.5
"""A speed that is off by less is well, whatever the buffer did: half of what warns."""
_AT_LEAST_HALF = 2.0
"""The speed is a median: what made it was at work for half of the utterance, so the whole shows half of it or more."""


class ReceiverBuffer:
    """Of each second that is known: its end (monotonic), and how long sound heard in it had stayed, ms, in order."""

    def __init__(self, stays: Iterable[tuple[float, float]]) -> None:
        read = np.array(list(stays), dtype=np.float64).reshape(-1, 2)
        self._times_s = read[:, 0] - _SECOND_S / 2
        self._stays_s = read[:, 1] / 1000

    def stay_s(self, at_s: float) -> tuple[float, float] | None:
        """The least and the most that sound heard at a moment may have stayed; None where that was not read."""
        times_s = self._times_s
        if not len(times_s) or not times_s[0] - _SECOND_S <= at_s <= times_s[-1] + _SECOND_S:
            return None
        near_s = self._stays_s[np.abs(times_s - at_s) <= _SECOND_S]
        mean_s = float(self._mean_s(np.array([at_s]))[0])
        return min(mean_s, float(near_s.min(initial=np.inf))), max(mean_s, float(near_s.max(initial=-np.inf)))

    def taken_off(self, measured: Measured, utterance: Utterance) -> Measured:
        """What was `measured` of an utterance, without what the buffer did to it.

        What was told of its start and end is held against when they came to the buffer. What that did meanwhile is
        taken off duration and speed; a speed that may be its doing all the same is left out.
        """
        start_s, end_s = utterance.first_sound_s, utterance.end_s
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
        if (found := utterance.speed) is not None and found.exact:
            slowest, fastest = (100 * _AT_LEAST_HALF * by_s / heard_s for by_s in (grew_s, shrank_s))
            if abs(found.error_percent) > _OFF_PERCENT and fastest <= found.error_percent <= slowest:
                left.pop("rate_error_percent", None)
        elif (found := speed(utterance.alignment, self._mean_s)) is not None:
            left["rate_error_percent"] = (found.error_percent,)
        return left

    def _mean_s(self, at_s: Floats) -> Floats:
        stays_s: Floats = np.interp(at_s, self._times_s, self._stays_s)
        return stays_s


def _within(value: float, least: float, most: float) -> float:
    return min(max(value, least), most)
