"""Who is told what in a room: arrivals, departures, tracks, data."""

import pytest
from livekit.protocol import models, rtc

from avatar_core.roomserver.config import Limits
from avatar_core.roomserver.participant import Participant
from avatar_core.roomserver.room import Room
from avatar_core.roomserver.track import PublishedTrack
from tests.unit.core.roomserver.fakes import VP8, participant, section

ACTIVE, DISCONNECTED = models.ParticipantInfo.State.ACTIVE, models.ParticipantInfo.State.DISCONNECTED
CLOSED = models.DisconnectReason.SIGNAL_CLOSE


@pytest.fixture
def emptied() -> list[Room]:
    return []


@pytest.fixture
def room(emptied: list[Room]) -> Room:
    return Room("room", Limits(), emptied.append)


def arrive(room: Room, identity: str, **values: object) -> Participant:
    """Join and become active."""
    newcomer = participant(room, identity, **values)
    room.join(newcomer)
    room.activate(newcomer)
    return newcomer


def publish(sender: Participant, cid: str = "cid") -> PublishedTrack:
    info = models.TrackInfo(sid=f"TR_{sender.identity}_{cid}", type=models.TrackType.VIDEO)
    published = sender.announce_track(cid, info)
    published.bind(section("7", codecs=(VP8,), track_id=cid))
    sender.track_bound(published)
    return published


def updates(receiver: Participant) -> list[tuple[str, int, int]]:
    """Identity, state and number of tracks of everybody `receiver` was told of, in order."""
    return [
        (info.identity, info.state, len(info.tracks))
        for update in receiver.channel.of("update")
        for info in update.participants
    ]


def hearing(receiver: Participant) -> list[str]:
    return [downlink.track.sid for downlink in receiver.connection.downlinks]


def data_of(receiver: Participant) -> list[models.DataPacket]:
    return [models.DataPacket.FromString(data) for data, _ in receiver.connection.data]


async def test_arrival_is_told_to_everybody_once_media_can_flow(room: Room) -> None:
    alice = arrive(room, "alice")
    bob = participant(room, "bob")
    room.join(bob)
    assert updates(alice) == [("alice", ACTIVE, 0)]
    assert [info.identity for info in room.others(bob)] == ["alice"]
    room.activate(bob)
    room.activate(bob)
    assert updates(alice)[1:] == updates(bob) == [("bob", ACTIVE, 0)]
    assert room.info.num_participants == 2


async def test_departure_is_told_to_the_others_with_its_reason(room: Room, emptied: list[Room]) -> None:
    alice, bob = arrive(room, "alice"), arrive(room, "bob")
    room.leave(bob, CLOSED)
    room.leave(bob, CLOSED)
    assert updates(alice)[-1] == ("bob", DISCONNECTED, 0)
    assert [update.participants[0].disconnect_reason for update in alice.channel.of("update")][-1] == CLOSED
    assert len(updates(alice)) == 3
    assert emptied == []
    room.leave(alice, CLOSED)
    assert emptied == [room]


async def test_departure_of_one_that_never_connected_is_told_to_nobody(room: Room) -> None:
    alice, bob = arrive(room, "alice"), participant(room, "bob")
    room.join(bob)
    room.leave(bob, CLOSED)
    assert [identity for identity, _, _ in updates(alice)] == ["alice"]


async def test_second_of_an_identity_sends_the_first_away_and_stays_in_the_same_room(
    room: Room, emptied: list[Room]
) -> None:
    first = arrive(room, "alice")
    second = participant(room, "alice")
    room.join(second)
    assert first.channel.left == (
        models.DisconnectReason.DUPLICATE_IDENTITY,
        rtc.LeaveRequest.Action.DISCONNECT,
    )
    assert emptied == []  # though nobody was there for a moment
    assert room.holds(second) and not room.holds(first)
    room.leave(first, CLOSED)
    assert room.participants == {"alice": second}
    assert second.channel.left is None


async def test_predecessor_takes_its_tracks_and_subscriptions_along(room: Room) -> None:
    bob, first = arrive(room, "bob"), arrive(room, "alice")
    of_bob, of_alice = publish(bob), publish(first)
    assert (hearing(first), hearing(bob)) == ([of_bob.sid], [of_alice.sid])
    second = arrive(room, "alice")
    assert (hearing(first), hearing(second), hearing(bob)) == ([], [of_bob.sid], [])
    room.activate(first)
    assert (hearing(first), hearing(second)) == ([], [of_bob.sid])


