"""The contract between a worker and what draws its face: AvatarOptions and VideoGenerator, by LiveKit's names."""

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import TypeAlias

from avatar_core.errors import ConfigError
from avatar_core.media.frames import AudioFrame, AudioSegmentEnd, VideoFrame

GeneratedItem: TypeAlias = VideoFrame | AudioFrame | AudioSegmentEnd


@dataclass(frozen=True, slots=True)
class AvatarOptions:
    """The shape of what an avatar publishes. Raises ConfigError outside the bounds that the bench can measure."""

    video_width: int = 1280
    video_height: int = 720
    video_fps: float = 30.0
    audio_sample_rate: int = 24000
    audio_channels: int = 1

    def __post_init__(self) -> None:
        self._check("video_width", self.video_width, 320, 3840, "px")
        self._check("video_height", self.video_height, 180, 2160, "px")
        self._check("video_fps", self.video_fps, 5, 120, "frames a second")
        self._check("audio_sample_rate", self.audio_sample_rate, 8000, 96000, "Hz")
        self._check("audio_channels", self.audio_channels, 1, 2, "channels")
        if self.video_width % 2 or self.video_height % 2:
            raise ConfigError(
                f"avatar video of {self.video_width}x{self.video_height} px cannot be encoded: use even sizes"
            )

    @staticmethod
    def _check(name: str, value: float, low: int, high: int, unit: str) -> None:
        if not low <= value <= high:
            raise ConfigError(f"{name} is {value:g} {unit}; choose {low} to {high}")


class VideoGenerator(ABC):
    """Speech in; pictures, the same speech, and the ends of its segments out, in order (PROTOCOLS 1.7).

    What every generator keeps:
    - What is yielded has the options' size, frame rate, sample rate and channels, whatever was pushed.
    - Each pushed sample comes out once, in order; each AudioSegmentEnd once, after its segment's media.
    - Pictures and sound of the same moment are adjacent, the picture first, and carry one media timeline in `pts_s`.
    - Between segments idle pictures come at the frame rate, without sound.
    - Back-pressure is the pacing: speech is yielded as fast as it is taken.
    - `clear_buffer` begins a new generation. Nothing of an older one is yielded after it, and what a consumer still
      holds is told by `item.generation != generator.generation`.
    """

    @property
    @abstractmethod
    def generation(self) -> int:
        """How many times the buffer was cleared."""

    @property
    @abstractmethod
    def buffered_s(self) -> float:
        """Seconds of speech pushed and not yet yielded."""

    @abstractmethod
    async def push_audio(self, frame: AudioFrame | AudioSegmentEnd) -> None:
        """Append speech or its end. Waits while the input is full; what a clear overtakes while waiting is dropped."""

    @abstractmethod
    def clear_buffer(self) -> None:
        """Forget all speech and segment ends that were not yielded, at once."""

    @abstractmethod
    def __aiter__(self) -> AsyncIterator[GeneratedItem]:
        """Yield until closed. One consumer."""

    @abstractmethod
    async def aclose(self) -> None:
        """End the iteration and release waiting pushes. Harmless twice."""
