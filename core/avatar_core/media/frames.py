"""The values that travel: AudioFrame, VideoFrame and AudioSegmentEnd. Immutable, no conversions."""

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.int16]
Pixels = npt.NDArray[np.uint8]
PixelFormat = Literal["i420", "rgba"]


@dataclass(frozen=True, slots=True, eq=False)
class AudioFrame:
    """Interleaved 16-bit PCM of one moment.

    `samples` has the shape [samples per channel, channels] and is made read-only, so a frame may be shared between
    queues and threads. A one-dimensional array is taken as mono. `pts_s` is the time of the first sample on its
    producer's media timeline, None where the producer has none. `generation` counts the clears of the generator
    that made the frame (0 elsewhere).
    """

    samples: Samples
    sample_rate_hz: int
    pts_s: float | None = None
    generation: int = 0

    def __post_init__(self) -> None:
        samples = self.samples
        if samples.dtype != np.int16:
            raise ValueError(f"audio samples must be int16, not {samples.dtype}")
        if samples.ndim == 1:
            samples = samples[:, np.newaxis]
        if samples.ndim != 2 or samples.shape[1] < 1:
            raise ValueError(f"audio samples must have the shape [samples, channels], not {self.samples.shape}")
        if self.sample_rate_hz <= 0:
            raise ValueError(f"sample rate must be positive, not {self.sample_rate_hz} Hz")
        # A view of its own: the flag of the producer's array stays as it was.
        samples = np.ascontiguousarray(samples)[:]
        samples.flags.writeable = False
        object.__setattr__(self, "samples", samples)

    @classmethod
    def from_bytes(
        cls, pcm: bytes | bytearray | memoryview, sample_rate_hz: int, channels: int, *, pts_s: float | None = None
    ) -> "AudioFrame":
        """A frame over interleaved s16le bytes; ValueError when they are no whole number of samples."""
        if len(pcm) % (2 * channels):
            raise ValueError(f"{len(pcm)} bytes are no whole number of {channels}-channel 16-bit samples")
        return cls(np.frombuffer(pcm, dtype="<i2").reshape(-1, channels), sample_rate_hz, pts_s)

    @property
    def samples_per_channel(self) -> int:
        """Samples per channel."""
        return int(self.samples.shape[0])

    @property
    def num_channels(self) -> int:
        """Interleaved channels."""
        return int(self.samples.shape[1])

    @property
    def duration_s(self) -> float:
        """Seconds of sound."""
        return self.samples_per_channel / self.sample_rate_hz

    def to_bytes(self) -> bytes:
        """Interleaved s16le."""
        return self.samples.astype("<i2", copy=False).tobytes()


@dataclass(frozen=True, slots=True, eq=False)
class VideoFrame:
    """One picture: I420 (three planes, one behind the other, no padding) or RGBA.

    `data` is a flat uint8 array, made read-only. I420 asks for even width and height. `pts_s` is the start of the
    picture's time on its producer's media timeline; `generation` as in AudioFrame.
    """

    data: Pixels
    width: int
    height: int
    pts_s: float
    format: PixelFormat = "i420"
    generation: int = 0

    def __post_init__(self) -> None:
        if self.width <= 0 or self.height <= 0:
            raise ValueError(f"a picture of {self.width}x{self.height} px is empty")
        if self.format == "i420" and (self.width % 2 or self.height % 2):
            raise ValueError(f"I420 needs even sizes, not {self.width}x{self.height} px")
        size = self.width * self.height * 4 if self.format == "rgba" else self.width * self.height * 3 // 2
        if self.data.dtype != np.uint8 or self.data.size != size:
            got = f"{self.data.size} of {self.data.dtype}"
            raise ValueError(f"{self.width}x{self.height} {self.format} needs {size} bytes, not {got}")
        data = np.ascontiguousarray(self.data).reshape(-1)[:]
        data.flags.writeable = False
        object.__setattr__(self, "data", data)

    @property
    def luma(self) -> Pixels:
        """The Y plane [height, width] of an I420 picture; ValueError for RGBA."""
        if self.format != "i420":
            raise ValueError("an RGBA picture has no luma plane; convert it to I420 first")
        return self.data[: self.width * self.height].reshape(self.height, self.width)


@dataclass(frozen=True, slots=True)
class AudioSegmentEnd:
    """The end of one utterance, in order with its frames. `segment_id` is None where the wire has none."""

    segment_id: str | None = None
    generation: int = field(default=0, compare=False)
