"""The zero of an A/V offset: what sender, way and receiver add that nobody tells of. Pure.

A worker of ours reports the offset with which it let sound and picture go. WebRTC tells how much longer a picture was
under way than sound: both wait in a buffer, and sound's grows and shrinks. What a viewer got more than both together
is the zero. The first of a run are its zero block; a zero that wanders makes offsets doubtful.
"""

from collections import deque
from statistics import median

from avatar_core.metrics.way import Way

BLOCK = 5
_KEPT = 1_000
_WAITING = 16


class ZeroBlock:
    """Fed what was received, what the source reported, what the way added, all in ms, while one avatar is followed."""

    def __init__(self, way: Way) -> None:
        self.zero_ms: float | None = None
        """Of the block; None before it is whole."""
        self.began_s: float | None = None
        """When the block was whole."""
        self.most_moved_ms = 0.0
        """How far the zero was from that of its block at most."""
        self.differences: deque[float] = deque(maxlen=_KEPT)
        """Received less source and way, of this avatar."""
        self._way = way
        self._source_ms: float | None = None
        # What came while it is not settled what the way added.
        self._waiting: deque[tuple[float, float]] = deque(maxlen=_WAITING)
        self._last: deque[float] = deque(maxlen=BLOCK)

    def begin(self) -> None:
        """Another avatar is followed; how far the zero moved stays."""
        self._source_ms = None
        self._forget()

    def source(self, offset_ms: float) -> None:
        """The worker reported its own offset."""
        self._source_ms = offset_ms

    def way_told(self, at_s: float, offset_ms: float, *, by_reports: bool) -> None:
        """A reading of the way, as `Way.told` takes it."""
        if self._way.told(at_s, offset_ms, by_reports=by_reports):
            # Until now it, or what another account leaves of it, was in the zero.
            self._forget()
        while self._waiting and self._way.settled(self._waiting[0][0]):
            received_s, more_ms = self._waiting.popleft()
            self._differ(received_s, more_ms - (self._way.offset_ms(received_s) or 0.0))

    def received(self, at_s: float, offset_ms: float) -> None:
        """A flash and its beep were received."""
        if self._source_ms is None:
            return
        if self._way.is_told:
            self._waiting.append((at_s, offset_ms - self._source_ms))
        else:
            self._differ(at_s, offset_ms - self._source_ms)

    def _differ(self, at_s: float, difference_ms: float) -> None:
        self.differences.append(difference_ms)
        self._last.append(difference_ms)
        if len(self._last) < BLOCK:
            return
        now_ms = median(self._last)
        if self.zero_ms is None:
            self.zero_ms, self.began_s = now_ms, at_s
        self.most_moved_ms = max(self.most_moved_ms, abs(now_ms - self.zero_ms))

    def _forget(self) -> None:
        self.differences.clear()
        self._last.clear()
        self._waiting.clear()
        self.zero_ms = self.began_s = None
