"""Reading a recording of sound and pictures with the times they have in it. Blocking; any file that PyAV reads."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
from av.audio.resampler import AudioResampler
from av.container import InputContainer
from av.error import FFmpegError

from avatar_core.errors import ConfigError
from avatar_core.media.frames import Pixels


@dataclass(frozen=True, slots=True, eq=False)
class RecordedSound:
    """Mono samples [n] at the reader's rate, heard from `at_s` on."""

    samples: npt.NDArray[np.int16]
    at_s: float


@dataclass(frozen=True, slots=True, eq=False)
class RecordedPicture:
    """Luma [height, width] of a picture, shown from `at_s` on."""

    luma: Pixels
    at_s: float


class RecordingReader:
    """The first sound and the first picture track of a file, in the order in which they lie there.

    Times are seconds of the file. Raises ConfigError where it is missing, is no recording, or breaks off before its
    first second. A file that was cut off, as by a killed process, is read as far as it goes: `torn` says so.
    """

    def __init__(self, path: Path, *, sample_rate_hz: int) -> None:
        self.path = path
        self.torn = False
        self._rate = sample_rate_hz
        try:
            self._container: InputContainer = av.open(str(path), mode="r")
        except (OSError, FFmpegError) as error:
            reason = error.strerror or str(error)
            raise ConfigError(
                f"{path} can't be read as a recording: {reason}. Choose an .mkv, .mp4 or .wav."
            ) from error
        self._tracks = [*self._container.streams.audio[:1], *self._container.streams.video[:1]]
        if not self._tracks:
            self.close()
            raise ConfigError(f"{path} holds neither sound nor pictures. Choose an .mkv, .mp4 or .wav.")
        self.has_sound = bool(self._container.streams.audio)
        self.has_pictures = bool(self._container.streams.video)

    @property
    def duration_s(self) -> float | None:
        """Its length, where the file tells it; one that was cut off does not."""
        return self._container.duration / av.time_base if self._container.duration else None

    def read(self) -> Iterator[RecordedSound | RecordedPicture]:
        """Everything, once."""
        resampler = AudioResampler(format="s16", layout="mono", rate=self._rate)
        try:
            for frame in self._container.decode(*self._tracks):
                if isinstance(frame, av.VideoFrame):
                    yield RecordedPicture(_luma(frame), _time_s(frame))
                elif isinstance(frame, av.AudioFrame):
                    for piece in resampler.resample(frame):
                        samples = piece.to_ndarray().reshape(-1).astype(np.int16, copy=False)
                        yield RecordedSound(samples, _time_s(piece))
        except FFmpegError:
            self.torn = True

    def close(self) -> None:
        """Let go of the file; harmless twice."""
        self._container.close()


def _time_s(frame: av.VideoFrame | av.AudioFrame) -> float:
    return float(frame.pts * frame.time_base) if frame.pts is not None and frame.time_base else 0.0


def _luma(frame: av.VideoFrame) -> Pixels:
    picture = frame if frame.format.name in ("yuv420p", "gray") else frame.reformat(format="gray")
    plane = picture.planes[0]
    rows = np.frombuffer(memoryview(plane), np.uint8).reshape(plane.height, plane.line_size)
    return rows[:, : frame.width]
