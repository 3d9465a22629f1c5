"""The one muxer: sound and pictures with their times into a file. Blocking; who calls it does so in a thread."""

import contextlib
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.error import FFmpegError
from av.video.stream import VideoStream

from avatar_core.errors import ConfigError
from avatar_core.media.av_frames import to_av_audio, to_av_video
from avatar_core.media.frames import AudioFrame, Samples, VideoFrame
from avatar_core.media.resampler import Resampler

_OPUS_RATE_HZ = 48_000
_VIDEO_TIME_BASE = Fraction(1, 90_000)
_SUFFIXES = {".wav": "wav", ".ogg": "ogg", ".mkv": "matroska"}
# A cluster a second, and each packet given to the system at once: what a killed process leaves can be read.
_LIVE = {"cluster_time_limit": "1000", "flush_packets": "1"}
_MAX_SILENCE_S = 1.0
"""Written at once; a long gap is written piece by piece."""


@dataclass(frozen=True, slots=True)
class AudioTrack:
    """Sound as it comes: frames of any rate are converted to this one; 1 or 2 channels. `lossless`: PCM in any file."""

    sample_rate_hz: int = _OPUS_RATE_HZ
    channels: int = 1
    lossless: bool = False


@dataclass(frozen=True, slots=True)
class VideoTrack:
    """Pictures of one size, at most about `fps` of them a second."""

    width_px: int
    height_px: int
    fps: float = 30.0


