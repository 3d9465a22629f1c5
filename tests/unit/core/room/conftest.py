"""A joined link over the fake SDK room."""

from collections.abc import AsyncIterator

import pytest

from avatar_core.room.link import RoomLink
from avatar_core.room.options import ConnectOptions
from tests.fakes.sdk_room import FakeSdkRoom


@pytest.fixture
async def sdk_room() -> FakeSdkRoom:
    return FakeSdkRoom()


@pytest.fixture
async def link(sdk_room) -> AsyncIterator[RoomLink]:
    """Not joined yet."""
    link = RoomLink(sdk_room, on_joined=lambda: sdk_room.calls.append("joined"))
    yield link
    await link.aclose()


@pytest.fixture
async def joined_link(link) -> RoomLink:
    await link.connect("ws://room", "token", ConnectOptions())
    return link
