"""What the room server is told when it starts, validated once; it reads no environment."""

import ipaddress
from dataclasses import dataclass, field

from avatar_core.errors import ConfigError

MIN_OWN_SECRET_BYTES = 32
MIN_LOOPBACK_SECRET_BYTES = 6


@dataclass(frozen=True)
class Limits:
    """Bounds on what one client, or one room, can make the server hold."""

    rooms: int = 64
    participants_per_room: int = 64
    tracks_per_participant: int = 32
    connect_s: float = 30.0
    """From a join until media and data flow; twice what the SDK allows itself."""
    signal_message_bytes: int = 1 << 20
    signal_queue_messages: int = 1024
    signal_write_s: float = 10.0
    """How long a client may leave one message unread."""
    signal_requests_per_s: float = 100.0
    signal_requests_at_once: float = 500.0
    """Past these a client's requests wait: each may cost every other client a message."""
    sdp_bytes: int = 256 << 10
    media_sections: int = 256
    metadata_bytes: int = 64 << 10
    name_bytes: int = 1 << 10
    track_bytes: int = 16 << 10
    """All that a client says of one track; everybody is told."""
    identity_bytes: int = 256
    data_packet_bytes: int = 65_535
    data_queue_bytes: int = 32 << 20
    """Reliable data a slow receiver may leave unread before the server lets it go."""
    lossy_queue_bytes: int = 1 << 20
    """Past this, lossy packets to that receiver are dropped and counted."""


@dataclass(frozen=True)
class RoomServerConfig:
    """Where to listen and whose tokens to accept. Raises ConfigError for what would not be safe.

    `host` is the one address that clients reach, for signalling (TCP) and media (UDP); `port` is that of
    signalling, 0 for any free one.
    """

    api_key: str
    api_secret: str = field(repr=False)
    host: str = "127.0.0.1"
    port: int = 0
    quiet_update_s: float = 0.0
    """How often the others are told of participants that publish nothing; 0 at once. LiveKit's own server: 3 s."""
    limits: Limits = Limits()

    def __post_init__(self) -> None:
        if not self.api_key:
            raise ConfigError("The room server needs an API key. Set LIVEKIT_API_KEY.")
        if not 0 <= self.port <= 65_535:
            raise ConfigError(f"Port {self.port} is not one. Take 0 (any free port) to 65535.")
        if not 0 <= self.quiet_update_s <= 60:
            raise ConfigError(f"quiet_update_s is {self.quiet_update_s:g}; take 0 (at once) to 60.")
        address = self._address()
        if address.is_unspecified:
            raise ConfigError(
                f"{self.host} is not an address clients can reach. Name the one interface address to listen on."
            )
        secret_bytes = len(self.api_secret.encode())
        if not address.is_loopback and secret_bytes < MIN_OWN_SECRET_BYTES:
            raise ConfigError(
                f"Listening on {self.host} opens the room to the network and needs an own secret of "
                f"{MIN_OWN_SECRET_BYTES} bytes or more; this one has {secret_bytes}. Set LIVEKIT_API_SECRET."
            )
        if secret_bytes < MIN_LOOPBACK_SECRET_BYTES:
            raise ConfigError(f"The API secret is shorter than {MIN_LOOPBACK_SECRET_BYTES} bytes.")

    def _address(self) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
        try:
            return ipaddress.ip_address("127.0.0.1" if self.host == "localhost" else self.host)
        except ValueError:
            raise ConfigError(f"{self.host!r} is not an IP address of this machine.") from None

    @property
    def address(self) -> str:
        """The numeric form of `host`."""
        return str(self._address())
