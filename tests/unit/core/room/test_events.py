import pytest
from livekit import rtc

from avatar_core.room.events import RoomEvents
from avatar_core.room.values import DataPacket, ParticipantLeft, Republished, SubscriptionFailed, TrackKind, TrackSource
from tests.fakes.sdk_room import participant, publication


@pytest.fixture
async def events(link) -> RoomEvents:
    return RoomEvents(link)


def facts_of(signal) -> list:
    facts: list = []
    signal.connect(facts.append)
    return facts


@pytest.mark.parametrize("name", ["participant_connected", "participant_active"])
async def test_participant_is_told_as_a_snapshot(events, sdk_room, name) -> None:
    facts = facts_of(getattr(events, name))

    sdk_room.emit(name, participant("ada", name="Ada", kind=rtc.ParticipantKind.PARTICIPANT_KIND_AGENT))

    assert [(fact.identity, fact.name, fact.kind, fact.active) for fact in facts] == [("ada", "Ada", "agent", True)]


async def test_departure_tells_the_reason(events, sdk_room) -> None:
    facts: list[ParticipantLeft] = facts_of(events.participant_disconnected)

    sdk_room.emit("participant_disconnected", participant("ada", disconnect_reason=rtc.DisconnectReason.ROOM_DELETED))
    sdk_room.emit("participant_disconnected", participant("bob", disconnect_reason=None))

    assert [(fact.participant.identity, fact.reason) for fact in facts] == [("ada", "ROOM_DELETED"), ("bob", "")]


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("participant_name_changed", lambda who: (who, "old", "new")),
        ("participant_metadata_changed", lambda who: (who, "old", "new")),
        ("participant_permissions_changed", lambda who: (who, None)),
        ("participant_attributes_changed", lambda who: ({"a": "1"}, who)),
    ],
)
async def test_every_change_of_a_participant_is_one_fact(events, sdk_room, name, arguments) -> None:
    facts = facts_of(events.participant_changed)

    sdk_room.emit(name, *arguments(participant("ada", attributes={"a": "1"})))

    assert [(fact.identity, fact.attributes) for fact in facts] == [("ada", {"a": "1"})]


@pytest.mark.parametrize("name", ["track_published", "track_unpublished"])
async def test_publication_names_its_owner(events, sdk_room, name) -> None:
    facts = facts_of(getattr(events, name))

    sdk_room.emit(name, publication("TR_1"), participant("ada"))

    assert [(fact.sid, fact.owner, fact.kind, fact.source) for fact in facts] == [
        ("TR_1", "ada", TrackKind.AUDIO, TrackSource.MICROPHONE)
    ]


@pytest.mark.parametrize("name", ["track_subscribed", "track_unsubscribed"])
async def test_subscription_is_told_with_its_publication(events, sdk_room, name) -> None:
    facts = facts_of(getattr(events, name))

    sdk_room.emit(name, object(), publication("TR_1"), participant("ada"))

    assert [(fact.sid, fact.owner) for fact in facts] == [("TR_1", "ada")]


@pytest.mark.parametrize(("name", "muted"), [("track_muted", True), ("track_unmuted", False)])
async def test_muting_is_told_with_its_publication(events, sdk_room, name, muted) -> None:
    facts = facts_of(getattr(events, name))

    sdk_room.emit(name, participant("ada"), publication("TR_1", muted=muted))

    assert [(fact.sid, fact.owner, fact.muted) for fact in facts] == [("TR_1", "ada", muted)]


async def test_failed_subscription_and_republished_track_are_told(events, sdk_room) -> None:
    failed, republished = facts_of(events.track_subscription_failed), facts_of(events.local_track_republished)

    sdk_room.emit("track_subscription_failed", participant("ada"), "TR_1", "no codec")
    sdk_room.emit("local_track_republished", publication("TR_2", name="voice"), "TR_1")

    assert failed == [SubscriptionFailed("ada", "TR_1", "no codec")]
    assert republished == [Republished("voice", "TR_1", "TR_2")]


async def test_data_from_a_participant_and_from_a_server_are_told_alike(events, sdk_room) -> None:
    facts = facts_of(events.data_received)

    sdk_room.emit("data_received", rtc.DataPacket(b"1", rtc.DataPacketKind.KIND_LOSSY, participant("ada"), "t"))
    sdk_room.emit("data_received", rtc.DataPacket(b"2", rtc.DataPacketKind.KIND_RELIABLE, None))

    assert facts == [DataPacket(b"1", "t", "ada", False), DataPacket(b"2", "", "", True)]


async def test_changed_follows_every_fact_but_data(events, sdk_room) -> None:
    changes = facts_of(events.changed)

    sdk_room.emit("participant_connected", participant("ada"))
    sdk_room.emit("track_published", publication("TR_1"), participant("ada"))
    sdk_room.emit("track_muted", participant("ada"), publication("TR_1"))
    sdk_room.emit("data_received", rtc.DataPacket(b"2", rtc.DataPacketKind.KIND_RELIABLE, None))

    assert len(changes) == 3