async def test_hidden_participant_sees_and_is_not_seen(room: Room) -> None:
    alice = arrive(room, "alice")
    ghost = arrive(room, "ghost", hidden=True)
    assert [info.identity for info in room.others(ghost)] == ["alice"]
    published = publish(alice)
    assert hearing(ghost) == [published.sid]
    publish(ghost)
    assert hearing(alice) == []
    room.leave(ghost, CLOSED)
    assert {identity for identity, _, _ in updates(alice)} == {"alice"}
    assert [info.identity for info in room.others(arrive(room, "bob"))] == ["alice"]


async def test_described_track_is_told_and_sent_to_whoever_wants_it(room: Room) -> None:
    alice, bob, carol = arrive(room, "alice"), arrive(room, "bob"), arrive(room, "carol", auto_subscribe=False)
    deaf = arrive(room, "deaf", can_subscribe=False)
    published = publish(alice)
    assert [hearing(other) for other in (alice, bob, carol, deaf)] == [[], [published.sid], [], []]
    assert all(updates(other)[-1] == ("alice", ACTIVE, 1) for other in (alice, bob, carol, deaf))


async def test_track_described_before_the_activation_waits_for_it(room: Room) -> None:
    bob, alice = arrive(room, "bob"), participant(room, "alice")
    room.join(alice)
    published = publish(alice)
    assert (hearing(bob), [identity for identity, _, _ in updates(bob)]) == ([], ["bob"])
    room.activate(alice)
    assert (hearing(bob), updates(bob)[-1]) == ([published.sid], ("alice", ACTIVE, 1))


async def test_late_joiner_gets_every_track(room: Room) -> None:
    alice = arrive(room, "alice")
    sids = [publish(alice, f"cid{number}").sid for number in range(7)]
    late = arrive(room, "late")
    assert hearing(late) == sids


async def test_withdrawn_track_is_taken_from_its_subscribers(room: Room) -> None:
    alice, bob = arrive(room, "alice"), arrive(room, "bob")
    published = publish(alice)
    bob.wanted[published.sid] = True
    alice.track_withdrawn(published)
    assert (hearing(bob), alice.tracks, bob.wanted, published.downlinks) == ([], {}, {}, {})
    assert updates(bob)[-1] == ("alice", ACTIVE, 0)


async def test_data_goes_to_everybody_else_marked_with_its_sender(room: Room) -> None:
    alice, bob, carol = arrive(room, "alice"), arrive(room, "bob"), arrive(room, "carol")
    not_yet = participant(room, "not yet")
    room.join(not_yet)
    packet = models.DataPacket(user=models.UserPacket(payload=b"hello", topic="greeting"), sequence=4)
    room.route_data(alice, packet.SerializeToString(), reliable=True)
    for receiver in (bob, carol):
        (received,) = data_of(receiver)
        assert (received.participant_identity, received.participant_sid) == ("alice", alice.sid)
        assert (received.user.participant_identity, received.user.payload) == ("alice", b"hello")
        assert (received.user.topic, received.sequence) == ("greeting", 4)
        assert receiver.connection.data[0][1] is True
    assert data_of(alice) == data_of(not_yet) == []


async def test_claimed_sender_is_overridden(room: Room) -> None:
    alice, bob = arrive(room, "alice"), arrive(room, "bob")
    user = models.UserPacket(payload=b"x", participant_identity="bob", participant_sid=bob.sid)
    lie = models.DataPacket(user=user, participant_identity="bob", participant_sid=bob.sid)
    room.route_data(alice, lie.SerializeToString(), reliable=True)
    (received,) = data_of(bob)
    assert {received.participant_identity, received.user.participant_identity} == {"alice"}
    assert {received.participant_sid, received.user.participant_sid} == {alice.sid}


async def test_data_of_a_hidden_sender_is_nameless_whatever_it_claims(room: Room) -> None:
    ghost, bob = arrive(room, "ghost", hidden=True), arrive(room, "bob")
    user = models.UserPacket(payload=b"boo", participant_identity="bob", participant_sid=bob.sid)
    lie = models.DataPacket(user=user, participant_identity="bob", participant_sid=bob.sid)
    room.route_data(ghost, lie.SerializeToString(), reliable=False)
    (received,) = data_of(bob)
    assert received.user.payload == b"boo"
    assert {received.participant_identity, received.user.participant_identity, received.participant_sid} == {""}


