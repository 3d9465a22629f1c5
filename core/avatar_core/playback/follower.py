"""The base of wrappers that act in step with what is heard: where in each pending segment that is."""

from avatar_core.clock import Clock, MonotonicClock
from avatar_core.playback.contract import (
    AudioOutput,
    PlaybackFinishedEvent,
    PlaybackProgressedEvent,
    PlaybackStartedEvent,
)
from avatar_core.playback.heard_position import HeardPosition
from avatar_core.playback.segment import Segment, SegmentRef
from avatar_core.playback.wrapper import AudioOutputWrapper


class PlaybackFollower(AudioOutputWrapper):
    """A wrapper that knows how far each segment is heard, as far as starts, progress and pauses tell.

    `_positions` has one entry per pending segment, oldest first; `_capturing` is the one opened last.
    """

    def __init__(self, next_in_chain: AudioOutput, *, label: str, clock: Clock | None = None) -> None:
        super().__init__(next_in_chain, label=label, clock=clock)
        self._clock = clock or MonotonicClock()
        self._positions: dict[SegmentRef, HeardPosition] = {}
        self._capturing: SegmentRef | None = None

    def pause(self) -> None:
        """What is heard stands still from here."""
        super().pause()
        for position in self._positions.values():
            position.hold(self._clock.now())

    def resume(self) -> None:
        """What had begun goes on from here."""
        super().resume()
        for position in self._positions.values():
            position.go_on(self._clock.now())

    def on_segment_opened(self, segment: Segment) -> None:
        """It is followed from now on."""
        self._capturing = segment.ref
        self._positions[segment.ref] = HeardPosition()
        super().on_segment_opened(segment)

    def on_playback_started(self, event: PlaybackStartedEvent) -> None:
        """It is heard from here on."""
        self._place(event.segment.ref, 0.0, event.created_at)
        super().on_playback_started(event)

    def on_playback_progressed(self, event: PlaybackProgressedEvent) -> None:
        """The exact place of a stretch."""
        self._place(event.segment.ref, event.offset + event.duration, event.started_at + event.duration)
        super().on_playback_progressed(event)

    def on_playback_finished(self, event: PlaybackFinishedEvent) -> None:
        """It is followed no longer."""
        if event.segment is not None:
            self._positions.pop(event.segment.ref, None)
        super().on_playback_finished(event)

    def _place(self, ref: SegmentRef, heard_s: float, at_s: float) -> None:
        if (position := self._positions.get(ref)) is not None:
            position.place(heard_s, at_s)
