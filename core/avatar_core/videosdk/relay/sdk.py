"""VideoSDK's own SDK as the relay uses it; in the relay's environment alone, since it wants a PyAV older than ours."""

import importlib
import logging
from collections.abc import AsyncIterator
from typing import Any, Final

from avatar_core.clock import Clock
from avatar_core.errors import ConfigError
from avatar_core.media.frames import AudioFrame, VideoFrame
from avatar_core.videosdk.relay.surface import LiveMeeting, MediaTrack
from avatar_core.videosdk.relay.tracks import timed_pictures, timed_sound
from avatar_core.wire.relay import MeetingPlace

_SECRET: Final = "(token)"


class VideoSdk:
    """The installed package `videosdk`; ConfigError where there is none."""

    def __init__(self, clock: Clock) -> None:
        try:
            self._videosdk: Any = importlib.import_module("videosdk")
            streams: Any = importlib.import_module("vsaiortc.mediastreams")
        except ImportError as failure:
            raise ConfigError(
                f"This Python has no VideoSDK ({failure}). Make the environment by: avatar-testbench videosdk"
            ) from failure
        self.track_ended: type[Exception] = streams.MediaStreamError
        self._clock = clock
        self._complaints = _Complaints()
        logging.getLogger("videosdk").addHandler(self._complaints)

    @property
    def complaint(self) -> str:
        """The SDK logs why it failed, and raises nothing."""
        return self._complaints.last

    def meeting(self, place: MeetingPlace) -> LiveMeeting:
        """As a participant with neither microphone nor camera of its own; ConfigError for what is no meeting."""
        self._complaints.secret = place.token
        # Left out where it is empty: the SDK takes whatever stands here, None too, for a host.
        where = {"signaling_base_url": place.url} if place.url else {}
        try:
            meeting: LiveMeeting = self._videosdk.VideoSDK.init_meeting(
                meeting_id=place.meeting_id,
                token=place.token,
                participant_id=place.participant_id,
                name=place.participant_id,
                mic_enabled=False,
                webcam_enabled=False,
                auto_consume=True,
                **where,
            )
        except self._videosdk.SDKError as failure:
            raise ConfigError(f"VideoSDK takes no such meeting: {failure}") from failure
        return meeting

    def audio_track(self, frames: AsyncIterator[AudioFrame]) -> MediaTrack:
        """A CustomAudioTrack of the SDK's."""
        return self._track(self._videosdk.CustomAudioTrack, timed_sound(frames))

    def video_track(self, pictures: AsyncIterator[VideoFrame]) -> MediaTrack:
        """A CustomVideoTrack of the SDK's."""
        return self._track(self._videosdk.CustomVideoTrack, timed_pictures(pictures, self._clock))

    def _track(self, base: Any, frames: AsyncIterator[Any]) -> MediaTrack:
        ended = self.track_ended

        class Track(base):  # type: ignore[misc]
            """The base class is known once the SDK was imported."""

            async def recv(self) -> Any:
                try:
                    return await anext(frames)
                except StopAsyncIteration:
                    self.stop()
                    raise ended from None

        track: MediaTrack = Track()
        return track


class _Complaints(logging.Handler):
    """The last error that the SDK has logged, without the token."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.last = ""
        self.secret = ""

    def emit(self, record: logging.LogRecord) -> None:
        said = record.getMessage()
        self.last = said.replace(self.secret, _SECRET) if self.secret else said
