"""The zero of an A/V offset: what the receiver itself adds, its sound's delay less its picture's. Pure.

A worker of ours reports the offset with which it let sound and picture go; what a viewer got more than that is the
receiver's. The first such differences of a run are its zero block; a zero that wanders makes offsets doubtful.
"""

from collections import deque
from statistics import median

BLOCK = 5
_KEPT = 1_000


class ZeroBlock:
    """Fed what was received and what the source reported, both in ms, while one avatar is followed."""

    def __init__(self) -> None:
        self.zero_ms: float | None = None
        """Of the block; None before it is whole."""
        self.began_s: float | None = None
        """When the block was whole."""
        self.most_moved_ms = 0.0
        """How far the zero was from that of its block at most."""
        self.differences: deque[float] = deque(maxlen=_KEPT)
        """Received less source, of every avatar so far."""
        self._source_ms: float | None = None
        self._last: deque[float] = deque(maxlen=BLOCK)

    def begin(self) -> None:
        """Another avatar is followed: its sound has a jitter buffer of its own. What was found stays."""
        self._source_ms = None
        self._last.clear()
        self.zero_ms = self.began_s = None

    def source(self, offset_ms: float) -> None:
        """The worker reported its own offset."""
        self._source_ms = offset_ms

    def received(self, at_s: float, offset_ms: float) -> None:
        """A flash and its beep were received."""
        if self._source_ms is None:
            return
        self.differences.append(offset_ms - self._source_ms)
        self._last.append(offset_ms - self._source_ms)
        if len(self._last) < BLOCK:
            return
        now_ms = median(self._last)
        if self.zero_ms is None:
            self.zero_ms, self.began_s = now_ms, at_s
        self.most_moved_ms = max(self.most_moved_ms, abs(now_ms - self.zero_ms))
