"""What others are told of a participant, and what it is told of its own tracks."""

import asyncio

import pytest
from livekit.protocol import models

from avatar_core.roomserver.config import Limits
from avatar_core.roomserver.participant import Participant
from avatar_core.roomserver.room import Room
from avatar_core.tokens import TokenClaims, VideoGrants
from tests.unit.core.roomserver.fakes import VP8, FakeChannel, FakeConnection, participant, section


@pytest.fixture
def room() -> Room:
    return Room("room", Limits(), lambda _room: None)


def from_token(room: Room, claims: TokenClaims, client: models.ClientInfo) -> Participant:
    return Participant(room, claims, client, FakeChannel(), lambda _owner: FakeConnection(), auto_subscribe=True)


async def test_others_are_told_what_the_token_and_the_client_say(room: Room) -> None:
    grants = VideoGrants(room_join=True, room="room", can_publish=False, can_publish_sources=("camera", "hologram"))
    claims = TokenClaims("alice", grants, name="Alice", kind="agent", metadata="m", attributes={"a": "1"})
    info = from_token(room, claims, models.ClientInfo(client_protocol=2, capabilities=[2, 1, 2])).info
    assert (info.identity, info.name, info.metadata, dict(info.attributes)) == ("alice", "Alice", "m", {"a": "1"})
    assert info.kind == models.ParticipantInfo.Kind.AGENT
    assert (info.client_protocol, list(info.capabilities)) == (2, [2, 1])
    assert info.state == models.ParticipantInfo.State.JOINED
    permission = info.permission
    assert (permission.can_publish, permission.can_publish_data, permission.can_subscribe) == (False, False, True)
    assert (permission.agent, list(permission.can_publish_sources)) == (True, [models.TrackSource.CAMERA])


async def test_what_a_client_says_of_itself_is_bounded(room: Room) -> None:
    claims = TokenClaims("alice", VideoGrants(room_join=True, room="room"))
    info = from_token(room, claims, models.ClientInfo(capabilities=range(100_000))).info
    assert len(info.capabilities) <= 32


async def test_publisher_hears_of_a_subscription_a_moment_later(room: Room) -> None:
    alice, bob = participant(room, "alice"), participant(room, "bob")
    for newcomer in (alice, bob):
        room.join(newcomer)
        room.activate(newcomer)
    published = alice.announce_track("cid", models.TrackInfo(sid="TR_1", type=models.TrackType.VIDEO))
    published.bind(section("7", codecs=(VP8,)))
    alice.track_bound(published)
    bob.downlink_started(bob.connection.downlinks[0])
    assert alice.channel.of("track_subscribed") == []
    async with asyncio.timeout(5):
        while not alice.channel.of("track_subscribed"):
            await asyncio.sleep(0.01)
    assert alice.channel.of("track_subscribed")[0].track_sid == "TR_1"
