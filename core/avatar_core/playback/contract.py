"""The AudioOutput contract (PROTOCOLS R1-R14, LiveKit's names): what every link of the agent's output chain does.

The contract and its events only. Who keeps segments is in `segmented`, who passes them on in `wrapper`.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass

from avatar_core.media.frames import AudioFrame
from avatar_core.playback.segment import Segment, SegmentRef
from avatar_core.signal import Signal


@dataclass(frozen=True, slots=True)
class PlaybackStartedEvent:
    """The first sound of a segment was heard at `created_at` (seconds of CLOCK_MONOTONIC)."""

    created_at: float
    segment: Segment


@dataclass(frozen=True, slots=True)
class PlaybackProgressedEvent:
    """`duration` seconds of a segment, from `offset` on, were heard from `started_at` on. Final, never revised (R6)."""

    started_at: float
    offset: float
    duration: float
    segment: Segment


@dataclass(frozen=True, slots=True)
class PlaybackFinishedEvent:
    """The one answer to a segment (R4): seconds heard, and whether the rest of it was cut.

    `segment` is None in the one case of `wait_for_playout` on an output that never had a segment.
    """

    playback_position: float
    interrupted: bool
    segment: Segment | None = None
    synchronized_transcript: str | None = None


@dataclass(frozen=True, slots=True)
class OutputCapabilities:
    """What an output can do by itself: stop and go on (`pause`); report what was really heard (`exact_position`).

    Speech can be carried to another output, or paused by recalling it, only where the position is exact.
    """

    pause: bool = False
    exact_position: bool = False


class AudioOutput(ABC):
    """One link of the chain. Frames and flushes keep their order; `clear_buffer` alone overtakes.

    Every segment opened here is answered by exactly one `playback_finished`. Callers serialise `capture_frame`.
    `flush`, `clear_buffer`, `pause`, `resume`, `on_attached` and `on_detached` do not block.
    """

    def __init__(self, *, label: str, next_in_chain: "AudioOutput | None" = None) -> None:
        self.label = label
        self.segment_opened = Signal[Segment](f"{label}.segment_opened")
        self.playback_started = Signal[PlaybackStartedEvent](f"{label}.playback_started")
        self.playback_progressed = Signal[PlaybackProgressedEvent](f"{label}.playback_progressed")
        self.playback_finished = Signal[PlaybackFinishedEvent](f"{label}.playback_finished")
        self._next_in_chain = next_in_chain

    @property
    def next_in_chain(self) -> "AudioOutput | None":
        """The output below this one; None for a leaf (R1)."""
        return self._next_in_chain

    @property
    @abstractmethod
    def sample_rate_hz(self) -> int | None:
        """The rate this output asks for; None where any will do (R1, R13: a wrapper answers for its tail)."""

    @property
    @abstractmethod
    def capabilities(self) -> OutputCapabilities:
        """What this output, and all below it, can do by themselves (R12)."""

    @property
    def can_pause(self) -> bool:
        """Whether `pause` works here, by whatever means."""
        return self.capabilities.pause

    @property
    @abstractmethod
    def pending_segments(self) -> tuple[Segment, ...]:
        """The segments not yet finished, oldest first (R9)."""

    @abstractmethod
    async def capture_frame(self, frame: AudioFrame, *, segment: SegmentRef | None = None) -> None:
        """Take the next frame of speech; the first after a flush opens a segment (R2).

        `segment` names that segment; an output names it itself otherwise. Cancelling means: not captured.
        Raises PlaybackError where the output cannot take it.
        """

    @abstractmethod
    def flush(self) -> None:
        """End the segment being captured, in order behind its frames; nothing without frames (R2)."""

    @abstractmethod
    def clear_buffer(self) -> None:
        """Stop at once: all that is pending finishes as interrupted, soon. Does not end the capturing (R3)."""

    @abstractmethod
    async def wait_for_playout(self) -> PlaybackFinishedEvent:
        """Wait until every segment captured so far is finished; returns the answer to the newest one (R8)."""

    @abstractmethod
    def pause(self) -> None:
        """Hold the speech; raises PlaybackError where `can_pause` is False (R12)."""

    @abstractmethod
    def resume(self) -> None:
        """Go on where `pause` stopped (R12)."""

    @abstractmethod
    def on_attached(self) -> None:
        """The chain is in use from now on (R12)."""

    @abstractmethod
    def on_detached(self) -> None:
        """The chain is out of use (R12)."""

    @abstractmethod
    async def aclose(self) -> None:
        """End its tasks and finish what is pending as interrupted; harmless twice."""

    def chain(self) -> "Iterator[AudioOutput]":
        """This output and all below it, head first."""
        link: AudioOutput | None = self
        while link is not None:
            yield link
            link = link.next_in_chain

    def __repr__(self) -> str:
        return f"{type(self).__name__}(label={self.label!r}, next={self.next_in_chain!r})"
