"""Freezes by WebRTC's rule (freezeCount of its statistics), computed here: the SDK counts them, but not their time."""

from collections import deque

_WINDOW = 30
_MORE_S = 0.15


class FreezeRule:
    """Fed the arrival of each picture, in seconds.

    An interval is a freeze from three times the average of the last 30 on, and at least 150 ms above it; a freeze does
    not count into the average.
    """

    def __init__(self) -> None:
        self._last_s: float | None = None
        self._intervals_s: deque[float] = deque(maxlen=_WINDOW)

    def push(self, at_s: float) -> float | None:
        """A picture came at `at_s`; the length of the freeze that it ended, None where there was none."""
        length_s = self.ongoing_s(at_s)
        if self._last_s is not None and length_s is None:
            self._intervals_s.append(at_s - self._last_s)
        self._last_s = at_s
        return length_s

    def ongoing_s(self, now_s: float) -> float | None:
        """How long the last picture has been standing, where that is a freeze by now."""
        if self._last_s is None or not self._intervals_s:
            return None
        average_s = sum(self._intervals_s) / len(self._intervals_s)
        standing_s = now_s - self._last_s
        return standing_s if standing_s >= max(3 * average_s, average_s + _MORE_S) else None
