"""Somebody else's room: people come to it by the SDK, and among them an avatar that nobody of the bench drives."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from avatar_core.bench.observe.observed import Observed
from avatar_core.bench.settings.config import Config
from avatar_core.bench.settings.room_choice import Credentials, RoomChoice, RoomKind
from avatar_core.room.connection import RoomConnection
from avatar_core.room.options import VideoPublishOptions
from avatar_core.room.server import start_embedded_room
from avatar_core.tokens import TokenClaims, VideoGrants, mint_token
from avatar_core.wire.livekit import ATTRIBUTE_PUBLISH_ON_BEHALF
from tests.fakes.media_signals import playing_tone, showing_bars

AGENT, AVATAR = "agent-1", "tavus"
_WIDTH_PX, _HEIGHT_PX = 320, 240


class Somebody:
    """One room of a server."""

    def __init__(self, url: str, api_key: str, api_secret: str, room_name: str) -> None:
        self.config = Config(RoomChoice(RoomKind.URL, "a test", url), Credentials(api_key, api_secret))
        self.room_name = room_name
        self._url = url
        self._signed = {"api_key": api_key, "api_secret": api_secret}

    def observed(self, named: str = AVATAR, wait_s: float = 20.0) -> Observed:
        """As a user would name it."""
        return Observed(named, self.room_name, wait_s)

    async def comes(self, identity: str, *, behalf: str = "", kind: str = "standard") -> RoomConnection:
        """Join; who asks leaves for it."""
        attributes = {ATTRIBUTE_PUBLISH_ON_BEHALF: behalf} if behalf else {}
        grants = VideoGrants(room_join=True, room=self.room_name)
        claims = TokenClaims(identity, grants, kind=kind, attributes=attributes)
        connection = RoomConnection()
        await connection.connect(self._url, mint_token(claims, ttl_s=600, **self._signed))
        return connection

    @asynccontextmanager
    async def avatar(self) -> AsyncIterator[None]:
        """It is there, on behalf of AGENT; it sounds, and its face stands still."""
        async with AsyncExitStack() as stack:
            connection = await stack.enter_async_context(await self.comes(AVATAR, behalf=AGENT, kind="agent"))
            video = await connection.publish_video("face", VideoPublishOptions(_WIDTH_PX, _HEIGHT_PX))
            await stack.enter_async_context(showing_bars(video, _WIDTH_PX, _HEIGHT_PX))
            await stack.enter_async_context(playing_tone(await connection.publish_audio("voice")))
            yield


@asynccontextmanager
async def somebody_with_a_room() -> AsyncIterator[Somebody]:
    """On an embedded room of its own."""
    key, secret = "somebody", "a-secret-of-somebody-of-32-bytes-or-more"
    server = await start_embedded_room(api_key=key, api_secret=secret, why="a test")
    try:
        yield Somebody(server.room.url, key, secret, "theirs")
    finally:
        await server.aclose()
