"""The rooms of a server, and how many there may be."""

import pytest
from aiohttp import web
from livekit.protocol import models

from avatar_core.roomserver.config import Limits
from avatar_core.roomserver.rooms import Rooms
from avatar_core.tokens import TokenClaims, VideoGrants
from tests.unit.core.roomserver.fakes import participant

CLOSED = models.DisconnectReason.SIGNAL_CLOSE


def claims(identity: str, room: str) -> TokenClaims:
    return TokenClaims(identity=identity, grants=VideoGrants(room_join=True, room=room))


async def test_room_lives_from_the_first_join_to_the_last_leave() -> None:
    rooms = Rooms(Limits())
    room = rooms.open("a")
    alice = participant(room, "alice")
    room.join(alice)
    assert rooms.open("a") is room
    assert (len(rooms), rooms.participants()) == (1, [alice])
    room.leave(alice, CLOSED)
    assert (len(rooms), rooms.participants()) == (0, [])
    assert rooms.open("a") is not room


async def test_room_stays_the_same_when_its_only_participant_joins_again() -> None:
    rooms = Rooms(Limits())
    room = rooms.open("a")
    first, second = participant(room, "alice"), participant(room, "alice")
    room.join(first)
    room.join(second)
    room.leave(first, CLOSED)
    assert rooms.open("a") is room
    assert rooms.participants() == [second]


async def test_numbers_of_rooms_and_participants_are_bounded() -> None:
    rooms = Rooms(Limits(rooms=1, participants_per_room=1, name_bytes=4))
    rooms.check(claims("alice", "a"))
    room = rooms.open("a")
    room.join(participant(room, "alice"))
    rooms.check(claims("alice", "a"))  # takes the place of the one that is there
    with pytest.raises(web.HTTPServiceUnavailable):
        rooms.check(claims("bob", "a"))
    with pytest.raises(web.HTTPServiceUnavailable):
        rooms.check(claims("bob", "b"))
    with pytest.raises(web.HTTPBadRequest):
        rooms.check(claims("bob", "é" * 3))
