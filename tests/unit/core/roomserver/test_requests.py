"""What a client may ask for, and what its token and the bounds do not let it have."""

import pytest
from livekit.protocol import models, rtc

from avatar_core.roomserver import requests
from avatar_core.roomserver.config import Limits
from avatar_core.roomserver.participant import Participant
from avatar_core.roomserver.room import Room
from avatar_core.roomserver.sdp import MalformedSdp
from tests.unit.core.roomserver.fakes import VP8, participant, section

LIMITS = Limits()
Reason = rtc.RequestResponse.Reason


@pytest.fixture
def room() -> Room:
    return Room("room", LIMITS, lambda _room: None)


def arrive(room: Room, identity: str = "alice", **grants: object) -> Participant:
    newcomer = participant(room, identity, **grants)
    room.join(newcomer)
    room.activate(newcomer)
    newcomer.channel.sent.clear()
    return newcomer


def ask(who: Participant, **request: object) -> None:
    requests.serve(who, rtc.SignalRequest(**request), LIMITS)


def add_track(who: Participant, **values: object) -> None:
    ask(who, add_track=rtc.AddTrackRequest(**{"cid": "cid", "type": models.TrackType.VIDEO, **values}))


def refusals(who: Participant) -> list[int]:
    return [response.reason for response in who.channel.of("request_response") if response.reason != Reason.OK]


async def test_announced_track_gets_an_id_and_keeps_what_was_said_of_it(room: Room) -> None:
    alice = arrive(room)
    source = models.TrackSource.CAMERA
    add_track(alice, name="camera", source=source, width=1280, height=720, muted=True, stream="avatar")
    (published,) = alice.channel.of("track_published")
    assert published.cid == "cid"
    assert published.track.sid.startswith("TR_V")
    assert (published.track.name, published.track.source, published.track.width) == ("camera", source, 1280)
    assert (published.track.muted, published.track.stream) == (True, "avatar")
    assert [*alice.tracks] == [published.track.sid]
    assert len(alice.info.tracks) == 0  # others hear of it when it is described


async def test_track_announced_twice_is_one(room: Room) -> None:
    alice = arrive(room)
    add_track(alice)
    add_track(alice)
    first, second = alice.channel.of("track_published")
    assert first.track.sid == second.track.sid
    assert len(alice.tracks) == 1


async def test_track_announced_again_after_it_was_described_is_another(room: Room) -> None:
    alice = arrive(room)
    add_track(alice)
    (published,) = alice.tracks.values()
    published.bind(section("7", codecs=(VP8,)))
    add_track(alice)
    assert len(alice.tracks) == 2


@pytest.mark.parametrize(
    ("grants", "source", "allowed"),
    [
        ({}, "MICROPHONE", True),
        ({}, "UNKNOWN", True),
        ({"can_publish": False}, "MICROPHONE", False),
        ({"can_publish_sources": ("camera",)}, "CAMERA", True),
        ({"can_publish_sources": ("camera",)}, "MICROPHONE", False),
        ({"can_publish_sources": ("camera",)}, "UNKNOWN", False),
        ({"can_publish": False, "can_publish_sources": ("camera",)}, "CAMERA", False),
    ],
)
async def test_grants_say_what_may_be_published(
    room: Room, grants: dict[str, object], source: str, allowed: bool
) -> None:
    alice = arrive(room, **grants)
    add_track(alice, source=models.TrackSource.Value(source))
    assert (len(alice.tracks) == 1) is allowed
    assert refusals(alice) == ([] if allowed else [Reason.NOT_ALLOWED])


async def test_source_from_a_newer_client_is_judged_by_its_number(room: Room) -> None:
    newer = 99
    restricted, free = arrive(room, "restricted", can_publish_sources=("camera",)), arrive(room, "free")
    add_track(restricted, source=newer)
    add_track(free, source=newer)
    assert (len(restricted.tracks), len(free.tracks)) == (0, 1)


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"type": models.TrackType.DATA}, Reason.UNSUPPORTED_TYPE),
        ({"type": 77}, Reason.UNSUPPORTED_TYPE),
        ({"cid": ""}, Reason.UNSUPPORTED_TYPE),
        ({"name": "x" * 20_000}, Reason.LIMIT_EXCEEDED),
        ({"stream": "x" * 20_000}, Reason.LIMIT_EXCEEDED),
        ({"layers": [models.VideoLayer(width=1280, height=720)] * 5000}, Reason.LIMIT_EXCEEDED),
    ],
)
async def test_tracks_of_no_kind_or_without_measure_are_refused(
    room: Room, values: dict[str, object], reason: int
) -> None:
    alice = arrive(room)
    add_track(alice, **values)
    assert (refusals(alice), alice.tracks) == ([reason], {})


async def test_number_of_tracks_is_bounded(room: Room) -> None:
    alice = arrive(room)
    for number in range(LIMITS.tracks_per_participant + 3):
        add_track(alice, cid=f"cid{number}")
    assert len(alice.tracks) == LIMITS.tracks_per_participant
    assert refusals(alice) == [Reason.LIMIT_EXCEEDED] * 3


