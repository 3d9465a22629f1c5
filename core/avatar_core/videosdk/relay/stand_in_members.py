"""Who takes part in a stand-in meeting, by VideoSDK's surface: participants, their streams and tracks."""

from collections.abc import AsyncIterator
from typing import Any

from avatar_core.room.values import Participant
from avatar_core.videosdk.meeting import MeetingListener
from avatar_core.videosdk.relay.surface import MediaStream


class StandInTrackEnded(Exception):
    """The stand-in's MediaStreamError."""


class StandInTrack:
    """A track of frames; VideoSDK's MediaStreamTrack."""

    def __init__(self, kind: str, frames: AsyncIterator[Any]) -> None:
        self.kind = kind
        self._frames = frames

    async def recv(self) -> Any:
        """The next frame; StandInTrackEnded behind the last one."""
        try:
            return await anext(self._frames)
        except StopAsyncIteration:
            raise StandInTrackEnded from None


class StandInStream:
    """VideoSDK's Stream."""

    def __init__(self, sid: str, track: StandInTrack) -> None:
        self.id = sid
        self.kind = track.kind
        self.track = track


class StandInParticipant:
    """VideoSDK's Participant; its attributes of the room are its `meta_data`."""

    def __init__(self, participant: Participant) -> None:
        self.id = participant.identity
        self.display_name = participant.name
        self.meta_data = dict(participant.attributes)
        self.streams: dict[str, MediaStream] = {}
        self._listeners: list[MeetingListener] = []

    def add_event_listener(self, event_handler: MeetingListener) -> None:
        """Tell of its streams from now on."""
        self._listeners.append(event_handler)

    def remove_event_listener(self, event_handler: MeetingListener) -> None:
        """No more; ValueError for one that is not there."""
        self._listeners.remove(event_handler)

    def tell(self, action: str, stream: MediaStream) -> None:
        """To all listeners."""
        for listener in tuple(self._listeners):
            listener.handle_event(action, stream)

    def forget_listeners(self) -> None:
        """As VideoSDK does where a participant leaves."""
        self._listeners.clear()
