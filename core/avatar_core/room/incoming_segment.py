"""A segment on its way into a worker, as its receiver keeps it and as it tells others of it. No I/O."""

from dataclasses import dataclass

from avatar_core.wire.livekit import AudioStreamHeader, SegmentName


@dataclass(frozen=True, slots=True)
class IncomingSegment:
    """One segment on its way in: `key` names it here, `segment_id` and `generation` at a sender that named it."""

    key: str
    segment_id: str | None
    generation: int
    received_s: float


@dataclass(frozen=True, slots=True)
class BufferCleared:
    """The controller interrupts: all speech of an older `generation` is void, and `segments` wait for their answer."""

    generation: int
    segments: tuple[IncomingSegment, ...]


@dataclass(slots=True)
class StreamSegment:
    """The segment that one stream carries, begun after `clears` clears. `damaged`: not all that was sent came in."""

    key: str
    header: AudioStreamHeader
    clears: int
    damaged: bool = False
    unreadable: bool = False
    cleared: bool = False
    received_s: float = 0.0

    @property
    def name(self) -> SegmentName | None:
        """What its sender calls it; None where that is not one of ours."""
        segment_id = self.header.segment_id
        return None if segment_id is None else SegmentName(segment_id, self.header.generation)

    def snapshot(self) -> IncomingSegment:
        """What is known now, as a value."""
        return IncomingSegment(self.key, self.header.segment_id, self.header.generation, self.received_s)
