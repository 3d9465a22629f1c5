"""The room a session takes place in: which server, why, its name, and the tokens for everybody who comes."""

import secrets
import shutil
from collections.abc import Callable

from avatar_core.bench.settings.config import Config
from avatar_core.bench.settings.room_choice import RoomKind
from avatar_core.errors import ConfigError
from avatar_core.providers.contract import Seat
from avatar_core.room.server import RoomServer, RunningRoom, start_embedded_room, start_livekit_server
from avatar_core.tokens import TokenClaims, VideoGrants, mint_token
from avatar_core.wire.livekit import ATTRIBUTE_PUBLISH_ON_BEHALF

AGENT_IDENTITY = "bench-agent"
VIEWER_IDENTITY = "bench-viewer"

_AVATAR_TOKEN_S = 15 * 60
_OWN_TOKEN_S = 6 * 3600


class Venue:
    """Owned by the session; a server that was started for it ends with it."""

    def __init__(self, room: RunningRoom, room_name: str, server: RoomServer | None) -> None:
        self.room = room
        self.room_name = room_name
        self._server = server

    @property
    def server_pid(self) -> int | None:
        """The process of a server that was started for it."""
        return self._server.pid if self._server is not None else None

    def on_server_exit(self, tell: Callable[[str], None]) -> None:
        """Call `tell` with the end of the log should the server we started end by itself."""
        if self._server is not None:
            self._server.exited.connect(lambda ended: tell("\n".join(ended.last_lines) or f"exit {ended.exit_code}"))

    def agent_token(self) -> str:
        """For the bench agent: everything an agent does, short of administration."""
        return self._mint(AGENT_IDENTITY, "agent", VideoGrants(room_join=True, room=self.room_name), _OWN_TOKEN_S)

    def viewer_token(self) -> str:
        """For the bench viewer: it sees and hears, and publishes nothing."""
        grants = VideoGrants(room_join=True, room=self.room_name, can_publish=False, can_publish_data=False)
        return self._mint(VIEWER_IDENTITY, "standard", grants, _OWN_TOKEN_S)

    def observer_token(self, identity: str) -> str:
        """For a viewer in somebody else's room: hidden, so that no agent takes it for its user, and mute."""
        grants = VideoGrants(
            room_join=True, room=self.room_name, can_publish=False, can_publish_data=False, hidden=True
        )
        return self._mint(identity, "standard", grants, _OWN_TOKEN_S)

    def seat(self, identity: str, agent: str = AGENT_IDENTITY) -> Seat:
        """For an avatar: camera, microphone, data, its own attributes, on behalf of `agent`; valid to join by soon."""
        grants = VideoGrants(
            room_join=True,
            room=self.room_name,
            can_publish_sources=("camera", "microphone"),
            can_publish=True,
            can_publish_data=True,
            can_update_own_metadata=True,
        )
        token = self._mint(identity, "agent", grants, _AVATAR_TOKEN_S, {ATTRIBUTE_PUBLISH_ON_BEHALF: agent})
        return Seat(self.room.url, self.room_name, identity, agent, token)

    async def aclose(self) -> None:
        """End the server that was started for it; harmless twice."""
        if self._server is not None:
            await self._server.aclose()

    def _mint(
        self, identity: str, kind: str, grants: VideoGrants, ttl_s: float, attributes: dict[str, str] | None = None
    ) -> str:
        claims = TokenClaims(identity=identity, name=identity, kind=kind, grants=grants, attributes=attributes or {})
        return mint_token(claims, api_key=self.room.api_key, api_secret=self.room.api_secret, ttl_s=ttl_s)


async def open_venue(config: Config, room_name: str) -> Venue:
    """Take the room that `config` chose, starting its server where that is ours to do.

    Raises RoomServerError where it does not start, ConfigError where there is no `livekit-server` to start.
    """
    choice = config.room
    if choice.kind is RoomKind.URL:
        assert config.credentials is not None, "Config has checked this"
        credentials = config.credentials
        room = RunningRoom(choice.url, credentials.api_key, credentials.api_secret, "url", choice.reason)
        return Venue(room, room_name, None)
    key, secret = f"bench-{secrets.token_hex(4)}", secrets.token_urlsafe(32)
    if choice.kind is RoomKind.EMBEDDED:
        server = await start_embedded_room(api_key=key, api_secret=secret, why=choice.reason)
        return Venue(server.room, room_name, server)
    executable = shutil.which("livekit-server")
    if executable is None:
        raise ConfigError("There is no livekit-server on PATH. Install one, or take --room embedded.")
    server = await start_livekit_server(executable, api_key=key, api_secret=secret, why=choice.reason)
    return Venue(server.room, room_name, server)
