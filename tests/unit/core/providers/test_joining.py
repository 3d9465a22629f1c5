"""wait_for_join, over a room in memory."""

import pytest

from avatar_core.errors import ProviderTimeout, RoomError
from avatar_core.providers.joining import wait_for_join
from avatar_core.room.values import TrackKind
from avatar_core.tasks import spawn
from tests.fakes.clock import settle
from tests.fakes.room import FakeRoom

AVATAR = "avatar-1"


async def test_it_waits_for_the_own_join_too() -> None:
    """B22: theirs returns at once where the room is not connected yet."""
    room = FakeRoom()
    room.join(AVATAR).publish(TrackKind.VIDEO)
    agent = room.connection("agent")
    waiting = spawn(wait_for_join(agent, AVATAR), name="join")
    await settle()
    assert not waiting.done()
    agent.join()
    agent.events.changed.emit(None)
    metrics = await waiting
    assert metrics.timestamp == metrics.avatar_joined_time >= metrics.session_started_time


async def test_an_avatar_is_there_once_it_shows_a_picture() -> None:
    room = FakeRoom()
    agent, avatar = room.join("agent"), room.join(AVATAR)
    waiting = spawn(wait_for_join(agent, AVATAR, timeout=None), name="join")
    avatar.publish(TrackKind.AUDIO)
    await settle()
    assert not waiting.done()
    avatar.publish(TrackKind.VIDEO)
    await waiting


async def test_the_time_is_limited_and_the_error_names_what_was_missing() -> None:
    room = FakeRoom()
    with pytest.raises(ProviderTimeout, match="the room was not joined"):
        await wait_for_join(room.connection("early"), AVATAR, timeout=0.01)
    agent = room.join("agent")
    with pytest.raises(ProviderTimeout, match=r"Kestrel did not join in 0\.01 s"):
        await wait_for_join(agent, AVATAR, timeout=0.01, name="Kestrel")
    room.join(AVATAR).publish(TrackKind.AUDIO)
    with pytest.raises(ProviderTimeout, match=r"'avatar-1' joined, but in .* publishes no video"):
        await wait_for_join(agent, AVATAR, timeout=0.01)


async def test_a_room_that_is_lost_is_no_late_avatar() -> None:
    agent = FakeRoom().join("agent")
    waiting = spawn(wait_for_join(agent, AVATAR), name="join")
    await settle()
    agent.lose()
    with pytest.raises(RoomError, match="lost"):
        await waiting
