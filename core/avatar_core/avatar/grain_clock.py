"""The beat of an audio output that lets its sound out a grain at a time, learned from captures that waited. Pure.

LiveKit's source has a timer of its own: every 10 ms it takes a grain from its queue. Which moments those are nobody
tells, but a capture that found the queue full returns just after one of them. Without it what is given to an empty
queue leaves up to a grain later than reckoned, by another time in each utterance.
"""

import math
from collections import deque

import numpy as np

GRAIN_S = 0.01
_CAPTURES = 64
_KNOWN_FROM = 8
_WAITED_S = 0.005
"""What took less may have been a busy loop alone."""
_TOGETHER_S = 0.001
"""Most captures return so close behind their beat; those of a busy loop come at any time after it."""
_AFTER_S, _BEFORE_S = 0.0015, 0.0065
"""So far from the beats it is sure which one takes what is given now: a capture is some time under way."""


class GrainClock:
    """Fed with captures that should wait; unknown, and without effect, for an output whose captures never do."""

    def __init__(self) -> None:
        self._returned_s: deque[float] = deque(maxlen=_CAPTURES)
        self._beat_s: float | None = None

    def captured(self, from_s: float, until_s: float) -> bool:
        """A capture took so long; True where it waited. It then returned with a beat, or later in a busy loop."""
        if until_s - from_s < _WAITED_S:
            return False
        self._returned_s.append(until_s)
        self._beat_s = None
        return True

    def next_s(self, now_s: float) -> float:
        """When the next grain leaves; `now_s` while that is not known."""
        if not self.is_known:
            return now_s
        beat_s = self._beat_s = self._densest_s() if self._beat_s is None else self._beat_s
        return beat_s + GRAIN_S * math.ceil((now_s - beat_s) / GRAIN_S)

    def last_s(self, now_s: float) -> float | None:
        """When the last grain left; None while that is not known."""
        return self.next_s(now_s) - GRAIN_S if self.is_known else None

    def beat_at_s(self, now_s: float) -> float | None:
        """The beat that was just now; None where there was none, or it is not known which moments are beats."""
        if not self.is_known:
            return None
        beat_s = self.next_s(now_s - GRAIN_S / 2)
        return beat_s if abs(beat_s - now_s) < _AFTER_S else None

    def between_s(self, now_s: float) -> float:
        """The first moment from `now_s` on that is well between two beats; `now_s` while they are not known."""
        if not self.is_known:
            return now_s
        next_s = self.next_s(now_s)
        return next_s + _AFTER_S if next_s - now_s < _BEFORE_S else max(now_s, next_s - GRAIN_S + _AFTER_S)

    @property
    def is_known(self) -> bool:
        """Whether it is known which moments are beats."""
        return len(self._returned_s) >= _KNOWN_FROM

    def _densest_s(self) -> float:
        """Where in a grain most captures returned together."""
        phases_s = np.sort(np.mod(self._returned_s, GRAIN_S))
        around_s = np.concatenate((phases_s, phases_s + GRAIN_S))
        counts = np.searchsorted(around_s, phases_s + _TOGETHER_S) - np.arange(len(phases_s))
        first = int(np.argmax(counts))
        return float(np.median(around_s[first : first + counts[first]]))
