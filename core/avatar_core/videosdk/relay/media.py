"""Sound and pictures through the relay: a track of the meeting published in the room, a track of the room pulled by the
meeting's SDK. Each frame goes on as it comes; nothing is paced, repeated, or aligned anew."""

from collections.abc import AsyncIterator, Callable
from typing import Any, Final, TypeAlias, TypeVar

from avatar_core.clock import Clock
from avatar_core.media.av_frames import from_av_audio, from_av_video
from avatar_core.media.frames import AudioFrame, VideoFrame
from avatar_core.room.connection import RoomConnection
from avatar_core.room.options import AudioPublishOptions, VideoPublishOptions, video_bitrate_bps
from avatar_core.room.publishing import PublishedAudio, PublishedVideo
from avatar_core.room.receiving import FrameReader
from avatar_core.room.values import TrackSource
from avatar_core.videosdk.relay.surface import MediaTrack
from avatar_core.wire.livekit import AVATAR_STREAM, TRACK_AUDIO, TRACK_VIDEO

_UNBUFFERED_MS: Final = 0
"""A queue would turn each hiccup, and the difference of two clocks, into delay that stays."""
_PIECE_S: Final = 0.01
"""What a source without a queue takes at a time."""
_FPS: Final = 30.0
"""No track tells its rate; the bitrate hangs on it."""
_MAX_FPS: Final = 60.0
"""So that nobody's rate is cut here."""

F = TypeVar("F", AudioFrame, VideoFrame)

Passed: TypeAlias = Callable[[float], None]
"""Told when each frame came, as soon as it went on; the first one, which has to wait for the publication, is not."""


async def publish_sound(
    track: MediaTrack, track_ended: type[Exception], connection: RoomConnection, passed: Passed, clock: Clock
) -> None:
    """Publish a voice until `track` ends."""
    published: PublishedAudio | None = None
    try:
        while True:
            try:
                frame = from_av_audio(await track.recv())
            except track_ended:
                return
            came_s = clock.now()
            if published is None:
                options = AudioPublishOptions(
                    frame.sample_rate_hz, frame.num_channels, queue_ms=_UNBUFFERED_MS, stream=AVATAR_STREAM
                )
                published = await connection.publish_audio(TRACK_AUDIO, source=TrackSource.MICROPHONE, options=options)
                continue
            step = round(_PIECE_S * frame.sample_rate_hz)
            for start in range(0, frame.samples_per_channel - step + 1, step):
                await published.capture(AudioFrame(frame.samples[start : start + step], frame.sample_rate_hz))
            passed(came_s)
    finally:
        if published is not None:
            await published.aclose()


async def publish_pictures(
    track: MediaTrack, track_ended: type[Exception], connection: RoomConnection, passed: Passed, clock: Clock
) -> None:
    """Publish a face until `track` ends."""
    published: PublishedVideo | None = None
    try:
        while True:
            try:
                received: Any = await track.recv()
            except track_ended:
                return
            came_s = clock.now()
            # I420 needs even sizes; what is odd gets a black line.
            frame = from_av_video(received, received.width // 2 * 2, received.height // 2 * 2)
            if published is None:
                options = VideoPublishOptions(
                    frame.width,
                    frame.height,
                    max_bitrate_bps=video_bitrate_bps(frame.width, frame.height, _FPS),
                    max_fps=_MAX_FPS,
                    stream=AVATAR_STREAM,
                )
                published = await connection.publish_video(TRACK_VIDEO, options)
                continue
            published.capture(frame)
            passed(came_s)
    finally:
        if published is not None:
            await published.aclose()


async def frames_of(reader: FrameReader[F]) -> AsyncIterator[F]:
    """A track of the room for a track of the meeting, until it ends."""
    async for received in reader:
        yield received.frame
