"""How a synchronizer is to behave: by what it goes, and how much it holds. Values only."""

import enum
from dataclasses import dataclass, field

from avatar_core.avatar.timing import Timing
from avatar_core.errors import ConfigError
from avatar_core.media.frames import VideoFrame

TRACK_LATENCY_S = 0.01
"""The `output_latency_s` of a track that is pulled 20 ms at a time. LiveKit's source lets out 10 ms at a time."""


class Overflow(enum.Enum):
    """What happens to whoever brings more than there is room for."""

    WAIT = "wait"
    """It waits: the pace of what plays becomes the generator's."""
    DROP_OLDEST = "drop_oldest"
    """The oldest is dropped, and counted. For sources that can't be held up."""


@dataclass(frozen=True, slots=True)
class SynchronizerOptions:
    """`timing`: how it is known what belongs together. `overflow`: what happens where there is no room.

    `ahead_s`: seconds of sound, and of pictures, that are held ahead of time; of pictures no more than `max_bytes`.
    While no picture waits, sound may run ahead to `max_sound_s`, so that whoever brings both in one order gets through
    to the pictures. `wait_for_picture_s`: the first sound of an utterance waits that long for its picture where
    pictures are behind; a source that sends none is not waited for again. `output_latency_s`: how long after its turn a
    sample leaves the sound's output, on average. `idle`: what is shown while nothing plays and
    no picture comes; without it the last one stays. Raises ConfigError for what is no bound.
    """

    timing: Timing = Timing.MEDIA_TIME
    overflow: Overflow = Overflow.WAIT
    ahead_s: float = 0.25
    max_sound_s: float = 5.0
    max_bytes: int = 64 * 1024 * 1024
    wait_for_picture_s: float = 4.0
    output_latency_s: float = 0.005
    idle: VideoFrame | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if not 0.05 <= self.ahead_s <= self.max_sound_s or self.max_bytes <= 0 or self.wait_for_picture_s < 0:
            raise ConfigError(
                f"a synchronizer that holds {self.ahead_s:g} s, at most {self.max_sound_s:g} s of sound and "
                f"{self.max_bytes} bytes of pictures, and waits {self.wait_for_picture_s:g} s for one, is impossible"
            )
