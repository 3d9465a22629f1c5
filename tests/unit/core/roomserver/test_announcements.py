"""When a room's others are told of a participant: those who publish nothing may be gathered, as LiveKit does."""

import asyncio

import pytest
from livekit.protocol import models

from avatar_core.errors import ConfigError
from avatar_core.roomserver.config import Limits, RoomServerConfig
from avatar_core.roomserver.participant import Participant
from avatar_core.roomserver.room import Room
from tests.unit.core.roomserver.test_room import ACTIVE, CLOSED, DISCONNECTED, arrive, publish, updates

QUIET_UPDATE_S = 0.01


@pytest.fixture
def room() -> Room:
    return Room("room", Limits(), lambda _room: None, quiet_update_s=QUIET_UPDATE_S)


async def told(receiver: Participant, identity: str) -> None:
    async with asyncio.timeout(10):
        while identity not in [one for one, _, _ in updates(receiver)]:
            await asyncio.sleep(QUIET_UPDATE_S)


async def test_quiet_ones_are_told_of_together_and_themselves_at_once(room: Room) -> None:
    alice = arrive(room, "alice")
    publish(alice)
    bob, carol = arrive(room, "bob"), arrive(room, "carol")
    assert updates(bob)[0] == ("bob", ACTIVE, 0)
    assert {identity for identity, _, _ in updates(alice)} == {"alice"}
    await told(alice, "carol")
    assert [len(update.participants) for update in alice.channel.of("update")][-1] == 3 - 1
    assert updates(carol)[-2:] == [("bob", ACTIVE, 0), ("carol", ACTIVE, 0)]


async def test_publishing_and_leaving_are_told_at_once(room: Room) -> None:
    alice, bob, carol = arrive(room, "alice"), arrive(room, "bob"), arrive(room, "carol")
    publish(bob)
    assert updates(alice)[-1] == ("bob", ACTIVE, 1)
    room.leave(carol, CLOSED)
    assert updates(alice)[-1] == ("carol", DISCONNECTED, 0)
    await told(bob, "alice")
    gathered = bob.channel.of("update")[-1].participants
    assert [info.identity for info in gathered] == ["alice"]


async def test_hidden_one_is_told_of_to_itself_alone(room: Room) -> None:
    alice = arrive(room, "alice")
    spy = arrive(room, "spy", hidden=True)
    publish(alice)
    await told(spy, "alice")
    await asyncio.sleep(2 * QUIET_UPDATE_S)
    assert "spy" not in [identity for identity, _, _ in updates(alice)]
    assert ("spy", models.ParticipantInfo.State.ACTIVE, 0) in updates(spy)


def test_interval_has_bounds() -> None:
    with pytest.raises(ConfigError, match="quiet_update_s"):
        RoomServerConfig("key", "a-secret-long-enough", quiet_update_s=-1)
