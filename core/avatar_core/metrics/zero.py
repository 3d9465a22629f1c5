"""The zero of an A/V offset: what sender, way and receiver add that nobody tells of. Pure.

A worker of ours reports the offset with which it let each picture go. WebRTC tells how much longer a picture was under
way than sound: both wait in a buffer, and sound's grows and shrinks. What a viewer got more than both together is the
zero. The first of a run are its zero block; a zero that wanders makes offsets doubtful.
"""

from collections import OrderedDict, deque
from dataclasses import dataclass
from statistics import median
from typing import NamedTuple

from avatar_core.metrics.way import Way

BLOCK = 5
_KEPT = 1_000
_WAITING = 64
_PICTURES = 1_024


@dataclass(frozen=True, slots=True)
class Difference:
    """Of one event: when it was received, its A/V offset then and as it left, and what the way added to it; ms."""

    at_s: float
    received_ms: float
    source_ms: float
    way_ms: float

    @property
    def zero_ms(self) -> float:
        """What nobody tells of."""
        return self.received_ms - self.source_ms - self.way_ms


class _Received(NamedTuple):
    """`source_ms` is what the worker had reported by then: of pictures before this one, perhaps."""

    at_s: float
    offset_ms: float
    source_ms: float
    picture: int | None


class ZeroBlock:
    """Fed what was received, what the source reported, what the way added, all in ms, while one avatar is followed."""

    def __init__(self, way: Way) -> None:
        self.zero_ms: float | None = None
        """Of the block; None before it is whole."""
        self.began_s: float | None = None
        """When the block was whole."""
        self.most_moved_ms = 0.0
        """How far the zero was from that of its block at most."""
        self.differences: deque[Difference] = deque(maxlen=_KEPT)
        """Of this avatar."""
        self._way = way
        self._source_ms: float | None = None
        self._left_ms: OrderedDict[int, float] = OrderedDict()
        # What came while it is not settled what the way added.
        self._waiting: deque[_Received] = deque(maxlen=_WAITING)
        self._last: deque[float] = deque(maxlen=BLOCK)

    def begin(self) -> None:
        """Another avatar is followed; how far the zero moved stays."""
        self._source_ms = None
        self._left_ms.clear()
        self._forget()

    def left(self, offset_ms: float, picture: int) -> None:
        """The worker reported with which offset it let the picture of that number go."""
        self._source_ms = self._left_ms[picture] = offset_ms
        if len(self._left_ms) > _PICTURES:
            self._left_ms.popitem(last=False)

    def way_told(self, at_s: float, buffers_ms: float, reported_ms: float | None) -> None:
        """A reading of the way, as `Way.told` takes it."""
        if self._way.told(at_s, buffers_ms, reported_ms):
            # Until now it, or what another account leaves of it, was in the zero.
            self._forget()
        while self._waiting and self._way.settled(self._waiting[0].at_s):
            received = self._waiting.popleft()
            self._differ(received, self._way.offset_ms(received.at_s) or 0.0)

    def received(self, at_s: float, offset_ms: float, picture: int | None = None) -> None:
        """A flash and its beep were received, the flash in the picture of that number, where that could be read."""
        if self._source_ms is None:
            return
        received = _Received(at_s, offset_ms, self._source_ms, picture)
        if self._way.is_told:
            self._waiting.append(received)
        else:
            self._differ(received, 0.0)

    def _differ(self, received: _Received, way_ms: float) -> None:
        # By now the report of that very picture has come, if it was not lost.
        source_ms = received.source_ms
        if received.picture is not None:
            source_ms = self._left_ms.get(received.picture, source_ms)
        found = Difference(received.at_s, received.offset_ms, source_ms, way_ms)
        self.differences.append(found)
        self._last.append(found.zero_ms)
        if len(self._last) < BLOCK:
            return
        now_ms = median(self._last)
        if self.zero_ms is None:
            self.zero_ms, self.began_s = now_ms, received.at_s
        self.most_moved_ms = max(self.most_moved_ms, abs(now_ms - self.zero_ms))

    def _forget(self) -> None:
        self.differences.clear()
        self._last.clear()
        self._waiting.clear()
        self.zero_ms = self.began_s = None
