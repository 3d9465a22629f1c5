"""Speech from any file PyAV reads. Decoding runs in a thread, a bounded piece at a time."""

import asyncio
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer
from av.error import FFmpegError

from avatar_core.media.frames import AudioFrame, Samples
from avatar_core.media.resampler import Resampler
from avatar_core.media.source import SourceError

_PIECE_S = 0.5
"""Sound decoded by one visit to the thread."""


class FileSource:
    """The first audio stream of a file, in its own rate (unless another is asked for) and mono (unless told otherwise).

    The file is opened when reading begins. Raises SourceError where it is missing, holds no sound, or breaks off.
    """

    def __init__(
        self, path: Path, *, name: str | None = None, sample_rate_hz: int | None = None, channels: int = 1
    ) -> None:
        self.path = path
        self.name = name or path.stem
        self.duration_s: float | None = None
        """Known once reading has begun, if the file tells it."""
        self._sample_rate_hz = sample_rate_hz
        self._channels = channels
        self._closed = False

    async def __aiter__(self) -> AsyncIterator[AudioFrame]:
        """Frames of about half a second. One reader at a time; a second reading starts anew."""
        decoder = await asyncio.to_thread(_Decoder, self.path, self._sample_rate_hz, self._channels)
        self.duration_s = decoder.duration_s
        start = 0
        try:
            while not self._closed and len(samples := await asyncio.to_thread(decoder.read)):
                yield AudioFrame(samples, decoder.sample_rate_hz, pts_s=start / decoder.sample_rate_hz)
                start += len(samples)
        finally:
            decoder.close()

    async def aclose(self) -> None:
        """End the reading; the reader lets go of the file."""
        self._closed = True


class _Decoder:
    """Blocking, so `read` runs in a thread; `close` waits for a read that a cancelled reader left behind."""

    def __init__(self, path: Path, sample_rate_hz: int | None, channels: int) -> None:
        self._path = path
        try:
            self._container: InputContainer = av.open(str(path), mode="r")
        except (OSError, FFmpegError) as error:
            raise SourceError(
                f"{path} cannot be opened as sound: {error}. Choose a WAV, FLAC, MP3 or Ogg file."
            ) from error
        if not self._container.streams.audio:
            self._container.close()
            raise SourceError(f"{path} holds no sound. Choose a file with an audio stream.")
        stream = self._container.streams.audio[0]
        self.sample_rate_hz = sample_rate_hz or stream.rate
        self.duration_s = float(stream.duration * stream.time_base) if stream.duration and stream.time_base else None
        self._frames = self._container.decode(stream)
        # Widening to 16 bits is PyAV's; rate and channels are ours, with exact lengths.
        self._unpacker = av.AudioResampler(format="s16")
        self._resampler = Resampler(self.sample_rate_hz, channels)
        self._ended = False
        self._lock = threading.Lock()

    def read(self) -> Samples:
        """The next half second or less; empty at the end."""
        parts: list[Samples] = []
        wanted = round(_PIECE_S * self.sample_rate_hz)
        with self._lock:
            while wanted > 0 and not self._ended:
                parts.append(self._step())
                wanted -= len(parts[-1])
        return np.concatenate(parts) if parts else np.zeros((0, self._resampler.channels), dtype=np.int16)

    def close(self) -> None:
        """Let go of the file; reading on gives nothing."""
        with self._lock:
            self._ended = True
            self._container.close()

    def _step(self) -> Samples:
        try:
            frame = next(self._frames, None)
        except FFmpegError as error:
            raise SourceError(f"{self._path} breaks off: {error}. Try another file.") from error
        if frame is None:
            self._ended = True
            return self._resampler.flush()
        channels = len(frame.layout.channels)
        unpacked = [
            self._resampler.push(
                AudioFrame(piece.to_ndarray().reshape(-1, channels).astype(np.int16, copy=False), piece.sample_rate)
            )
            for piece in self._unpacker.resample(frame)
        ]
        return np.concatenate(unpacked) if unpacked else np.zeros((0, self._resampler.channels), dtype=np.int16)
