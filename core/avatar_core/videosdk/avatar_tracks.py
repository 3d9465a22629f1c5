"""VideoSDK's avatar tracks and synchronizer (seed 003) under their names, over the paced track and our synchronizer."""

from collections.abc import Generator

import av
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack

from avatar_core.avatar.aiortc_tracks import SynchronizedVideoTrack
from avatar_core.avatar.generator import AvatarOptions
from avatar_core.avatar.synchronizer import AVSynchronizer
from avatar_core.avatar.synchronizer_options import TRACK_LATENCY_S, SynchronizerOptions
from avatar_core.avatar.timing import Timing
from avatar_core.clock import Clock, MonotonicClock
from avatar_core.media.av_frames import from_av_audio, from_av_video, to_timed_av_audio
from avatar_core.media.frames import AudioFrame, AudioSegmentEnd, VideoFrame
from avatar_core.playback.paced_track import PacedTrack
from avatar_core.videosdk.av_conversion import AvConversion

_MAX_BUFFERED_S = 2.0
_NOT_PULLED_S = 0.1


class _Done:
    """What a method returns that was a coroutine once: awaited or not, it has done its work (PROTOCOLS V32)."""

    def __await__(self) -> Generator[None, None, None]:
        yield from ()


class AvatarVoiceTrack(MediaStreamTrack):
    """20 ms frames of what `put_frame` took; silence where there is none (PROTOCOLS V26, V27).

    Unlike the original it converts any rate, channels and format (V30), plays the last part of a frame (V29), and
    where 2 s wait `put_frame` waits instead of dropping the oldest (V28).
    """

    kind = "audio"

    def __init__(self, sample_rate: int, num_channels: int, *, clock: Clock | None = None) -> None:
        super().__init__()
        self._track = PacedTrack(
            label="AvatarVoiceTrack",
            sample_rate_hz=sample_rate,
            channels=num_channels,
            max_buffered_s=_MAX_BUFFERED_S,
            clock=clock,
        )
        self.sample_rate = sample_rate
        self.num_channels = num_channels

    async def put_frame(self, frame: av.AudioFrame) -> None:
        """Take sound; nothing once stopped."""
        if self.readyState == "live":
            await self._track.push(from_av_audio(frame))

    async def capture(self, frame: AudioFrame) -> None:
        """Take sound from a synchronizer, which gives little ahead of time: where more waits, nobody pulls it."""
        if self._track.snapshot().buffered_s > _NOT_PULLED_S:
            self._track.interrupt()
        await self._track.push(frame)

    def clear_queue(self) -> None:
        """Drop what waits."""
        self._track.interrupt()

    async def recv(self) -> av.AudioFrame:
        """The next 20 ms when they are due; MediaStreamError once stopped."""
        if self.readyState != "live":
            raise MediaStreamError
        return to_timed_av_audio(await self._track.recv())

    def stop(self) -> _Done:  # type: ignore[override]
        """End the track, awaited or not."""
        super().stop()
        self._track.interrupt(fade_s=0.0)
        return _Done()


class AvatarVisualTrack(MediaStreamTrack):
    """The pictures that `put_frame` took, at 90 kHz (PROTOCOLS V31): no more than 3 wait, the oldest is dropped."""

    kind = "video"

    def __init__(self, width: int, height: int, fps: float, *, clock: Clock | None = None) -> None:
        super().__init__()
        self.width, self.height, self.fps = width, height, fps
        self._track = SynchronizedVideoTrack(fps, clock)

    async def put_frame(self, frame: av.VideoFrame) -> None:
        """Take a picture; another size is fitted in. Nothing once stopped."""
        if self.readyState == "live":
            self.capture(from_av_video(frame, self.width, self.height))

    def capture(self, frame: VideoFrame) -> None:
        """Take a picture of the track's size from a synchronizer."""
        self._track.capture(frame)

    async def recv(self) -> av.VideoFrame:
        """The next picture, once there is one; MediaStreamError once stopped."""
        return await self._track.recv()

    def stop(self) -> _Done:  # type: ignore[override]
        """End the track, awaited or not, also for whoever waits."""
        super().stop()
        self._track.stop()
        return _Done()


class AvatarSynchronizer:
    """What a renderer yields, in its order, on one clock (PROTOCOLS V33): sound at its own pace, pictures with it."""

    def __init__(
        self,
        audio_track: AvatarVoiceTrack,
        video_track: AvatarVisualTrack,
        video_fps: float,
        *,
        clock: Clock | None = None,
    ) -> None:
        options = AvatarOptions(
            video_track.width, video_track.height, video_fps, audio_track.sample_rate, audio_track.num_channels
        )
        self._conversion = AvConversion(options)
        self._sync = AVSynchronizer(
            audio_track,
            video_track,
            options,
            clock or MonotonicClock(),
            behaviour=SynchronizerOptions(timing=Timing.ORDER, output_latency_s=TRACK_LATENCY_S),
        )
        self._started = False

    @property
    def synchronizer(self) -> AVSynchronizer:
        """The one that does the work, started; inside a running loop."""
        # Not when it is made: the original may be made outside a running loop.
        if not self._started:
            self._started = True
            self._sync.start()
        return self._sync

    async def push(self, frame: av.AudioFrame | av.VideoFrame | AudioSegmentEnd) -> None:
        """Take the next item, once there is room. A picture belongs to the sound behind it."""
        for item in self._conversion.convert(frame, self._sync.generation):
            await self.synchronizer.push(item)

    def flush(self) -> tuple[float, ...]:
        """Void what has not left, as an interrupt asks for; the seconds played of each utterance that had not ended."""
        self._conversion.reset()
        return self._sync.flush()

    async def aclose(self) -> None:
        """Let out no more; the tracks are the caller's. Harmless twice."""
        await self._sync.aclose()
