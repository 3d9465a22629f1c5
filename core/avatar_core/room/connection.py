"""A participant's connection to a room: the one object through which everything else reaches LiveKit."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from livekit import rtc
from livekit.rtc.participant import PublishDataError

from avatar_core.clock import Clock, MonotonicClock
from avatar_core.errors import RoomError
from avatar_core.media.frames import AudioFrame, PixelFormat, VideoFrame
from avatar_core.room import publishing, receiving, sdk
from avatar_core.room.closing import CloseOnce
from avatar_core.room.data_streams import DataStreams
from avatar_core.room.events import RoomEvents
from avatar_core.room.failures import not_allowed_error
from avatar_core.room.link import RoomLink
from avatar_core.room.options import AudioPublishOptions, ConnectOptions, VideoPublishOptions
from avatar_core.room.publishing import PublishedAudio, PublishedVideo
from avatar_core.room.receiving import FrameReader
from avatar_core.room.rpc import RpcEndpoint
from avatar_core.room.values import (
    ConnectionState,
    DataPacket,
    Participant,
    Publication,
    StateChanged,
    TrackKind,
    TrackSource,
)
from avatar_core.room.waiting import wait_for
from avatar_core.room.wire_record import WireRecord
from avatar_core.tasks import TaskGroup
from avatar_core.tokens import VideoGrants

T = TypeVar("T")


class RoomConnection:
    """Joins one room once, as one participant; made inside a running loop, left by `aclose`.

    `events` has the facts, `rpc` the remote procedure calls, `streams` the byte and text streams, `wire` the record of
    all that goes over these. Handlers, readers and published tracks belong to the connection and end with it
    (PROTOCOLS B1, B2, B12). Every call raises RoomLost once the room went away, RoomError while it is not joined.
    """

    def __init__(self, *, clock: Clock | None = None) -> None:
        self._clock = clock or MonotonicClock()
        self._link = RoomLink(rtc.Room(), on_joined=self._on_joined)
        self._tasks = TaskGroup()
        self._readers: list[FrameReader[AudioFrame] | FrameReader[VideoFrame]] = []
        self._published: list[PublishedAudio | PublishedVideo] = []
        self._left: set[str] = set()
        self._close_once = CloseOnce(self._close, name="room connection close")
        self.events = RoomEvents(self._link)
        self.wire = WireRecord(self._clock)
        self.rpc = RpcEndpoint(self._link, self.wire)
        self.streams = DataStreams(self._link, self.wire)
        self.events.data_received.connect(self._on_packet)
        self.events.track_unsubscribed.connect(self._on_track_ended)
        self.events.track_unpublished.connect(self._on_track_ended)
        self.events.state_changed.connect(self._on_state_changed)
        self.events.participant_connected.connect(lambda came: self._left.discard(came.identity))
        self.events.participant_disconnected.connect(lambda left: self._left.add(left.participant.identity))

    async def __aenter__(self) -> "RoomConnection":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    @property
    def state(self) -> ConnectionState:
        """Where the connection stands; `events.state_changed` tells of each change."""
        return self._link.state

    @property
    def room_name(self) -> str:
        """The room's name, empty before the join."""
        return self._link.room.name

    @property
    def local(self) -> Participant:
        """Oneself."""
        self._link.require_connected()
        return sdk.to_participant(self._link.room.local_participant)

    @property
    def participants(self) -> Mapping[str, Participant]:
        """The others, by identity, as they are now."""
        return {
            identity: sdk.to_participant(participant)
            for identity, participant in self._link.room.remote_participants.items()
        }

    def participant(self, identity: str) -> Participant | None:
        """The other of that identity as it is now, None where there is none."""
        participant = self._link.room.remote_participants.get(identity)
        return sdk.to_participant(participant) if participant is not None else None

    def has_left(self, identity: str) -> bool:
        """Whether it was here and is gone.

        Not the opposite of being among `participants`: of who publishes nothing LiveKit's server tells others once
        in three seconds, so speech and calls may come from somebody the room has not told of.
        """
        return identity in self._left

    @property
    def grants(self) -> VideoGrants:
        """What the server allows us in this room."""
        return self._link.grants

    async def connect(self, url: str, token: str, options: ConnectOptions | None = None) -> None:
        """Join the room that `token` names at `url`.

        Raises RoomConnectError (which url, why, what to try) within the options' time; the connection is then closed.
        """
        await self._link.connect(url, token, options or ConnectOptions())

    async def publish_audio(
        self, name: str, *, source: TrackSource = TrackSource.MICROPHONE, options: AudioPublishOptions | None = None
    ) -> PublishedAudio:
        """Publish a new audio track; RoomError when it is not allowed or fails."""
        track = await publishing.publish_audio(self._link, name, source, options or AudioPublishOptions())
        self._keep(track)
        return track

    async def publish_video(
        self, name: str, options: VideoPublishOptions, *, source: TrackSource = TrackSource.CAMERA
    ) -> PublishedVideo:
        """Publish a new video track; RoomError when it is not allowed or fails."""
        track = await publishing.publish_video(self._link, name, source, options)
        self._keep(track)
        return track

    def set_subscribed(self, track_sid: str, subscribed: bool) -> None:
        """Ask the server for a remote track, or to be spared it; `track_subscribed` and its opposite tell when."""
        self._link.require_connected()
        self._remote_publication(track_sid).set_subscribed(subscribed)

    def read_audio(
        self, track_sid: str, *, sample_rate_hz: int = 48_000, num_channels: int = 1, capacity: int = 100
    ) -> FrameReader[AudioFrame]:
        """Read a subscribed audio track in frames of 10 ms; RoomError when it is not subscribed."""
        reader = receiving.read_audio(
            track_sid,
            self._remote_track(track_sid),
            sample_rate_hz=sample_rate_hz,
            num_channels=num_channels,
            capacity=capacity,
            clock=self._clock,
        )
        self._readers.append(reader)
        return reader

    def read_video(
        self, track_sid: str, *, pixel_format: PixelFormat = "i420", capacity: int = 8
    ) -> FrameReader[VideoFrame]:
        """Read a subscribed video track; RoomError when it is not subscribed."""
        reader = receiving.read_video(
            track_sid, self._remote_track(track_sid), pixel_format=pixel_format, capacity=capacity, clock=self._clock
        )
        self._readers.append(reader)
        return reader

    async def send_data(
        self, payload: bytes, *, topic: str = "", reliable: bool = True, destinations: Sequence[str] = ()
    ) -> None:
        """Send one data packet to `destinations`, or to everybody. RoomError when it is too large or not allowed."""
        self._link.require_data_grant()
        call = self._link.room.local_participant.publish_data(
            payload, reliable=reliable, destination_identities=list(destinations), topic=topic
        )
        outcome = "ok"
        try:
            await self._link.run(call, name="send data")
        except PublishDataError as failure:
            outcome = failure.message
            raise RoomError(f"Could not send {len(payload)} bytes of data: {failure.message}") from None
        finally:
            self.wire.note("sent", "packet", topic, ",".join(destinations), size_bytes=len(payload), outcome=outcome)

    async def update_self(
        self, *, name: str | None = None, metadata: str | None = None, attributes: Mapping[str, str] | None = None
    ) -> None:
        """Ask the server to change one's own name, metadata or attributes (an empty value deletes an attribute).

        `participant_changed` tells when it did. RoomError when the token does not allow it.
        """
        if not self._link.grants.can_update_own_metadata:
            raise not_allowed_error("change the own name, metadata or attributes", "canUpdateOwnMetadata")
        local = self._link.room.local_participant
        if name is not None:
            await self._link.run(local.set_name(name), name="set name")
        if metadata is not None:
            await self._link.run(local.set_metadata(metadata), name="set metadata")
        if attributes is not None:
            await self._link.run(local.set_attributes(dict(attributes)), name="set attributes")

    async def stats(self) -> Mapping[str, list[dict[str, Any]]]:
        """WebRTC's statistics: {"publisher": [...], "subscriber": [...]}, by LiveKit's protobuf field names."""
        return await self._link.run(sdk.session_stats(self._link.room), name="room stats")

    async def track_stats(self, track_sid: str) -> list[dict[str, Any]]:
        """WebRTC's statistics of one subscribed track, by LiveKit's protobuf field names; RoomError when it is gone."""
        return await self._link.run(sdk.track_stats(self._remote_track(track_sid)), name="track stats")

    async def wait_for(self, find: Callable[[], T | None], *, what: str, timeout_s: float) -> T:
        """Return what `find` finds, asking it again at every change in the room; None means not yet.

        May be called before the join. Raises RoomError, naming `what`, after `timeout_s`, and RoomLost or RoomError at
        once when the connection ends.
        """
        return await wait_for(self._link, find, what=what, timeout_s=timeout_s)

    async def wait_for_participant(self, identity: str, *, timeout_s: float = 30.0) -> Participant:
        """The participant of that identity once it is active, so that data and RPC reach it."""

        def find() -> Participant | None:
            participant = self.participant(identity)
            return participant if participant is not None and participant.active else None

        return await self.wait_for(find, what=f"participant {identity!r}", timeout_s=timeout_s)

    async def wait_for_track(
        self, owner: str, kind: TrackKind, *, name: str | None = None, subscribed: bool = True, timeout_s: float = 30.0
    ) -> Publication:
        """The track of `owner` of that kind, and name where one is given, once it is published and subscribed."""

        def find() -> Publication | None:
            participant = self.participant(owner)
            for publication in participant.publications if participant is not None else ():
                if publication.kind is kind and name in (None, publication.name):
                    return publication if publication.subscribed or not subscribed else None
            return None

        return await self.wait_for(find, what=f"{kind.value} track {name or ''} of {owner!r}", timeout_s=timeout_s)

    async def wait_ended(self) -> None:
        """Return once the connection is lost or closed."""
        await asyncio.wait((self._link.ended,))

    async def aclose(self) -> None:
        """Leave the room and free everything; harmless twice, and when the room is gone."""
        await self._close_once()

    def _on_packet(self, packet: DataPacket) -> None:
        self.wire.note("received", "packet", packet.topic, packet.sender, size_bytes=len(packet.payload))

    def _on_joined(self) -> None:
        self.rpc.announce_all()

    def _on_state_changed(self, change: StateChanged) -> None:
        if change.current is ConnectionState.LOST:
            self._close_readers([*self._readers])

    def _on_track_ended(self, publication: Publication) -> None:
        self._close_readers([reader for reader in self._readers if reader.track_sid == publication.sid])

    def _close_readers(self, readers: Sequence[FrameReader[AudioFrame] | FrameReader[VideoFrame]]) -> None:
        for reader in readers:
            self._readers.remove(reader)
            self._tasks.spawn(reader.aclose(), name=f"end of track {reader.track_sid}")

    def _keep(self, track: PublishedAudio | PublishedVideo) -> None:
        self._published = [*(kept for kept in self._published if not kept.closed), track]

    def _remote_publication(self, track_sid: str) -> rtc.RemoteTrackPublication:
        for participant in self._link.room.remote_participants.values():
            if (publication := participant.track_publications.get(track_sid)) is not None:
                return publication
        raise RoomError(f"No participant of room {self.room_name!r} publishes track {track_sid}.")

    def _remote_track(self, track_sid: str) -> rtc.RemoteTrack:
        self._link.require_connected()
        track = self._remote_publication(track_sid).track
        if track is None:
            raise RoomError(f"Track {track_sid} is not subscribed.")
        return track

    async def _close(self) -> None:
        self.rpc.clear()
        await self.streams.aclose()
        await asyncio.gather(*(reader.aclose() for reader in self._readers))
        await self._link.aclose()
        # After the room: then no track has to be unpublished one by one.
        await asyncio.gather(*(track.aclose() for track in self._published))
        await self._tasks.aclose()
