"""What happens in a room, as typed signals: the SDK's string events end here."""

from collections.abc import Callable

from livekit import rtc

from avatar_core.room import sdk
from avatar_core.room.link import RoomLink
from avatar_core.room.values import (
    DataPacket,
    Participant,
    ParticipantLeft,
    Publication,
    Republished,
    StateChanged,
    SubscriptionFailed,
)
from avatar_core.signal import Signal


class RoomEvents:
    """The facts of one connection. Each is emitted on the loop, in the order in which the SDK tells them.

    `participant_changed` tells of a new name, metadata, attributes or permissions, of oneself as well. `changed`
    follows every other fact but `data_received`, for those who wait until something holds.
    """

    def __init__(self, link: RoomLink) -> None:
        self.state_changed: Signal[StateChanged] = link.state_changed
        self.participant_connected: Signal[Participant] = Signal("participant_connected")
        self.participant_active: Signal[Participant] = Signal("participant_active")
        self.participant_disconnected: Signal[ParticipantLeft] = Signal("participant_disconnected")
        self.participant_changed: Signal[Participant] = Signal("participant_changed")
        self.track_published: Signal[Publication] = Signal("track_published")
        self.track_unpublished: Signal[Publication] = Signal("track_unpublished")
        self.track_subscribed: Signal[Publication] = Signal("track_subscribed")
        self.track_unsubscribed: Signal[Publication] = Signal("track_unsubscribed")
        self.track_subscription_failed: Signal[SubscriptionFailed] = Signal("track_subscription_failed")
        self.track_muted: Signal[Publication] = Signal("track_muted")
        self.track_unmuted: Signal[Publication] = Signal("track_unmuted")
        self.local_track_republished: Signal[Republished] = Signal("local_track_republished")
        self.data_received: Signal[DataPacket] = Signal("data_received")
        self.changed: Signal[None] = link.changed
        self._listen(link.room)

    def _listen(self, room: rtc.Room) -> None:
        room.on("participant_connected", self._participant(self.participant_connected))
        room.on("participant_active", self._participant(self.participant_active))
        room.on("participant_disconnected", self._on_participant_disconnected)
        room.on("participant_name_changed", self._on_participant_changed)
        room.on("participant_metadata_changed", self._on_participant_changed)
        room.on("participant_permissions_changed", self._on_participant_changed)
        room.on("participant_attributes_changed", self._on_attributes_changed)
        room.on("track_published", self._publication(self.track_published))
        room.on("track_unpublished", self._publication(self.track_unpublished))
        room.on("track_subscribed", self._track(self.track_subscribed))
        room.on("track_unsubscribed", self._track(self.track_unsubscribed))
        room.on("track_subscription_failed", self._on_subscription_failed)
        room.on("track_muted", self._mute(self.track_muted))
        room.on("track_unmuted", self._mute(self.track_unmuted))
        room.on("local_track_republished", self._on_republished)
        room.on("data_received", self._on_data)

    def _participant(self, signal: Signal[Participant]) -> Callable[[rtc.RemoteParticipant], None]:
        def handle(participant: rtc.RemoteParticipant) -> None:
            signal.emit(sdk.to_participant(participant))
            self.changed.emit(None)

        return handle

    def _publication(
        self, signal: Signal[Publication]
    ) -> Callable[[rtc.RemoteTrackPublication, rtc.RemoteParticipant], None]:
        def handle(publication: rtc.RemoteTrackPublication, participant: rtc.RemoteParticipant) -> None:
            signal.emit(sdk.to_publication(publication, participant.identity))
            self.changed.emit(None)

        return handle

    def _track(
        self, signal: Signal[Publication]
    ) -> Callable[[rtc.RemoteTrack | None, rtc.RemoteTrackPublication, rtc.RemoteParticipant], None]:
        def handle(
            _track: rtc.RemoteTrack | None,
            publication: rtc.RemoteTrackPublication,
            participant: rtc.RemoteParticipant,
        ) -> None:
            signal.emit(sdk.to_publication(publication, participant.identity))
            self.changed.emit(None)

        return handle

    def _mute(self, signal: Signal[Publication]) -> Callable[[rtc.Participant, rtc.TrackPublication], None]:
        def handle(participant: rtc.Participant, publication: rtc.TrackPublication) -> None:
            signal.emit(sdk.to_publication(publication, participant.identity))
            self.changed.emit(None)

        return handle

    def _on_participant_disconnected(self, participant: rtc.RemoteParticipant) -> None:
        reason = sdk.disconnect_reason(participant.disconnect_reason)
        self.participant_disconnected.emit(ParticipantLeft(sdk.to_participant(participant), reason))
        self.changed.emit(None)

    def _on_participant_changed(self, participant: rtc.Participant) -> None:
        self.participant_changed.emit(sdk.to_participant(participant))
        self.changed.emit(None)

    def _on_attributes_changed(self, _changed: dict[str, str], participant: rtc.Participant) -> None:
        self._on_participant_changed(participant)

    def _on_subscription_failed(self, participant: rtc.RemoteParticipant, track_sid: str, error: str) -> None:
        self.track_subscription_failed.emit(SubscriptionFailed(participant.identity, track_sid, error))
        self.changed.emit(None)

    def _on_republished(self, publication: rtc.LocalTrackPublication, previous_sid: str) -> None:
        self.local_track_republished.emit(Republished(publication.name, previous_sid, publication.sid))
        self.changed.emit(None)

    def _on_data(self, packet: rtc.DataPacket) -> None:
        self.data_received.emit(
            DataPacket(
                payload=packet.data,
                topic=packet.topic or "",
                sender=packet.participant.identity if packet.participant is not None else "",
                reliable=packet.kind == rtc.DataPacketKind.KIND_RELIABLE,
            )
        )
