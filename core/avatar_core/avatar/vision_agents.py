"""Vision-Agents' AVSynchronizer (seed 001, pull request 466): its surface and PyAV's frames, over our synchronizer."""

import av
import numpy as np
from aiortc.mediastreams import MediaStreamError

from avatar_core.avatar import synchronizer
from avatar_core.avatar.aiortc_tracks import SynchronizedAudioTrack, SynchronizedVideoTrack
from avatar_core.avatar.generator import AvatarOptions
from avatar_core.avatar.synchronizer_options import TRACK_LATENCY_S, SynchronizerOptions
from avatar_core.avatar.timing import Timing
from avatar_core.clock import Clock, MonotonicClock
from avatar_core.media.av_frames import from_av_audio, from_av_video
from avatar_core.media.frames import AudioFrame, VideoFrame
from avatar_core.media.resampler import Resampler

_MAX_BYTES = 256 * 1024 * 1024
_BLUE = (41, 240, 110)


class AVSynchronizer:
    """Sound and pictures written at the same moment belong together; they leave by `audio_track` and `video_track`.

    Unlike the original, overdue pictures are skipped (PROTOCOLS A2), the delay is that of the track that plays (A7),
    nothing is dropped while either side has room (A1, A8: `write_*` waits instead, with `max_queue_size` pictures or as
    many seconds of sound), and nothing old is let out after a flush (A5). Made inside a running loop.
    """

    def __init__(
        self,
        width: int = 1920,
        height: int = 1080,
        fps: int = 30,
        max_queue_size: int = 300,
        sample_rate: int = 48000,
        channels: int = 2,
        *,
        clock: Clock | None = None,
    ) -> None:
        # As the original does: an odd size loses its last row or column.
        width, height = width // 2 * 2, height // 2 * 2
        options = AvatarOptions(width, height, fps, sample_rate, channels)
        ahead_s = max(0.1, max_queue_size / fps)
        clock = clock or MonotonicClock()
        self._audio_track = SynchronizedAudioTrack(sample_rate, channels, clock)
        self._video_track = SynchronizedVideoTrack(fps, clock)
        self._resampler = Resampler(sample_rate, channels)
        self._size = width, height
        self._blue = _plain(width, height)
        self._closed = False
        self._shows = False
        self._sync = synchronizer.AVSynchronizer(
            self._audio_track,
            self._video_track,
            options,
            clock,
            behaviour=SynchronizerOptions(
                timing=Timing.ARRIVAL,
                ahead_s=ahead_s,
                max_sound_s=max(30.0, ahead_s),
                max_bytes=_MAX_BYTES,
                wait_for_picture_s=0.0,
                output_latency_s=TRACK_LATENCY_S,
            ),
        )
        self._sync.start()

    @property
    def video_track(self) -> SynchronizedVideoTrack:
        """To be published."""
        return self._video_track

    @property
    def audio_track(self) -> SynchronizedAudioTrack:
        """To be published."""
        return self._audio_track

    @property
    def buffered(self) -> float:
        """Seconds of sound written and not played."""
        return self._sync.buffered.sound_s

    async def write_video(self, frame: av.VideoFrame) -> None:
        """A picture for the end of the sound written so far; ignored once closed (A1)."""
        if not self._closed:
            self._shows = True
            await self._sync.write_video(from_av_video(frame, *self._size))

    async def write_audio(self, pcm: av.AudioFrame) -> None:
        """Sound of any rate and layout; MediaStreamError once closed (A4). A blue picture comes before any (A2)."""
        if self._closed:
            raise MediaStreamError
        if not self._shows:
            self._shows = True
            await self._sync.write_video(self._blue)
        frame = from_av_audio(pcm)
        samples = self._resampler.push(frame)
        if len(samples):
            await self._sync.write_audio(AudioFrame(samples, self._resampler.sample_rate_hz))

    async def flush(self) -> None:
        """Void what is queued, of both kinds; the last picture stays."""
        self._resampler.reset()
        self._sync.flush()

    async def close(self) -> None:
        """End both tracks; harmless twice."""
        self._closed = True
        await self._sync.aclose()
        self._audio_track.stop()
        self._video_track.stop()


def _plain(width: int, height: int) -> VideoFrame:
    luma, chroma = width * height, width * height // 4
    return VideoFrame(np.repeat(np.array(_BLUE, dtype=np.uint8), (luma, chroma, chroma)), width, height, 0.0)
