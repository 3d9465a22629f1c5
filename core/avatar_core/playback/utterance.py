"""What a paced track knows of one utterance, and what it tells about it."""

from dataclasses import dataclass


@dataclass(slots=True)
class Utterance:
    """An utterance under way. Figures are samples per channel at the track's rate."""

    pushed: int = 0
    taken: int = 0
    complete: bool = False

    @property
    def left(self) -> int:
        """Samples that wait in the track's buffer."""
        return self.pushed - self.taken

    @property
    def drained(self) -> bool:
        """All of it went out and no more will come."""
        return self.complete and not self.left


@dataclass(frozen=True, slots=True)
class UtteranceFinished:
    """The end of one utterance: seconds heard (to one frame), seconds pushed, and whether it was cut short."""

    played_s: float
    pushed_s: float
    interrupted: bool


@dataclass(frozen=True, slots=True)
class TrackSnapshot:
    """A paced track at one moment. Seconds are of sound since the track was made, but for `buffered_s`."""

    speaking: bool
    paused: bool
    accepting: bool
    utterances: int
    """Not finished yet."""
    buffered_s: float
    pushed_s: float
    """Taken in, after conversion."""
    played_s: float
    """Handed out as speech."""
    dropped_s: float
    """Refused: intake closed, or no room."""
    cleared_s: float
    """Taken in and thrown away by interrupts."""
    frames: int
    stalls: int
