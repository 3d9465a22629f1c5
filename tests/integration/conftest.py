"""One room server for the whole run, and participants that join it in both of the SDK's connection modes.

`pytest tests/integration --avatar-room URL` runs the same tests against any other LiveKit server, with
LIVEKIT_API_KEY and LIVEKIT_API_SECRET from the environment. Without it the environment is not looked at.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import count

import pytest
from livekit import rtc

from avatar_core.room import sdk
from avatar_core.room.connection import RoomConnection
from avatar_core.room.options import ConnectOptions
from avatar_core.tokens import TokenClaims, VideoGrants
from tests.embedded_room import EmbeddedRoom, RoomAccess


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Against another server: leave out what needs the embedded one itself."""
    if not config.getoption("--avatar-room"):
        return
    own = [item for item in items if "embedded" in getattr(item, "fixturenames", ())]
    config.hook.pytest_deselected(items=own)
    items[:] = [item for item in items if item not in own]


@pytest.fixture(scope="session")
def _embedded_room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedRoom]:
    room = EmbeddedRoom(tmp_path_factory.mktemp("room") / "server.log")
    yield room
    room.close()


@pytest.fixture
def embedded(_embedded_room: EmbeddedRoom) -> EmbeddedRoom:
    """The embedded server itself, for what no other server offers; such tests do not run with --avatar-room."""
    return _embedded_room


@pytest.fixture
def access(request: pytest.FixtureRequest) -> RoomAccess:
    """Where to join: the embedded room, or the one that --avatar-room names."""
    url = request.config.getoption("--avatar-room")
    if url is None:
        return request.getfixturevalue("_embedded_room").access
    try:
        return RoomAccess(url, os.environ["LIVEKIT_API_KEY"], os.environ["LIVEKIT_API_SECRET"])
    except KeyError as missing:
        raise pytest.UsageError(f"--avatar-room needs {missing} in the environment") from None


@pytest.fixture(params=[True, False], ids=["single-pc", "dual-pc"])
def options(request: pytest.FixtureRequest) -> ConnectOptions:
    """Both ways in which the SDK talks to a server."""
    return ConnectOptions(single_peer_connection=request.param)


_room_numbers = count(1)


@pytest.fixture
def room_name() -> str:
    """A room of the test's own, so that tests share a server and nothing else."""
    return f"test-{os.getpid()}-{next(_room_numbers)}"


Join = Callable[..., Awaitable[RoomConnection]]


@pytest.fixture
async def join(access: RoomAccess, room_name: str, options: ConnectOptions) -> AsyncIterator[Join]:
    """Join the test's room: `await join("ada", can_publish=False)`. All leave at the end, and leave nothing behind."""
    connections: list[RoomConnection] = []

    async def join_as(
        identity: str,
        *,
        url: str | None = None,
        auto_subscribe: bool = True,
        claims: Mapping[str, object] | None = None,
        connection: RoomConnection | None = None,
        **grants: object,
    ) -> RoomConnection:
        granted = VideoGrants(room_join=True, room=room_name, **grants)
        token = access.token(TokenClaims(identity, granted, **(claims or {})))
        connection = connection or RoomConnection()
        connections.append(connection)
        await connection.connect(url or access.url, token, replace(options, auto_subscribe=auto_subscribe))
        return connection

    yield join_as
    await asyncio.gather(*(connection.aclose() for connection in connections))
    assert sdk.live_subscriptions() == 0


@pytest.fixture
def sdk_rooms() -> list[rtc.Room]:
    """Those that were joined by `sdk_join` and not left yet, newest last."""
    return []


@pytest.fixture
async def sdk_join(access, room_name: str, sdk_rooms: list[rtc.Room]) -> AsyncIterator[Callable]:

    async def join(identity: str) -> rtc.Room:
        claims = TokenClaims(identity, VideoGrants(room_join=True, room=room_name), kind="agent")
        room = rtc.Room()
        await room.connect(access.url, access.token(claims))
        sdk_rooms.append(room)
        return room

    yield join
    for room in sdk_rooms:
        await room.disconnect()


@dataclass(frozen=True)
class Pair:
    """Two participants who see each other."""

    ada: RoomConnection
    bob: RoomConnection


@pytest.fixture
async def pair(join: Join) -> Pair:
    """Ada and Bob, both active."""
    ada, bob = await asyncio.gather(join("ada"), join("bob"))
    await asyncio.gather(ada.wait_for_participant("bob"), bob.wait_for_participant("ada"))
    return Pair(ada, bob)
