"""Tracks that this participant publishes: a native source each, its encoding, and what can be done while it is up."""

import asyncio
from typing import Generic, TypeVar

from livekit import rtc
from livekit.rtc.participant import PublishTrackError, UnpublishTrackError

from avatar_core.errors import RoomError
from avatar_core.media.frames import AudioFrame, VideoFrame
from avatar_core.room import sdk
from avatar_core.room.closing import CloseOnce
from avatar_core.room.failures import not_allowed_error
from avatar_core.room.link import RoomLink
from avatar_core.room.options import AudioPublishOptions, VideoPublishOptions
from avatar_core.room.values import TrackSource

S = TypeVar("S", bound=rtc.AudioSource | rtc.VideoSource)


class PublishedTrack(Generic[S]):
    """What audio and video have in common. The connection that published a track closes it at the latest."""

    def __init__(
        self,
        link: RoomLink,
        track: rtc.LocalAudioTrack | rtc.LocalVideoTrack,
        publication: rtc.LocalTrackPublication,
        native_source: S,
    ) -> None:
        self.name = track.name
        self._link = link
        self._track = track
        self._publication = publication
        self._native_source = native_source
        self._close_once = CloseOnce(self._close, name=f"close track {self.name}")

    @property
    def closed(self) -> bool:
        """Whether the track was taken back."""
        return self._close_once.started

    @property
    def sid(self) -> str:
        """The track's id of this moment: a full reconnect publishes it again under another."""
        return self._publication.sid

    @property
    def muted(self) -> bool:
        """Whether the track is muted."""
        return self._track.muted

    def mute(self) -> None:
        """Stop sending, keep the publication; the others are told."""
        self._require_open()
        self._track.mute()

    def unmute(self) -> None:
        """Send again; the others are told."""
        self._require_open()
        self._track.unmute()

    async def wait_for_subscription(self, *, timeout_s: float) -> None:
        """Return once anybody has subscribed to the track; RoomError after `timeout_s`, RoomLost when the room goes."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._link.run(self._publication.wait_for_subscription(), name=f"subscription to {self.name}")
        except TimeoutError:
            raise RoomError(f"Nobody subscribed to track {self.name!r} within {timeout_s:g} s.") from None

    async def aclose(self) -> None:
        """Unpublish and free the native source; harmless twice, and when the room is gone."""
        await self._close_once()

    async def _close(self) -> None:
        try:
            if self._link.usable:
                call = self._link.room.local_participant.unpublish_track(self.sid)
                await self._link.run(call, name=f"unpublish {self.name}")
        except UnpublishTrackError as failure:
            raise RoomError(f"Could not unpublish track {self.name!r}: {failure.message}") from None
        except RoomError:
            if self._link.usable:
                raise
            # Otherwise the room went meanwhile, and the publication with it.
        finally:
            await self._native_source.aclose()

    def _require_open(self) -> None:
        if self.closed:
            raise RuntimeError(f"track {self.name!r} is closed")


class PublishedAudio(PublishedTrack[rtc.AudioSource]):
    """A published audio track, fed with frames of one rate and channel count; the SDK's native queue paces them."""

    @property
    def queued_s(self) -> float:
        """Seconds of sound captured and not yet sent."""
        return self._native_source.queued_duration

    async def capture(self, frame: AudioFrame) -> None:
        """Queue `frame`; waits while the native queue is full. ValueError for another rate or channel count."""
        self._require_open()
        source = self._native_source
        if (frame.sample_rate_hz, frame.num_channels) != (source.sample_rate, source.num_channels):
            raise ValueError(
                f"track {self.name!r} takes {source.sample_rate} Hz with {source.num_channels} channel(s), "
                f"not {frame.sample_rate_hz} Hz with {frame.num_channels}"
            )
        await source.capture_frame(sdk.from_audio_frame(frame))

    def clear_queue(self) -> None:
        """Drop what is captured and not yet sent."""
        self._require_open()
        self._native_source.clear_queue()

    async def wait_for_playout(self) -> None:
        """Return once everything captured so far is sent, or dropped by `clear_queue`."""
        await self._native_source.wait_for_playout()


class PublishedVideo(PublishedTrack[rtc.VideoSource]):
    """A published video track; a frame is encoded when it is captured, pacing is the caller's."""

    def capture(self, frame: VideoFrame) -> None:
        """Encode and send `frame`, stamped with now."""
        self._require_open()
        self._native_source.capture_frame(sdk.from_video_frame(frame))


async def publish_audio(link: RoomLink, name: str, source: TrackSource, options: AudioPublishOptions) -> PublishedAudio:
    """Publish a new audio track; RoomError when it is not allowed or fails, with nothing left behind."""
    _require_grant(link, name, source)
    native = rtc.AudioSource(options.sample_rate_hz, options.num_channels, options.queue_ms)
    track = rtc.LocalAudioTrack.create_audio_track(name, native)
    publication = await _publish(link, track, sdk.to_audio_publish_options(options, source), native)
    return PublishedAudio(link, track, publication, native)


async def publish_video(link: RoomLink, name: str, source: TrackSource, options: VideoPublishOptions) -> PublishedVideo:
    """Publish a new video track; RoomError when it is not allowed or fails, with nothing left behind."""
    _require_grant(link, name, source)
    native = rtc.VideoSource(options.width_px, options.height_px, is_screencast=source is TrackSource.SCREEN_SHARE)
    # Before its first picture a source sends black ones of its own, which viewers would take for the track's. This one
    # ends that, and nobody sees it: there is no track yet.
    native.capture_frame(sdk.black_video_frame(options.width_px, options.height_px))
    track = rtc.LocalVideoTrack.create_video_track(name, native)
    publication = await _publish(link, track, sdk.to_video_publish_options(options, source), native)
    return PublishedVideo(link, track, publication, native)


def _require_grant(link: RoomLink, name: str, source: TrackSource) -> None:
    if not link.grants.may_publish(source.value):
        raise not_allowed_error(f"publish {name!r} as {source.value}", "canPublish", "canPublishSources")


async def _publish(
    link: RoomLink,
    track: rtc.LocalAudioTrack | rtc.LocalVideoTrack,
    options: rtc.TrackPublishOptions,
    native: rtc.AudioSource | rtc.VideoSource,
) -> rtc.LocalTrackPublication:
    published = False
    try:
        publication = await link.run(
            link.room.local_participant.publish_track(track, options), name=f"publish {track.name}"
        )
        published = True
        return publication
    except PublishTrackError as failure:
        raise RoomError(f"Could not publish track {track.name!r}: {failure.message}.") from None
    finally:
        if not published:
            await native.aclose()
