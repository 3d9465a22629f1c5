"""Which room is taken, why, and what tokens for it are signed with."""

from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import urlsplit

from avatar_core.errors import ConfigError

URL_NAME = "LIVEKIT_URL"
KEY_NAME = "LIVEKIT_API_KEY"
SECRET_NAME = "LIVEKIT_API_SECRET"


@dataclass(frozen=True)
class Credentials:
    """The API key and secret that tokens for a room are signed with."""

    api_key: str = field(repr=False)
    api_secret: str = field(repr=False)

    def __post_init__(self) -> None:
        for missing, present, value in (
            (KEY_NAME, SECRET_NAME, self.api_key),
            (SECRET_NAME, KEY_NAME, self.api_secret),
        ):
            if not value:
                raise ConfigError(f"{present} is set but {missing} is not. Set both or neither.")


class RoomKind(StrEnum):
    """Which server is behind the room: ours, a `livekit-server` that we start, or one that runs already."""

    EMBEDDED = "embedded"
    SERVER = "server"
    URL = "url"


@dataclass(frozen=True)
class RoomChoice:
    """The room that is taken and, for the user to see, why. `url` is set for RoomKind.URL alone."""

    kind: RoomKind
    reason: str
    url: str = ""

    def __post_init__(self) -> None:
        if self.kind is not RoomKind.URL:
            if self.url:
                raise ValueError(f"a room of the kind {self.kind} has no URL")
            return
        address = self._address()
        if address is None or address[0] not in ("ws", "wss", "http", "https"):
            raise ConfigError(f"The room's URL is not like wss://host or ws://host:7880 ({self.reason}).")

    @property
    def host(self) -> str:
        """Host and port of `url`, fit to be shown; empty without a URL."""
        address = self._address()
        return address[1] if address else ""

    def _address(self) -> tuple[str, str] | None:
        try:
            parts = urlsplit(self.url)
            host, port = parts.hostname, parts.port
        except ValueError:
            return None
        # A name and password inside a URL would end up in logs.
        if not host or parts.username is not None:
            return None
        shown = f"[{host}]" if ":" in host else host
        return parts.scheme, f"{shown}:{port}" if port else shown