class Muxer:
    """Writes .wav (PCM 16 bit), .ogg (Opus) or .mkv (Opus or PCM, and VP8), by the suffix of `path`.

    Times are seconds from the beginning of the file. Sound is one unbroken stream: a gap becomes silence, what
    overlaps with what is written already is left out. Pictures keep their times; one that is not later than the last
    is left out. `left_out_s` and `left_out_pictures` count both. Raises ConfigError where the file can't be written.
    """

    def __init__(self, path: Path, *, audio: AudioTrack | None = None, video: VideoTrack | None = None) -> None:
        container_format = _SUFFIXES.get(path.suffix.lower())
        if container_format is None:
            raise ConfigError(f"{path} can't be recorded to: choose a name that ends in {', '.join(_SUFFIXES)}.")
        if audio is None and video is None:
            raise ValueError("a file needs sound or pictures")
        if video is not None and container_format != "matroska":
            raise ConfigError(f"{path} can't hold pictures: choose a name that ends in .mkv.")
        self.path = path
        self.left_out_s = 0.0
        self.left_out_pictures = 0
        self._closed = False
        self._written = 0
        # Where the sound that was given ends, in samples of the file: more is given than written while converting.
        self._end = Fraction(0)
        self._last_pts = -1
        try:
            # FFmpeg would open it with the first packet, too late to say so.
            self._file = path.open("wb", buffering=0)
        except OSError as error:
            raise ConfigError(f"{path} can't be written: {error.strerror}. Choose another folder.") from error
        live = _LIVE if container_format == "matroska" else {}
        self._container: OutputContainer = av.open(self._file, mode="w", format=container_format, options=live)
        self._audio = (
            None if audio is None else self._add_audio(audio, opus=container_format != "wav" and not audio.lossless)
        )
        self._video = None if video is None else self._add_video(video)

    @property
    def sound_s(self) -> float:
        """Seconds of sound written, silence included."""
        return self._written / self._resampler.sample_rate_hz if self._audio is not None else 0.0

    def write_audio(self, frame: AudioFrame, pts_s: float) -> None:
        """Write sound that begins at `pts_s`. Raises ConfigError where the disk refuses."""
        if self._audio is None or self._closed:
            raise ValueError("the file has no sound, or is closed")
        ahead = round(pts_s * self._resampler.sample_rate_hz) - round(self._end)
        # Times scatter by a sample where they were rounded; a conversion is not broken off for that.
        if ahead > 1:
            self._put(self._resampler.flush())
            self._put_silence(ahead)
            self._end = Fraction(self._written)
        elif ahead < -1:
            frame = self._cut(frame, -ahead)
        self._end += Fraction(frame.samples_per_channel * self._resampler.sample_rate_hz, frame.sample_rate_hz)
        self._put(self._resampler.push(frame))

    def write_video(self, frame: VideoFrame, pts_s: float) -> None:
        """Write a picture that is shown from `pts_s` on. ValueError for another size than the track's."""
        if self._video is None or self._closed:
            raise ValueError("the file has no pictures, or is closed")
        if (frame.width, frame.height) != (self._video.width, self._video.height):
            raise ValueError(f"the file holds pictures of {self._video.width}x{self._video.height} px")
        pts = round(pts_s / _VIDEO_TIME_BASE)
        if pts <= self._last_pts:
            self.left_out_pictures += 1
            return
        self._last_pts = pts
        picture = to_av_video(frame)
        picture.pts, picture.time_base = pts, _VIDEO_TIME_BASE
        self._encode(self._video, picture)

    def close(self) -> None:
        """Write what is held back and finish the file; harmless twice."""
        if self._closed:
            return
        try:
            if self._audio is not None:
                self._put(self._resampler.flush())
            for stream in (self._audio, self._video):
                if stream is not None:
                    self._encode(stream, None)
            self._container.close()
            self._file.close()
        except (OSError, FFmpegError) as error:
            raise self._broken(error) from error
        finally:
            self._closed = True
            # It is let go of also where its last bytes can't be written, which was told above.
            with contextlib.suppress(OSError):
                self._file.close()

    def _add_audio(self, track: AudioTrack, *, opus: bool) -> AudioStream:
        rate_hz = _OPUS_RATE_HZ if opus else track.sample_rate_hz
        layout = "mono" if track.channels == 1 else "stereo"
        # Opus knows 48 kHz alone, so that what comes at any rate is converted before.
        self._resampler = Resampler(rate_hz, track.channels)
        stream: AudioStream = self._container.add_stream("libopus" if opus else "pcm_s16le", rate=rate_hz)
        stream.codec_context.layout = layout
        stream.codec_context.format = "s16"
        return stream

    def _add_video(self, track: VideoTrack) -> VideoStream:
        # The speed of a live encoder: a recording must not be what slows the viewer down.
        options = {"deadline": "realtime", "cpu-used": "8"}
        stream: VideoStream = self._container.add_stream("libvpx", rate=Fraction(track.fps).limit_denominator(1001))
        stream.width, stream.height, stream.pix_fmt = track.width_px, track.height_px, "yuv420p"
        stream.codec_context.time_base = _VIDEO_TIME_BASE
        stream.codec_context.options = options
        stream.bit_rate = round(track.width_px * track.height_px * track.fps * 0.1)
        return stream

    def _cut(self, frame: AudioFrame, overlap: int) -> AudioFrame:
        """`frame` without the first `overlap` samples of the file's rate, which are counted as left out."""
        count = min(frame.samples_per_channel, round(overlap * frame.sample_rate_hz / self._resampler.sample_rate_hz))
        self.left_out_s += count / frame.sample_rate_hz
        return AudioFrame(frame.samples[count:], frame.sample_rate_hz)

    def _put_silence(self, count: int) -> None:
        piece = round(_MAX_SILENCE_S * self._resampler.sample_rate_hz)
        for start in range(0, count, piece):
            self._put(np.zeros((min(piece, count - start), self._resampler.channels), dtype=np.int16))

    def _put(self, samples: Samples) -> None:
        assert self._audio is not None
        if not len(samples):
            return
        packed = to_av_audio(AudioFrame(samples, self._resampler.sample_rate_hz))
        packed.pts, packed.time_base = self._written, Fraction(1, self._resampler.sample_rate_hz)
        self._written += len(samples)
        self._encode(self._audio, packed)

    def _encode(self, stream: AudioStream | VideoStream, frame: av.AudioFrame | av.VideoFrame | None) -> None:
        try:
            for packet in stream.encode(frame):  # type: ignore[arg-type]
                self._container.mux(packet)
        except (OSError, FFmpegError) as error:
            raise self._broken(error) from error

    def _broken(self, error: OSError | FFmpegError) -> ConfigError:
        return ConfigError(f"{self.path} can't be written any further: {error.strerror}. Is the disk full?")
