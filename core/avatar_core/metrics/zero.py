"""The zero of an A/V offset: what sender, way and receiver add that nobody tells of. Pure.

A worker of ours reports the offset with which it let sound and picture go. WebRTC tells how much longer a picture was
under way than sound: both wait in a buffer, and sound's grows and shrinks. What a viewer got more than both together
is the zero. The first of a run are its zero block; a zero that wanders makes offsets doubtful.
"""

from collections import deque
from statistics import median

BLOCK = 5
_KEPT = 1_000
_WAITING = 16
_TOLD = 3
"""Of so many readings of the way the middle one counts: one in ten is a grain of sound off."""


class ZeroBlock:
    """Fed what was received, what the source reported, what the way added, all in ms, while one avatar is followed."""

    def __init__(self) -> None:
        self.zero_ms: float | None = None
        """Of the block; None before it is whole."""
        self.began_s: float | None = None
        """When the block was whole."""
        self.most_moved_ms = 0.0
        """How far the zero was from that of its block at most."""
        self.differences: deque[float] = deque(maxlen=_KEPT)
        """Received less source and way, of every avatar so far."""
        self._source_ms: float | None = None
        self._way: tuple[float, float] | None = None
        self._by_reports = False
        self._told: deque[tuple[float, float]] = deque(maxlen=_TOLD)
        # What came since the way was told last: its own is between that and the next.
        self._waiting: deque[tuple[float, float]] = deque(maxlen=_WAITING)
        self._last: deque[float] = deque(maxlen=BLOCK)

    def begin(self) -> None:
        """Another avatar is followed: its sound has a jitter buffer of its own. What was found stays."""
        self._source_ms = self._way = None
        self._told.clear()
        self._forget()

    def source(self, offset_ms: float) -> None:
        """The worker reported its own offset."""
        self._source_ms = offset_ms

    def way(self, at_s: float, offset_ms: float, *, by_reports: bool = True) -> None:
        """How much longer a picture was under way than sound, by WebRTC's statistics of that moment.

        Not `by_reports`: its stay in the receiver's buffer against sound's, for as long as the sender's reports don't
        tell the whole; some servers' never do.
        """
        if not self._told or by_reports != self._by_reports:
            # Until now it, or what the buffers leave of it, was in the zero.
            self.differences.clear()
            self._told.clear()
            self._way = None
            self._forget()
        self._by_reports = by_reports
        self._told.append((at_s, offset_ms))
        if len(self._told) < _TOLD:
            return
        middle_s, middle_ms = self._told[_TOLD // 2][0], median(told_ms for _, told_ms in self._told)
        before_s, before_ms = self._way or (middle_s, middle_ms)
        self._way = (middle_s, middle_ms)
        while self._waiting and self._waiting[0][0] <= middle_s:
            received_s, more_ms = self._waiting.popleft()
            share = max(0.0, (received_s - before_s) / (middle_s - before_s)) if middle_s > before_s else 1.0
            self._differ(received_s, more_ms - before_ms - share * (middle_ms - before_ms))

    def received(self, at_s: float, offset_ms: float) -> None:
        """A flash and its beep were received."""
        if self._source_ms is None:
            return
        if self._told:
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
        self._last.clear()
        self._waiting.clear()
        self.zero_ms = self.began_s = None
