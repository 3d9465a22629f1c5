"""How much longer a picture is under way to the viewer than sound, moment by moment, by WebRTC's statistics. Pure.

There are two accounts. A picture's stay in the receiver's buffer against sound's follows every change, but does not
know of the rest of the way. RTCP's reports of the sender and the times of playout tell the whole, from capture to
playout, but one reading in ten, on a busy machine up to half of them, is a grain of sound off. So the buffers tell the
course, and the middle of what reports had beyond them, over some seconds before and after, tells the level.
"""

from bisect import bisect_left, bisect_right
from statistics import median
from typing import NamedTuple

AROUND_S = 8.0
"""So long before and after a moment, what reports had beyond the buffers counts for it."""
_FEWEST = 3
"""Where there are fewer in that time, the nearest so many count."""
_KEPT = 4_000


class _Reading(NamedTuple):
    at_s: float
    ms: float


class _Course:
    """The readings of one avatar, whose sound has a jitter buffer of its own."""

    def __init__(self) -> None:
        self.buffers: list[_Reading] = []
        self.beyond: list[_Reading] = []
        """What reports had beyond the buffers, where they told."""

    def add(self, at_s: float, buffers_ms: float, reported_ms: float | None) -> None:
        self.buffers.append(_Reading(at_s, buffers_ms))
        del self.buffers[:-_KEPT]
        if reported_ms is not None:
            self.beyond.append(_Reading(at_s, reported_ms - buffers_ms))
            del self.beyond[:-_KEPT]

    def offset_ms(self, at_s: float) -> float:
        """What the way added at a moment; there must be a reading."""
        return self._buffers_ms(at_s) + self._beyond_ms(at_s)

    def _buffers_ms(self, at_s: float) -> float:
        behind = bisect_right(self.buffers, at_s, key=_time_of)
        if behind in (0, len(self.buffers)):
            return self.buffers[min(behind, len(self.buffers) - 1)].ms
        before, next_ = self.buffers[behind - 1], self.buffers[behind]
        share = (at_s - before.at_s) / (next_.at_s - before.at_s)
        return before.ms + (next_.ms - before.ms) * share

    def _beyond_ms(self, at_s: float) -> float:
        first = bisect_left(self.beyond, at_s - AROUND_S, key=_time_of)
        last = bisect_right(self.beyond, at_s + AROUND_S, key=_time_of)
        around = self.beyond[first:last]
        if len(around) < _FEWEST:
            around = sorted(self.beyond, key=lambda reading: abs(reading.at_s - at_s))[:_FEWEST]
        return median(reading.ms for reading in around) if around else 0.0


class Way:
    """Of the avatar that is followed. What it adds to an A/V offset is of the viewer's side, not the avatar's."""

    def __init__(self) -> None:
        self._before: list[_Course] = []
        self._now = _Course()

    def begin(self) -> None:
        """Another avatar is followed; what was told of those before stays."""
        if self._now.buffers:
            self._before.append(self._now)
            self._now = _Course()

    def told(self, at_s: float, buffers_ms: float, reported_ms: float | None) -> bool:
        """A reading of that moment: by the buffers, and by the reports, where they tell; some servers' never do.

        True where what the way added, as it is said from now on, is not to be compared with what was said before.
        """
        now = self._now
        is_other = not now.buffers or (reported_ms is not None and not now.beyond)
        now.add(at_s, buffers_ms, reported_ms)
        return is_other

    @property
    def is_told(self) -> bool:
        """Whether there is a reading of the avatar that is followed."""
        return bool(self._now.buffers)

    def settled(self, at_s: float) -> bool:
        """Whether what is said of that moment, while this avatar is followed, is said for good."""
        return self.is_told and self._now.buffers[-1].at_s >= at_s + AROUND_S

    def offset_ms(self, at_s: float) -> float | None:
        """What it added at a moment; None before there is a reading."""
        told = [course for course in (*self._before, self._now) if course.buffers]
        if not told:
            return None
        begun = [course for course in told if course.buffers[0].at_s <= at_s]
        return (begun or told[:1])[-1].offset_ms(at_s)


def _time_of(reading: _Reading) -> float:
    return reading.at_s
