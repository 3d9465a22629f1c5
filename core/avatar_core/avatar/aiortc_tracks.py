"""aiortc tracks as outputs of a synchronizer: sound with timestamps of its rate, pictures with 90 kHz."""

import asyncio
from collections import deque
from fractions import Fraction

import av
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack

from avatar_core.avatar.frame_slots import FrameSlots
from avatar_core.avatar.sound_release import QUEUE_S
from avatar_core.clock import Clock, MonotonicClock
from avatar_core.media.av_frames import to_av_audio, to_av_video
from avatar_core.media.frames import AudioFrame, VideoFrame
from avatar_core.media.mixing import padded
from avatar_core.media.pcm_buffer import PcmBuffer
from avatar_core.playback.pacing import FramePacer

_VIDEO_CLOCK_HZ = 90_000
_FRAME_S = 0.02
_PICTURES_WAIT = 3


class SynchronizedAudioTrack(MediaStreamTrack):
    """An AudioSink (`capture`, `clear_queue`) that a peer connection pulls 20 ms frames from; silence where none is.

    Timestamps count samples from 0. It holds no more than a synchronizer gives ahead of time: while nobody pulls, the
    oldest is dropped, so that what plays afterwards is of now.
    """

    kind = "audio"

    def __init__(self, sample_rate_hz: int, channels: int, clock: Clock | None = None) -> None:
        super().__init__()
        self._sample_rate_hz = sample_rate_hz
        self._frame_samples = round(_FRAME_S * sample_rate_hz)
        capacity = round((QUEUE_S + _FRAME_S) * sample_rate_hz)
        self._buffer = PcmBuffer(capacity, channels=channels, overflow="drop_oldest")
        self._pacer = FramePacer(sample_rate_hz, self._frame_samples, clock or MonotonicClock())

    async def capture(self, frame: AudioFrame) -> None:
        """Queue sound of the track's rate and channels."""
        self._buffer.push(frame.samples)

    def clear_queue(self) -> None:
        """Drop what was not pulled."""
        self._buffer.clear()

    async def recv(self) -> av.AudioFrame:
        """The next 20 ms when they are due; MediaStreamError once the track was stopped."""
        if self.readyState != "live":
            raise MediaStreamError
        await self._pacer.wait()
        samples = self._buffer.pop(min(self._frame_samples, len(self._buffer)))
        assert samples is not None
        frame = to_av_audio(AudioFrame(padded(samples, self._frame_samples), self._sample_rate_hz))
        frame.pts = self._pacer.stamp()
        frame.time_base = Fraction(1, self._sample_rate_hz)
        return frame


class SynchronizedVideoTrack(MediaStreamTrack):
    """A VideoSink (`capture`) that a peer connection pulls its pictures from, each once.

    Timestamps count slots of `fps` exactly (PROTOCOLS A3), skipping those in which nothing was captured. Whoever pulls
    too slowly misses the oldest, counted in `dropped`.
    """

    kind = "video"

    def __init__(self, fps: float, clock: Clock | None = None) -> None:
        super().__init__()
        self.dropped = 0
        self._fps = FrameSlots(fps).fps
        self._clock = clock or MonotonicClock()
        self._pictures: deque[tuple[int, VideoFrame]] = deque()
        self._came = asyncio.Event()
        self._first_s: float | None = None
        self._slot = -1

    def capture(self, frame: VideoFrame) -> None:
        """Offer a picture."""
        now_s = self._clock.now()
        self._first_s = now_s if self._first_s is None else self._first_s
        self._slot = max(self._slot + 1, round((now_s - self._first_s) * self._fps))
        self._pictures.append((self._slot, frame))
        if len(self._pictures) > _PICTURES_WAIT:
            self._pictures.popleft()
            self.dropped += 1
        self._came.set()

    async def recv(self) -> av.VideoFrame:
        """The next picture, once there is one; MediaStreamError once the track was stopped, also while it waits."""
        while self.readyState == "live" and not self._pictures:
            self._came.clear()
            await self._came.wait()
        if self.readyState != "live":
            raise MediaStreamError
        slot, picture = self._pictures.popleft()
        frame = to_av_video(picture)
        frame.pts = round(slot * _VIDEO_CLOCK_HZ / self._fps)
        frame.time_base = Fraction(1, _VIDEO_CLOCK_HZ)
        return frame

    def stop(self) -> None:
        """End the track; harmless twice."""
        super().stop()
        self._came.set()
