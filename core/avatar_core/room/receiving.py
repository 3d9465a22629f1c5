"""Frames of a remote track: a bounded queue between the SDK and whoever reads, newest first to stay, drops counted."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from livekit import rtc

from avatar_core.clock import Clock
from avatar_core.media.frames import AudioFrame, PixelFormat, VideoFrame
from avatar_core.room import sdk
from avatar_core.room.closing import CloseOnce
from avatar_core.tasks import cancel_and_wait, spawn

F = TypeVar("F", bound=AudioFrame | VideoFrame)

_SDK_FORMATS = {"i420": rtc.VideoBufferType.I420, "rgba": rtc.VideoBufferType.RGBA}


@dataclass(frozen=True)
class Received(Generic[F]):
    """One frame and when it reached this process, in seconds of the shared monotonic clock."""

    frame: F
    received_s: float


class FrameReader(Generic[F]):
    """The frames of one remote track, as an async iterator for one reader; it ends with the track or with `aclose`.

    At most `capacity` frames wait; when one more comes, the oldest is dropped and counted in `dropped`.
    """

    def __init__(
        self,
        track_sid: str,
        stream: rtc.AudioStream | rtc.VideoStream,
        convert: Callable[[Any], F],
        *,
        capacity: int,
        clock: Clock,
    ) -> None:
        self.track_sid = track_sid
        self.received = 0
        self.dropped = 0
        self._deepest = self._told_dropped = 0
        self._stream = stream
        self._convert = convert
        self._capacity = capacity
        self._clock = clock
        self._frames: deque[Received[F]] = deque()
        self._ended = False
        self._wake = asyncio.Event()
        self._pump = spawn(self._fill(), name=f"read track {track_sid}")
        self._close_once = CloseOnce(self._close, name=f"close reader of track {track_sid}")

    def __aiter__(self) -> AsyncIterator[Received[F]]:
        return self

    async def __anext__(self) -> Received[F]:
        while not self._frames:
            if self._ended:
                raise StopAsyncIteration
            self._wake.clear()
            await self._wake.wait()
        return self._frames.popleft()

    def take_backlog(self) -> tuple[int, int]:
        """The most frames that waited, and how many were dropped, since this was asked last."""
        taken = self._deepest, self.dropped - self._told_dropped
        self._deepest, self._told_dropped = len(self._frames), self.dropped
        return taken

    async def aclose(self) -> None:
        """Stop reading and free the native stream; what is queued can still be read. Harmless twice."""
        await self._close_once()

    async def __aenter__(self) -> "FrameReader[F]":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def _fill(self) -> None:
        try:
            async for event in self._stream:
                self._put(Received(self._convert(event), self._clock.now()))
        finally:
            self._end()

    def _put(self, item: Received[F]) -> None:
        self.received += 1
        if len(self._frames) >= self._capacity:
            self._frames.popleft()
            self.dropped += 1
        self._frames.append(item)
        self._deepest = max(self._deepest, len(self._frames))
        self._wake.set()

    def _end(self) -> None:
        self._ended = True
        self._wake.set()

    async def _close(self) -> None:
        # The SDK does not wake the reader of a video stream that ended, so the pump is cancelled, not awaited.
        await cancel_and_wait(self._pump)
        await self._stream.aclose()
        self._end()


def read_audio(
    track_sid: str, track: rtc.RemoteTrack, *, sample_rate_hz: int, num_channels: int, capacity: int, clock: Clock
) -> FrameReader[AudioFrame]:
    """Read a remote audio track, resampled by the SDK; its frames are 10 ms long."""
    _check_capacity(capacity)
    stream = rtc.AudioStream.from_track(track=track, sample_rate=sample_rate_hz, num_channels=num_channels)

    def convert(event: rtc.AudioFrameEvent) -> AudioFrame:
        return sdk.to_audio_frame(event.frame)

    return FrameReader(track_sid, stream, convert, capacity=capacity, clock=clock)


def read_video(
    track_sid: str, track: rtc.RemoteTrack, *, pixel_format: PixelFormat, capacity: int, clock: Clock
) -> FrameReader[VideoFrame]:
    """Read a remote video track; `pts_s` of its frames is the SDK's time stamp of the decoded picture."""
    _check_capacity(capacity)
    stream = rtc.VideoStream.from_track(track=track, format=_SDK_FORMATS[pixel_format])

    def convert(event: rtc.VideoFrameEvent) -> VideoFrame:
        return sdk.to_video_frame(event.frame, event.timestamp_us / 1_000_000)

    return FrameReader(track_sid, stream, convert, capacity=capacity, clock=clock)


def _check_capacity(capacity: int) -> None:
    if capacity < 1:
        raise ValueError("a reader must hold at least one frame")
