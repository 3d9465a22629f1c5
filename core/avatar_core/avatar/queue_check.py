"""Whether an output's queue is as long as the model of it says. Pure.

Sound that is given to LiveKit's source just before a beat may miss it, and the source may miss one itself: from there
on all leaves a grain later than reckoned, and nobody tells. But a capture that found the queue full returns with the
first beat that leaves no more than fits.
"""

import math

from avatar_core.avatar.grain_clock import GRAIN_S
from avatar_core.avatar.playhead import Playhead

_LOOKS = 8
"""A busy loop makes a return late by a beat and more, never early, and not so often in a row."""
_AGAIN_S = 1.0
_MORE_S = 0.001
"""Beyond what fits: a sum of lengths may be off by less."""
_CLOSE_S = 0.0015
"""By so much a beat may be told too early or too late, for a queue that is exactly as it was reckoned."""


class QueueCheck:
    """Corrects `playhead` by whole grains. The output's captures wait while more than `full_s` are queued."""

    def __init__(self, playhead: Playhead, full_s: float) -> None:
        self._playhead = playhead
        self._full_s = full_s
        self._behind: list[int] = []
        self._checked_s: float | None = None

    def begin(self) -> None:
        """The queue was emptied, or something begins that has to be exact."""
        self._behind.clear()
        self._checked_s = None

    def is_due(self, now_s: float) -> bool:
        """Whether the next capture should find the queue full."""
        return self._checked_s is None or now_s - self._checked_s >= _AGAIN_S

    def is_full(self, now_s: float) -> bool:
        """Whether a capture that begins now should wait."""
        return self._playhead.queued_s(now_s) > self._full_s + _MORE_S

    def returned(self, until_s: float, *, waited: bool) -> None:
        """A capture that should wait returned at `until_s`; `waited` if it took longer than a busy loop makes it."""
        most = self._most_behind(until_s)
        if most is None and waited:
            return
        if most is None or most <= 0:
            self._behind.clear()
        elif waited and self._playhead.grains.beat_at_s(until_s) is not None:
            self._behind.append(most)
            if len(self._behind) < _LOOKS:
                return
            self._playhead.shift(GRAIN_S * min(self._behind))
            self._behind.clear()
        else:
            # So short a wait, and a return between two beats, may be the loop's doing.
            return
        self._checked_s = until_s

    def _most_behind(self, until_s: float) -> int | None:
        """How many grains the queue may be behind, by that return; None while it is not known which moments are beats.

        What is left fills the queue but for less than a grain, and the next grain of it leaves with the next beat.
        """
        beat_s = self._playhead.grains.last_s(until_s + _CLOSE_S)
        if beat_s is None:
            return None
        full_until_s = beat_s + GRAIN_S + self._full_s
        return math.floor((full_until_s - self._playhead.ends_s + _CLOSE_S) / GRAIN_S)
