"""A stand-in for VideoSDK's meetings: the same surface over a LiveKit room, with their data channels' measured habits.

Sound and pictures go through real WebRTC between processes; whoever speaks VideoSDK's wire in that room, as our worker
does, takes part. Not in it: VideoSDK's own jitter buffers, quality layers, and what its cloud does.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from typing import Any, Final, TypeAlias

from avatar_core.clock import Clock
from avatar_core.errors import BenchError, RoomError
from avatar_core.media.frames import AudioFrame, VideoFrame
from avatar_core.room.connection import RoomConnection
from avatar_core.room.values import ConnectionState, Participant, ParticipantLeft, Publication, StateChanged, TrackKind
from avatar_core.tasks import TaskGroup, spawn
from avatar_core.videosdk.meeting import MeetingListener
from avatar_core.videosdk.relay.channels import UnorderedChannel, handed_over, size_of
from avatar_core.videosdk.relay.media import frames_of, publish_pictures, publish_sound
from avatar_core.videosdk.relay.stand_in_members import (
    StandInParticipant,
    StandInStream,
    StandInTrack,
    StandInTrackEnded,
)
from avatar_core.videosdk.relay.surface import LiveMeeting, MediaTrack
from avatar_core.videosdk.relay.tracks import timed_pictures, timed_sound
from avatar_core.videosdk.room_meeting import RoomMeeting
from avatar_core.wire.relay import MeetingPlace
from avatar_core.wire.videosdk import Reliability

_log = logging.getLogger(__name__)

_CHANNELS: Final[tuple[Reliability, ...]] = ("RELIABLE", "UNRELIABLE")
Deliver: TypeAlias = Callable[[bytes | str], Awaitable[None]]


class StandInMeeting:
    """VideoSDK's Meeting: `place.url` is the room's server, `place.token` one of LiveKit's."""

    def __init__(self, place: MeetingPlace, clock: Clock) -> None:
        self.id = place.meeting_id
        self._participants: dict[str, StandInParticipant] = {}
        self._place = place
        self._clock = clock
        self._listeners: list[MeetingListener] = []
        self._tasks = TaskGroup(on_failure=self._on_failure)
        self._published: dict[TrackKind, asyncio.Task[None]] = {}
        self._connection = RoomConnection(clock=clock)
        self._way = (StandInTrackEnded, self._connection, lambda _: None, clock)
        self._data = RoomMeeting(self._connection)
        self._data.add_event_listener(self)
        self._outgoing = {name: self._channel(name, self._sender(name)) for name in _CHANNELS}
        self._incoming: dict[tuple[str, Reliability], UnorderedChannel] = {}
        self._leaving = False
        events = self._connection.events
        events.participant_connected.connect(self._on_came)
        events.participant_disconnected.connect(self._on_left)
        events.track_subscribed.connect(self._on_track)
        events.track_unsubscribed.connect(self._on_track_ended)
        events.state_changed.connect(self._on_state)

    @property
    def participants(self) -> Mapping[str, StandInParticipant]:
        """The others."""
        return self._participants

    async def async_join(self) -> None:
        """Join; the events tell how it went."""
        try:
            await self._connection.connect(self._place.url, self._place.token)
        except BenchError as failure:
            self._tell("error", str(failure))
            return
        for participant in self._connection.participants.values():
            self._on_came(participant)
        self._tell("meeting-joined", {"participants": list(self._participants), "messages": []})

    def leave(self) -> None:
        """Begin to leave."""
        if not self._leaving:
            self._leaving = True
            self._leave_task = spawn(self._leave(), name="leave a stand-in meeting")

    async def send(self, payload: bytes | str, options: dict[str, str] | None = None) -> bool:
        """To everybody; raises as the SDK does."""
        size_of(payload)
        if self._connection.state is not ConnectionState.CONNECTED:
            raise ConnectionError("Cannot send message, Network is not available.")
        channel: Reliability = "UNRELIABLE" if (options or {}).get("reliability") == "UNRELIABLE" else "RELIABLE"
        await self._outgoing[channel].send(payload)
        return True

    def add_event_listener(self, event_listener: MeetingListener) -> None:
        """Tell `event_listener` from now on."""
        self._listeners.append(event_listener)

    def remove_event_listener(self, event_listener: MeetingListener) -> None:
        """No more; ValueError for one that is not there."""
        self._listeners.remove(event_listener)

    def add_custom_audio_track(self, track: MediaTrack) -> None:
        """Publish it until it ends."""
        self._publish(TrackKind.AUDIO, publish_sound(track, *self._way))

    def add_custom_video_track(self, track: MediaTrack) -> None:
        """Publish it until it ends."""
        self._publish(TrackKind.VIDEO, publish_pictures(track, *self._way))

    def disable_mic(self) -> None:
        """Take the sound back."""
        self._take_back(TrackKind.AUDIO)

    def disable_webcam(self) -> None:
        """Take the pictures back."""
        self._take_back(TrackKind.VIDEO)

    def handle_event(self, action: str, data: Mapping[str, Any]) -> None:
        """A message of the room: it comes out as VideoSDK's SDK hands it over."""
        if action != "data":
            return
        key = (data["from"], data["reliability"])
        if key not in self._incoming:
            self._incoming[key] = self._channel(key[1], self._hearer(*key))
        self._incoming[key].begin(data["payload"], size_of(data["payload"]))

    def _channel(self, name: Reliability, deliver: Deliver) -> UnorderedChannel:
        return UnorderedChannel(name, deliver, self._place, self._tasks)

    def _sender(self, channel: Reliability) -> Deliver:
        async def send(payload: bytes | str) -> None:
            try:
                await self._data.send(payload, {"reliability": channel})
            except RoomError as failure:
                _log.info("a message of a stand-in meeting is lost: %s", failure)

        return send

    def _hearer(self, sender: str, channel: Reliability) -> Deliver:
        async def hear(payload: bytes | str) -> None:
            self._tell(
                "data", {"payload": handed_over(payload), "from": sender, "timestamp": 0, "reliability": channel}
            )

        return hear

    def _publish(self, kind: TrackKind, sending: Coroutine[Any, Any, None]) -> None:
        self._take_back(kind)
        self._published[kind] = self._tasks.spawn(sending, name=f"stand-in {kind.value}")

    def _take_back(self, kind: TrackKind) -> None:
        published = self._published.pop(kind, None)
        if published is not None:
            published.cancel()

    async def _leave(self) -> None:
        await self._tasks.aclose()
        self._data.close()
        await self._connection.aclose()
        self._tell("meeting-left", {})
        self._listeners.clear()

    def _on_came(self, participant: Participant) -> None:
        if participant.identity in self._participants:
            return
        came = self._participants[participant.identity] = StandInParticipant(participant)
        self._tell("participant-joined", came)
        for publication in participant.publications:
            if publication.subscribed:
                self._on_track(publication)

    def _on_left(self, left: ParticipantLeft) -> None:
        gone = self._participants.pop(left.participant.identity, None)
        if gone is not None:
            self._tell("participant-left", gone)
            gone.forget_listeners()

    def _on_track(self, publication: Publication) -> None:
        owner = self._participants.get(publication.owner)
        if owner is None or publication.sid in owner.streams:
            return
        if publication.kind is TrackKind.AUDIO:
            frames: AsyncIterator[Any] = timed_sound(frames_of(self._connection.read_audio(publication.sid)))
        else:
            frames = timed_pictures(frames_of(self._connection.read_video(publication.sid)), self._clock)
        stream = StandInStream(publication.sid, StandInTrack(publication.kind.value, frames))
        owner.streams[stream.id] = stream
        owner.tell("stream-enabled", stream)

    def _on_track_ended(self, publication: Publication) -> None:
        owner = self._participants.get(publication.owner)
        stream = owner.streams.pop(publication.sid, None) if owner is not None else None
        if owner is not None and stream is not None:
            owner.tell("stream-disabled", stream)

    def _on_state(self, change: StateChanged) -> None:
        if change.current is ConnectionState.LOST and not self._leaving:
            self._tell("meeting-left", {})

    def _on_failure(self, name: str, failure: BaseException) -> None:
        _log.warning("%s failed: %s", name, failure)

    def _tell(self, action: str, data: Any) -> None:
        for listener in tuple(self._listeners):
            listener.handle_event(action, data)


class StandInSdk:
    """Makes meetings of the stand-in, and tracks for them."""

    track_ended: type[Exception] = StandInTrackEnded
    complaint = ""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def meeting(self, place: MeetingPlace) -> LiveMeeting:
        """A meeting to join."""
        return StandInMeeting(place, self._clock)

    def audio_track(self, frames: AsyncIterator[AudioFrame]) -> MediaTrack:
        """Frames of 10 ms as a track to publish."""
        return StandInTrack("audio", timed_sound(frames))

    def video_track(self, pictures: AsyncIterator[VideoFrame]) -> MediaTrack:
        """Pictures as a track to publish."""
        return StandInTrack("video", timed_pictures(pictures, self._clock))