async def test_data_goes_to_its_destinations_alone(room: Room) -> None:
    alice, bob, carol = arrive(room, "alice"), arrive(room, "bob"), arrive(room, "carol")
    by_identity = models.DataPacket(destination_identities=["bob", "nobody", "alice"])
    by_user_identity = models.DataPacket(user=models.UserPacket(payload=b"x", destination_identities=["carol"]))
    by_sid = models.DataPacket(user=models.UserPacket(payload=b"x", destination_sids=[carol.sid]))
    for packet in (by_identity, by_user_identity, by_sid):
        room.route_data(alice, packet.SerializeToString(), reliable=True)
    assert [len(data_of(receiver)) for receiver in (alice, bob, carol)] == [0, 1, 2]


async def test_a_stream_goes_where_its_header_does(room: Room) -> None:
    """LiveKit's SDK names the destinations in the header alone."""
    alice, bob, carol = arrive(room, "alice"), arrive(room, "bob"), arrive(room, "carol")
    header = models.DataStream.Header(stream_id="a", topic="lk.audio_stream")
    rest = [
        models.DataPacket(stream_chunk=models.DataStream.Chunk(stream_id="a", content=b"pcm")),
        models.DataPacket(stream_trailer=models.DataStream.Trailer(stream_id="a")),
    ]
    for destinations, received in ((["bob"], [0, 3, 0]), ([], [0, 6, 3])):
        begin = models.DataPacket(stream_header=header, destination_identities=destinations)
        for packet in (begin, *rest):
            room.route_data(alice, packet.SerializeToString(), reliable=True)
        assert [len(data_of(receiver)) for receiver in (alice, bob, carol)] == received


async def test_fields_this_server_does_not_know_are_kept(room: Room) -> None:
    alice, bob = arrive(room, "alice"), arrive(room, "bob")
    unknown = b"\xfa\x3f\x03new"  # field 1023, length 3
    room.route_data(alice, models.DataPacket().SerializeToString() + unknown, reliable=True)
    assert unknown in bob.connection.data[0][0]


async def test_data_that_may_not_or_cannot_be_sent_is_counted(room: Room) -> None:
    bob = arrive(room, "bob")
    mute = arrive(room, "mute", can_publish_data=False)
    gone = participant(room, "gone")
    packet = models.DataPacket(user=models.UserPacket(payload=b"x")).SerializeToString()
    room.route_data(mute, packet, reliable=True)
    room.route_data(gone, packet, reliable=True)
    room.route_data(bob, b"\xff\xff", reliable=True)
    room.route_data(
        bob, models.DataPacket(user=models.UserPacket(payload=bytes(65_530))).SerializeToString(), reliable=True
    )
    assert (room.dropped_data, data_of(bob), data_of(mute)) == (4, [], [])


async def test_largest_packet_fits_with_its_mark(room: Room) -> None:
    alice, bob = arrive(room, "alice"), arrive(room, "bob")
    room.route_data(
        alice, models.DataPacket(user=models.UserPacket(payload=bytes(64_000))).SerializeToString(), reliable=True
    )
    assert 64_000 < len(bob.connection.data[0][0]) <= 65_535


async def test_slow_receiver_loses_lossy_data_and_its_place_over_reliable_data(room: Room) -> None:
    alice, slow, bob = arrive(room, "alice"), arrive(room, "slow"), arrive(room, "bob")
    packet = models.DataPacket(user=models.UserPacket(payload=b"x")).SerializeToString()
    slow.connection.unread_bytes = 2 << 20
    room.route_data(alice, packet, reliable=False)
    assert (room.dropped_data, len(data_of(slow)), len(data_of(bob))) == (1, 0, 1)
    slow.connection.unread_bytes = 40 << 20
    room.route_data(alice, packet, reliable=True)
    assert slow.channel.left is not None and slow.channel.left[1] == rtc.LeaveRequest.Action.RECONNECT
    assert not room.holds(slow)
    assert len(data_of(bob)) == 2


async def test_failed_transport_sends_its_participant_away_once(room: Room) -> None:
    alice, bob = arrive(room, "alice"), arrive(room, "bob")
    bob.transport_failed("DTLS failed")
    bob.transport_failed("DTLS failed")
    assert bob.channel.left == (models.DisconnectReason.CONNECTION_TIMEOUT, rtc.LeaveRequest.Action.RECONNECT)
    assert [state for identity, state, _ in updates(alice) if identity == "bob"] == [ACTIVE, DISCONNECTED]
