"""What the relay asks of VideoSDK's SDK (0.4.1), by VideoSDK's names; the stand-in has the same.

Events come as `handle_event(action, data)` of a listener: those of a meeting in MEETING_EVENTS, those of a participant
in PARTICIPANT_EVENTS.
"""

from collections.abc import AsyncIterator, Mapping
from typing import Any, Final, Protocol

from avatar_core.media.frames import AudioFrame, VideoFrame
from avatar_core.videosdk.meeting import Meeting
from avatar_core.wire.relay import MeetingPlace

CAME: Final = ("participant-joined", "agent-joined")
LEFT: Final = ("participant-left", "agent-left")
MEETING_EVENTS: Final = (*CAME, *LEFT, "meeting-joined", "meeting-left", "error", "data")
PARTICIPANT_EVENTS: Final = ("stream-enabled", "stream-disabled")


class MediaTrack(Protocol):
    """VideoSDK's MediaStreamTrack: frames of PyAV, one at a time."""

    @property
    def kind(self) -> str:
        """`audio`, `video`; of a shared screen `shareAudio`, `share`."""
        ...

    async def recv(self) -> Any:
        """The next frame; raises MeetingSdk's `track_ended` behind the last one."""
        ...


class MediaStream(Protocol):
    """VideoSDK's Stream."""

    @property
    def id(self) -> str:
        """Its name among those of a participant."""
        ...

    @property
    def kind(self) -> str:
        """As of its track."""
        ...

    @property
    def track(self) -> MediaTrack:
        """What it carries."""
        ...


class MeetingParticipant(Protocol):
    """VideoSDK's Participant, another than oneself."""

    @property
    def id(self) -> str:
        """Who it is."""
        ...

    @property
    def display_name(self) -> str:
        """What is shown of it."""
        ...

    @property
    def meta_data(self) -> Any:
        """Its attributes: a dict, or None."""
        ...

    @property
    def streams(self) -> Mapping[str, MediaStream]:
        """What it publishes now."""
        ...

    def add_event_listener(self, event_handler: Any) -> None:
        """Tell of its streams from now on."""
        ...

    def remove_event_listener(self, event_handler: Any) -> None:
        """No more."""
        ...


class LiveMeeting(Meeting, Protocol):
    """VideoSDK's Meeting, not joined yet."""

    @property
    def participants(self) -> Mapping[str, MeetingParticipant]:
        """The others."""
        ...

    async def async_join(self) -> None:
        """Join. It never raises: how it went the events `meeting-joined` and `error` tell."""
        ...

    def leave(self) -> None:
        """Begin to leave; the event `meeting-left` tells when that is done."""
        ...

    def add_custom_audio_track(self, track: Any) -> None:
        """Publish sound, one track at a time."""
        ...

    def add_custom_video_track(self, track: Any) -> None:
        """Publish pictures, one track at a time."""
        ...

    def disable_mic(self) -> None:
        """Take the sound back."""
        ...

    def disable_webcam(self) -> None:
        """Take the pictures back."""
        ...


class MeetingSdk(Protocol):
    """How a meeting, and what is published in it, is made."""

    track_ended: type[Exception]

    @property
    def complaint(self) -> str:
        """What it last said of a failure beside its events, which tell no cause; empty without any."""
        ...

    def meeting(self, place: MeetingPlace) -> LiveMeeting:
        """A meeting to join; ConfigError for a place that is none."""
        ...

    def audio_track(self, frames: AsyncIterator[AudioFrame]) -> MediaTrack:
        """Frames of 10 ms as a track to publish; it ends with them."""
        ...

    def video_track(self, pictures: AsyncIterator[VideoFrame]) -> MediaTrack:
        """Pictures as a track to publish; it ends with them."""
        ...
