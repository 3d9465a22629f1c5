"""How much longer a picture is under way to the viewer than sound, moment by moment, by WebRTC's statistics. Pure."""

from bisect import bisect_right
from collections import deque
from statistics import median

_TOLD = 3
"""Of so many readings the middle one counts: one in ten is a grain of sound off."""
_KEPT = 4_000


class Way:
    """Of the avatar that is followed. What it adds to an A/V offset is of the viewer's side, not the avatar's."""

    def __init__(self) -> None:
        self._by_reports = False
        self._told: deque[tuple[float, float]] = deque(maxlen=_TOLD)
        self._course: deque[tuple[float, float]] = deque(maxlen=_KEPT)

    def begin(self) -> None:
        """Another avatar is followed, whose sound has a jitter buffer of its own; what was told stays."""
        self._told.clear()

    def told(self, at_s: float, offset_ms: float, *, by_reports: bool = True) -> bool:
        """A reading of that moment; True where it is not to be compared with what was told before.

        By RTCP's reports of the sender and the times of playout, from capture to playout. Not `by_reports`: a picture's
        stay in the receiver's buffer against sound's, for as long as those don't tell; some servers' never do.
        """
        if self._told and self._by_reports and not by_reports:
            return False
        is_other = not self._told or by_reports != self._by_reports
        if self._told and is_other:
            # What was told of this avatar so far is another figure.
            self._told.clear()
            self._course.clear()
        self._by_reports = by_reports
        self._told.append((at_s, offset_ms))
        if len(self._told) == _TOLD:
            middle_ms = median(told_ms for _, told_ms in self._told)
            if not self._course or self._course[-1][0] < self._told[0][0]:
                self._course.append((self._told[0][0], middle_ms))
            self._course.append((self._told[_TOLD // 2][0], middle_ms))
        return is_other

    @property
    def is_told(self) -> bool:
        """Whether there is a reading of the avatar that is followed."""
        return bool(self._told)

    def settled(self, at_s: float) -> bool:
        """Whether what is said of that moment is said for good."""
        return len(self._told) == _TOLD and at_s <= self._course[-1][0]

    def offset_ms(self, at_s: float) -> float | None:
        """What it added at a moment; None before there is a reading."""
        if len(self._told) in range(1, _TOLD) and at_s >= self._told[0][0]:
            return median(told_ms for _, told_ms in self._told)
        if not self._course:
            return None
        behind = bisect_right(self._course, at_s, key=lambda told: told[0])
        if behind in (0, len(self._course)):
            return self._course[min(behind, len(self._course) - 1)][1]
        (before_s, before_ms), (next_s, next_ms) = self._course[behind - 1], self._course[behind]
        return before_ms + (next_ms - before_ms) * (at_s - before_s) / (next_s - before_s)
