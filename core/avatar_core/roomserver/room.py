"""One room: who is in it, who gets which track, and where data goes."""

import logging
import secrets
from collections.abc import Callable

from google.protobuf.message import DecodeError
from livekit.protocol import models, rtc

from avatar_core.clock import wall_time
from avatar_core.roomserver.announcements import Announcements
from avatar_core.roomserver.config import Limits
from avatar_core.roomserver.participant import Participant
from avatar_core.roomserver.track import Downlink, PublishedTrack

_log = logging.getLogger(__name__)


class Room:
    """Owned by the server from the first join to the last leave; `on_empty` tells it of that."""

    def __init__(
        self, name: str, limits: Limits, on_empty: Callable[["Room"], None], *, quiet_update_s: float = 0.0
    ) -> None:
        self.name = name
        self.sid = f"RM_{secrets.token_hex(6)}"
        self.participants: dict[str, Participant] = {}
        """By identity."""
        self.dropped_data = 0
        """Data packets that were malformed, not allowed, or lossy and more than a receiver took."""
        self._limits = limits
        self._on_empty = on_empty
        self._announcements = Announcements(self.participants.values, quiet_update_s)
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

    def holds(self, participant: Participant) -> bool:
        """Whether it is here, and not just another stay of the same identity."""
        return self.participants.get(participant.identity) is participant

    def others(self, participant: Participant) -> list[models.ParticipantInfo]:
        """Who a newcomer finds."""
        return [
            other.info
            for other in self.participants.values()
            if other is not participant and other.is_active and not other.is_hidden
        ]

    def tracks(self) -> dict[str, PublishedTrack]:
        """All tracks by id, at this moment."""
        return {sid: track for participant in self.participants.values() for sid, track in participant.tracks.items()}

    def join(self, participant: Participant) -> None:
        """Take in a participant; an earlier one of the same identity is sent away."""
        earlier = self.participants.get(participant.identity)
        if earlier is not None:
            reason = models.DisconnectReason.DUPLICATE_IDENTITY
            _log.info("room %r: %r joined again, the earlier one is sent away", self.name, participant.identity)
            self._take_out(earlier, reason)
            earlier.channel.leave(reason, rtc.LeaveRequest.Action.DISCONNECT)
        self.participants[participant.identity] = participant

    def activate(self, participant: Participant) -> None:
        """Media and data can reach it: announce it, and send it what is there."""
        if not self.holds(participant) or participant.is_active:
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
        self._announcements.announce(participant)

    def leave(self, participant: Participant, reason: models.DisconnectReason) -> None:
        """Take out a participant and tell the others; harmless twice."""
        if self.holds(participant):
            self._take_out(participant, reason)
            if not self.participants:
                self._announcements.close()
                self._on_empty(self)

    def drop(
        self,
        participant: Participant,
        reason: models.DisconnectReason,
        action: rtc.LeaveRequest.Action,
        why: str,
    ) -> None:
        """Send a participant away; harmless once it has left."""
        if self.holds(participant):
            _log.info("room %r: %r is sent away: %s", self.name, participant.identity, why)
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
        if (
            participant.is_active
            and publisher.is_active
            and not publisher.is_hidden  # a track of nobody would mean nothing to its receiver
            and track.is_bound
            and participant.wants(track)
        ):
            if participant.identity not in track.downlinks:
                downlink = Downlink(track, participant.connection.subscriber)
                track.downlinks[participant.identity] = downlink
                participant.connection.add_downlink(downlink)
        else:
            self._unsubscribe(participant, track)

    def route_data(self, sender: Participant, data: bytes, *, reliable: bool) -> None:
        """Hand a data packet to its destinations, marked with who really sent it; hidden senders stay nameless."""
        try:
            packet = models.DataPacket.FromString(data)
        except DecodeError:
            self.dropped_data += 1
            return
        identity, sid = ("", "") if sender.is_hidden else (sender.identity, sender.sid)
        packet.participant_identity = identity
        packet.participant_sid = sid
        if packet.HasField("user"):
            packet.user.participant_identity = identity
            packet.user.participant_sid = sid
        marked = packet.SerializeToString()  # keeps the fields that this server does not know
        if (
            not self.holds(sender)
            or not sender.claims.grants.may_publish_data()
            or len(marked) > self._limits.data_packet_bytes
        ):
            self.dropped_data += 1
            return
        for receiver in self._destinations(sender, packet):
            self._send_data(receiver, marked, reliable=reliable)

    def _destinations(self, sender: Participant, packet: models.DataPacket) -> list[Participant]:
        identities = set(sender.stream_routes.destinations(packet)) | set(packet.user.destination_identities)
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
            self.dropped_data += 1
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

    def _take_out(self, participant: Participant, reason: models.DisconnectReason) -> None:
        for track in participant.tracks.values():
            self._end_subscriptions(track)
        for other in self.participants.values():
            for track in other.tracks.values():
                self._unsubscribe(participant, track)
        del self.participants[participant.identity]
        was_known = participant.is_active
        participant.info.state = models.ParticipantInfo.State.DISCONNECTED
        participant.info.disconnect_reason = reason
        if was_known:
            self.announce(participant)

    def _end_subscriptions(self, track: PublishedTrack) -> None:
        for participant in self.participants.values():
            self._unsubscribe(participant, track)
            participant.wanted.pop(track.sid, None)

    def _unsubscribe(self, participant: Participant, track: PublishedTrack) -> None:
        downlink = track.downlinks.pop(participant.identity, None)
        if downlink is not None:
            participant.connection.remove_downlink(downlink)