async def test_mute_of_an_own_track_is_told_to_all(room: Room) -> None:
    alice, bob = arrive(room, "alice"), arrive(room, "bob")
    add_track(alice)
    (published,) = alice.tracks.values()
    published.bind(section("7", codecs=(VP8,)))
    alice.track_bound(published)
    bob.channel.sent.clear()
    for muted in (True, True, False):
        ask(alice, mute=rtc.MuteTrackRequest(sid=published.sid, muted=muted))
        ask(bob, mute=rtc.MuteTrackRequest(sid=published.sid, muted=not muted))
    told = [update.participants[0].tracks[0].muted for update in bob.channel.of("update")]
    assert told == [True, False]


async def test_subscriptions_follow_the_last_choice(room: Room) -> None:
    alice, bob = arrive(room, "alice"), arrive(room, "bob")
    add_track(alice)
    (published,) = alice.tracks.values()
    published.bind(section("7", codecs=(VP8,)))
    alice.track_bound(published)
    for subscribe, expected in ((True, 1), (False, 0), (False, 0), (True, 1)):
        ask(bob, subscription=rtc.UpdateSubscription(track_sids=[published.sid, "TR_gone"], subscribe=subscribe))
        assert len(bob.connection.downlinks) == expected
    by_participant = [models.ParticipantTracks(participant_sid=alice.sid, track_sids=[published.sid])]
    ask(bob, subscription=rtc.UpdateSubscription(participant_tracks=by_participant, subscribe=False))
    assert bob.connection.downlinks == []
    assert bob.wanted == {published.sid: False}


async def test_nobody_subscribes_without_the_grant_or_to_itself(room: Room) -> None:
    alice, deaf = arrive(room, "alice"), arrive(room, "deaf", can_subscribe=False)
    add_track(alice)
    (published,) = alice.tracks.values()
    published.bind(section("7", codecs=(VP8,)))
    alice.track_bound(published)
    for who in (alice, deaf):
        ask(who, subscription=rtc.UpdateSubscription(track_sids=[published.sid], subscribe=True))
        assert who.connection.downlinks == []


async def test_metadata_name_and_attributes_are_changed_and_told(room: Room) -> None:
    alice, bob = arrive(room, "alice", can_update_own_metadata=True), arrive(room, "bob")
    first = rtc.UpdateParticipantMetadata(metadata="m", name="Alice", attributes={"a": "1", "b": "2"}, request_id=5)
    ask(alice, update_metadata=first)
    ask(alice, update_metadata=rtc.UpdateParticipantMetadata(attributes={"a": "", "c": "3"}, request_id=6))
    info = bob.channel.of("update")[-1].participants[0]
    assert (info.metadata, info.name, dict(info.attributes)) == ("m", "Alice", {"b": "2", "c": "3"})
    responses = alice.channel.of("request_response")
    assert [(response.request_id, response.reason) for response in responses] == [(5, Reason.OK), (6, Reason.OK)]


@pytest.mark.parametrize(
    ("may", "values", "reason"),
    [
        (False, {"metadata": "m"}, Reason.NOT_ALLOWED),
        (True, {"metadata": "m" * 70_000}, Reason.LIMIT_EXCEEDED),
        (True, {"name": "n" * 2000}, Reason.LIMIT_EXCEEDED),
        (True, {"attributes": {"é" * 33_000: "v"}}, Reason.LIMIT_EXCEEDED),
        (True, {"attributes": {str(number): "v" * 700 for number in range(100)}}, Reason.LIMIT_EXCEEDED),
    ],
)
async def test_metadata_without_the_grant_or_beyond_the_bounds_is_refused(
    room: Room, may: bool, values: dict[str, object], reason: int
) -> None:
    alice, bob = arrive(room, "alice", can_update_own_metadata=may), arrive(room, "bob")
    ask(alice, update_metadata=rtc.UpdateParticipantMetadata(**values))
    assert refusals(alice) == [reason]
    assert (alice.info.metadata, alice.info.name, dict(alice.info.attributes)) == ("", "", {})
    assert bob.channel.sent == []


async def test_pings_of_both_kinds_are_answered(room: Room) -> None:
    alice = arrive(room)
    ask(alice, ping=41)
    ask(alice, ping_req=rtc.Ping(timestamp=42))
    assert alice.channel.of("pong") == [41]
    assert alice.channel.of("pong_resp")[0].last_ping_timestamp == 42


async def test_descriptions_go_to_the_connection_and_must_be_what_they_say(room: Room) -> None:
    alice = arrive(room)
    ask(alice, offer=rtc.SessionDescription(type="offer", sdp="o"))
    ask(alice, answer=rtc.SessionDescription(type="answer", sdp="a"))
    assert (alice.connection.offers, alice.connection.answers) == (["o"], ["a"])
    with pytest.raises(MalformedSdp, match="came as answer"):
        ask(alice, answer=rtc.SessionDescription(type="offer" * 1000, sdp="a"))


async def test_goodbye_ends_the_session_and_unknown_requests_change_nothing(room: Room) -> None:
    alice = arrive(room)
    ask(alice, trickle=rtc.TrickleRequest(candidateInit="x"))
    requests.serve(alice, rtc.SignalRequest(), LIMITS)
    assert alice.channel.sent == []
    with pytest.raises(requests.ClientLeft):
        ask(alice, leave=rtc.LeaveRequest())
