"""What is known of one segment: its name, and the one record its output keeps of it.

A segment is what is captured between two flushes (PROTOCOLS R2). No I/O, no tasks; the owner decides.
"""

import asyncio
import enum
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class SegmentRef:
    """Names a segment on one of its ways: `generation` tells apart the outputs, or turns, it was given to.

    An event is believed only where both match, so a late or duplicate one never touches another segment (B3).
    """

    id: str
    generation: int = 0


class SegmentState(enum.Enum):
    """Where a segment is; it only ever moves down this list."""

    CAPTURING = "capturing"
    """Frames of it are still being captured."""
    FLUSHED = "flushed"
    """Captured in full, not yet played to its end."""
    FINISHED = "finished"
    """Answered by its one PlaybackFinished."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A segment as its output saw it at one moment.

    `ref` is its name; `generation` the turn it is on and `sink` the label of the output that turn went to.
    Seconds: `pushed_s` captured, `position_s` known to be heard, `lost_s` given to an output that was then replaced
    and never heard.
    """

    ref: SegmentRef
    generation: int
    sink: str
    pushed_s: float
    position_s: float
    lost_s: float
    started: bool
    state: SegmentState
    interrupted: bool

    @property
    def id(self) -> str:
        """The id that stays the same on every way."""
        return self.ref.id


@dataclass(slots=True)
class SegmentRecord:
    """The one mutable record of a segment, touched by the output that keeps it alone; others get `snapshot()`."""

    ref: SegmentRef
    sink: str
    generation: int = 0
    pushed_s: float = 0.0
    position_s: float = 0.0
    lost_s: float = 0.0
    started_at: float | None = None
    state: SegmentState = SegmentState.CAPTURING
    interrupted: bool = False
    done: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def finished(self) -> bool:
        """Whether it has had its PlaybackFinished."""
        return self.state is SegmentState.FINISHED

    def estimate_s(self, now_s: float) -> float:
        """Seconds heard by now where nobody tells: as last reported; else the time since its start; else none (P9)."""
        if self.position_s > 0 or self.started_at is None:
            return self.position_s
        return min(self.pushed_s, max(0.0, now_s - self.started_at))

    def snapshot(self) -> Segment:
        """What is known now, as a value."""
        return Segment(
            ref=self.ref,
            generation=self.generation,
            sink=self.sink,
            pushed_s=self.pushed_s,
            position_s=self.position_s,
            lost_s=self.lost_s,
            started=self.started_at is not None,
            state=self.state,
            interrupted=self.interrupted,
        )
