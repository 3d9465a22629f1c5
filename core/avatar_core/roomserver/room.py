"""One room: who is in it, who gets which track, and where data goes."""

import logging
import secrets
from collections.abc import Callable

from google.protobuf.message import DecodeError
from livekit.protocol import models, rtc

from avatar_core.clock import wall_time
from avatar_core.roomserver.config import Limits
from avatar_core.roomserver.participant import Participant
from avatar_core.roomserver.track import Downlink, PublishedTrack

_log = logging.getLogger(__name__)


class Room:
    """Owned by the server from the first join to the last leave; `on_empty` tells it of that."""

    def __init__(self, name: str, limits: Limits, on_empty: Callable[["Room"], None]) -> None:
        self.name = name
        self.sid = f"RM_{secrets.token_hex(6)}"
        self.participants: dict[str, Participant] = {}
        """By identity."""
        self.malformed_data = 0
        self.refused_data = 0
        self.dropped_lossy = 0
        self._limits = limits
        self._on_empty = on_empty
        self._created_s = wall_time()

    @property
    def is_full(self) -> bool:
        """Whether another identity would be one too many."""
        return len(self.participants) >= self._limits.participants_per_room

    @property
    def info(self) -> models.Room:
        """As clients see it."""
        return models.Room(
            sid=self.sid,
            name=self.name,
            creation_time=int(self._created_s),
            creation_time_ms=int(self._created_s * 1000),
            num_participants=len(self.participants),
        )

    def others(self, participant: Participant) -> list[models.ParticipantInfo]:
        """Who a newcomer finds."""
        return [
            other.info
            for other in self.participants.values()
            if other is not participant and other.is_active and not other.is_hidden
        ]

    def join(self, participant: Participant) -> None:
        """Take in a participant; an earlier one of the same identity is sent away."""
        earlier = self.participants.get(participant.identity)
        if earlier is not None:
            self.drop(
                earlier,
                models.DisconnectReason.DUPLICATE_IDENTITY,
                rtc.LeaveRequest.Action.DISCONNECT,
                "joined again with the same identity",
            )
        self.participants[participant.identity] = participant

    def activate(self, participant: Participant) -> None:
        """Media and data can reach it: announce it, and send it what is there."""
        if self.participants.get(participant.identity) is not participant or participant.is_active:
            return
        participant.info.state = models.ParticipantInfo.State.ACTIVE
        self.announce(participant)
        for other in self.participants.values():
            for track in other.tracks.values():
                self.update_subscription(participant, track)
            for track in participant.tracks.values():
                self.update_subscription(other, track)

    def announce(self, participant: Participant) -> None:
        """Tell everybody, itself included, how `participant` is now."""
        update = rtc.ParticipantUpdate(participants=[participant.info])
        for other in self.participants.values():
            if other is participant or not participant.is_hidden:
                other.channel.send(update=update)

    def leave(self, participant: Participant, reason: models.DisconnectReason) -> None:
        """Take out a participant and tell the others; harmless twice."""
        if self.participants.get(participant.identity) is not participant:
            return
        for track in list(participant.tracks.values()):
            self._end_subscriptions(track)
        for other in self.participants.values():
            for track in other.tracks.values():
                self._unsubscribe(participant, track)
        participant.info.state = models.ParticipantInfo.State.DISCONNECTED
        participant.info.disconnect_reason = reason
        self.announce(participant)
        del self.participants[participant.identity]
        if not self.participants:
            self._on_empty(self)

    def drop(
        self,
        participant: Participant,
        reason: models.DisconnectReason,
        action: rtc.LeaveRequest.Action,
        why: str,
    ) -> None:
        """Send a participant away."""
        _log.info("room %s: %s is sent away: %s", self.name, participant.identity, why)
        self.leave(participant, reason)
        participant.channel.leave(reason, action)

    def track_published(self, participant: Participant, track: PublishedTrack) -> None:
        """Announce a described track and send it to whoever wants it; before the activation that waits."""
        if not participant.is_active:
            return
        self.announce(participant)
        for other in self.participants.values():
            self.update_subscription(other, track)

    def track_unpublished(self, participant: Participant, track: PublishedTrack) -> None:
        """Take a track from its subscribers and tell everybody."""
        self._end_subscriptions(track)
        self.announce(participant)

    def update_subscription(self, participant: Participant, track: PublishedTrack) -> None:
        """Start or stop sending `track` to `participant`, as it wants and may."""
        publisher = self.participants[track.publisher_identity]
        if participant.is_active and publisher.is_active and track.is_bound and participant.wants(track):
            if participant.identity not in track.downlinks:
                downlink = Downlink(track, participant.connection.subscriber)
                track.downlinks[participant.identity] = downlink
                participant.connection.add_downlink(downlink)
        else:
            self._unsubscribe(participant, track)

    def track(self, sid: str) -> PublishedTrack | None:
        """The track of that id."""
        return next(
            (tracks[sid] for participant in self.participants.values() if sid in (tracks := participant.tracks)), None
        )

    def route_data(self, sender: Participant, data: bytes, *, reliable: bool) -> None:
        """Hand a data packet to its destinations, marked with who really sent it."""
        try:
            packet = models.DataPacket.FromString(data)
        except DecodeError:
            self.malformed_data += 1
            return
        if not sender.claims.grants.may_publish_data() or len(data) > self._limits.data_packet_bytes:
            self.refused_data += 1
            return
        if self.participants.get(sender.identity) is not sender:
            return
        # In protobuf the last occurrence of a field wins: what is appended here overrides what a client claimed, and
        # fields this server does not know stay as they are.
        mark = models.DataPacket(participant_identity=sender.identity, participant_sid=sender.sid)
        if packet.HasField("user"):
            mark.user.participant_identity = sender.identity
            mark.user.participant_sid = sender.sid
        marked = data + mark.SerializeToString()
        for receiver in self._destinations(sender, packet):
            self._send_data(receiver, marked, reliable=reliable)

    def _destinations(self, sender: Participant, packet: models.DataPacket) -> list[Participant]:
        identities = set(packet.destination_identities) | set(packet.user.destination_identities)
        sids = set(packet.user.destination_sids)
        return [
            other
            for other in self.participants.values()
            if other is not sender
            and other.is_active
            and ((not identities and not sids) or other.identity in identities or other.sid in sids)
        ]

    def _send_data(self, receiver: Participant, data: bytes, *, reliable: bool) -> None:
        buffered = receiver.connection.buffered(reliable=reliable)
        if not reliable and buffered > self._limits.lossy_queue_bytes:
            self.dropped_lossy += 1
        elif reliable and buffered > self._limits.data_queue_bytes:
            # Reliable data may not be lost in silence, and holding it without end would sink the server.
            self.drop(
                receiver,
                models.DisconnectReason.CONNECTION_TIMEOUT,
                rtc.LeaveRequest.Action.RECONNECT,
                f"it left {buffered} bytes of reliable data unread",
            )
        else:
            receiver.connection.send_data(data, reliable=reliable)

    def _end_subscriptions(self, track: PublishedTrack) -> None:
        for identity in list(track.downlinks):
            self._unsubscribe(self.participants[identity], track)

    def _unsubscribe(self, participant: Participant, track: PublishedTrack) -> None:
        downlink = track.downlinks.pop(participant.identity, None)
        if downlink is not None:
            participant.connection.remove_downlink(downlink)
