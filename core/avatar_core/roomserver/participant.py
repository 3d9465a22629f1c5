"""One participant: what the room knows of it, its tracks, and the glue between its signalling and its media."""

import asyncio
import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING

from livekit.protocol import models, rtc

from avatar_core.clock import wall_time
from avatar_core.roomserver.channel import SignalChannel
from avatar_core.roomserver.connection import ConnectionOwner, MediaConnection
from avatar_core.roomserver.stream_routes import StreamRoutes
from avatar_core.roomserver.track import Downlink, PublishedTrack
from avatar_core.tokens import TokenClaims

if TYPE_CHECKING:
    from avatar_core.roomserver.room import Room

_MAX_CAPABILITIES = 32
_SUBSCRIBED_AFTER_S = 0.1


class Participant:
    """Owned by its room from join to leave. `info` is what others are told; `wanted` what it said of tracks."""

    def __init__(
        self,
        room: "Room",
        claims: TokenClaims,
        client: models.ClientInfo,
        channel: SignalChannel,
        connect: Callable[[ConnectionOwner], MediaConnection],
        *,
        auto_subscribe: bool,
    ) -> None:
        self.room = room
        self.claims = claims
        self.channel = channel
        self.auto_subscribe = auto_subscribe
        self.wanted: dict[str, bool] = {}
        """Explicit choices by track id; what is not here follows `auto_subscribe`."""
        self.tracks: dict[str, PublishedTrack] = {}
        self.stream_routes = StreamRoutes()
        self.info = models.ParticipantInfo(
            sid=f"PA_{secrets.token_hex(6)}",
            identity=claims.identity,
            name=claims.name,
            metadata=claims.metadata,
            attributes=dict(claims.attributes),
            state=models.ParticipantInfo.State.JOINED,
            kind=claims.kind.upper(),
            joined_at=int(wall_time()),
            permission=_permission(claims),
            # Peers choose by these whether to send large RPC payloads as streams, and how to compress.
            client_protocol=client.client_protocol,
            capabilities=list(dict.fromkeys(client.capabilities))[:_MAX_CAPABILITIES],
        )
        self.connection = connect(self)

    @property
    def identity(self) -> str:
        """Unique in the room."""
        return self.claims.identity

    @property
    def sid(self) -> str:
        """Unique to this stay."""
        return self.info.sid

    @property
    def is_active(self) -> bool:
        """Whether media and data can reach it."""
        return self.info.state == models.ParticipantInfo.State.ACTIVE

    @property
    def is_hidden(self) -> bool:
        """Whether others are not told of it."""
        return self.claims.grants.hidden

    def wants(self, track: PublishedTrack) -> bool:
        """Whether it is to get `track`."""
        return (
            track.publisher_sid != self.sid
            and self.claims.grants.may_subscribe()
            and self.wanted.get(track.sid, self.auto_subscribe)
        )

    def announce_track(self, cid: str, info: models.TrackInfo) -> PublishedTrack:
        """Take a track that the client is about to describe."""
        track = PublishedTrack(publisher_identity=self.identity, publisher_sid=self.sid, cid=cid, info=info)
        self.tracks[track.sid] = track
        self.update_tracks()
        return track

    def update_tracks(self) -> None:
        """Bring `info.tracks` in line with `tracks`; who has published once stays a publisher, as with LiveKit."""
        del self.info.tracks[:]
        self.info.tracks.extend(track.info for track in self.tracks.values() if track.is_bound)
        self.info.is_publisher = self.info.is_publisher or bool(self.info.tracks)

    # ConnectionOwner

    def pending_tracks(self) -> list[PublishedTrack]:
        """The announced tracks that the client has not described yet, in the order they were announced."""
        return [track for track in self.tracks.values() if not track.is_bound]

    def track_bound(self, track: PublishedTrack) -> None:
        """A track can now be subscribed to."""
        self.update_tracks()
        self.room.track_published(self, track)

    def track_withdrawn(self, track: PublishedTrack) -> None:
        """The client stopped sending a track."""
        self.connection.unbind(track)
        self.tracks.pop(track.sid, None)
        self.update_tracks()
        self.room.track_unpublished(self, track)

    def downlink_started(self, downlink: Downlink) -> None:
        """Tell the publisher that somebody gets its track: soon, for the SDK may not know its own publication yet."""
        asyncio.get_running_loop().call_later(_SUBSCRIBED_AFTER_S, self._tell_subscribed, downlink.track)

    def _tell_subscribed(self, track: PublishedTrack) -> None:
        publisher = self.room.participants.get(track.publisher_identity)
        if publisher is not None and track.sid in publisher.tracks:
            publisher.channel.send(track_subscribed=rtc.TrackSubscribed(track_sid=track.sid))

    def send_answer(self, sdp: str, offer_id: int, mid_to_track_id: dict[str, str]) -> None:
        """Signal an answer."""
        self.channel.send(
            answer=rtc.SessionDescription(type="answer", sdp=sdp, id=offer_id, mid_to_track_id=mid_to_track_id)
        )

    def send_offer(self, sdp: str, offer_id: int, mid_to_track_id: dict[str, str]) -> None:
        """Signal an offer."""
        self.channel.send(
            offer=rtc.SessionDescription(type="offer", sdp=sdp, id=offer_id, mid_to_track_id=mid_to_track_id)
        )

    def request_sections(self, audios: int, videos: int) -> None:
        """Ask for an offer."""
        self.channel.send(media_sections_requirement=rtc.MediaSectionsRequirement(num_audios=audios, num_videos=videos))

    def media_ready(self) -> None:
        """It counts as here from now on."""
        self.room.activate(self)

    def data_received(self, data: bytes, reliable: bool) -> None:
        """One data packet for others."""
        self.room.route_data(self, data, reliable=reliable)

    def transport_failed(self, reason: str) -> None:
        """Its media is gone: the client joins again from the start."""
        self.room.drop(self, models.DisconnectReason.CONNECTION_TIMEOUT, rtc.LeaveRequest.Action.RECONNECT, reason)


def _permission(claims: TokenClaims) -> models.ParticipantPermission:
    grants = claims.grants
    return models.ParticipantPermission(
        can_subscribe=grants.may_subscribe(),
        can_publish=grants.may_publish(),
        can_publish_data=grants.may_publish_data(),
        # A source that only a newer server knows still counts in the grants; clients could not read its name.
        can_publish_sources=[
            name
            for source in grants.can_publish_sources
            if (name := source.upper()) in models.TrackSource.DESCRIPTOR.values_by_name
        ],
        can_update_metadata=grants.can_update_own_metadata,
        hidden=grants.hidden,
        agent=claims.kind == "agent",
    )
