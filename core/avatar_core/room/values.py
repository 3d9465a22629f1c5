"""What a room shows of itself: frozen snapshots and the facts that a connection announces. No SDK object is in here."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum


class ConnectionState(Enum):
    """Where a connection stands. LOST and CLOSED are final."""

    NEW = "new"
    CONNECTING = "connecting"
    CONNECTED = "connected"
    RECONNECTING = "reconnecting"
    LOST = "lost"
    CLOSED = "closed"


class TrackKind(Enum):
    """What a track carries."""

    AUDIO = "audio"
    VIDEO = "video"


class TrackSource(Enum):
    """What a track shows, by the names that access tokens use."""

    UNKNOWN = "unknown"
    CAMERA = "camera"
    MICROPHONE = "microphone"
    SCREEN_SHARE = "screen_share"
    SCREEN_SHARE_AUDIO = "screen_share_audio"


@dataclass(frozen=True)
class Publication:
    """One published track as seen at one moment; `owner` is the identity of its participant."""

    sid: str
    owner: str
    name: str
    kind: TrackKind
    source: TrackSource
    muted: bool
    subscribed: bool
    mime_type: str
    width_px: int = 0
    height_px: int = 0


@dataclass(frozen=True)
class Participant:
    """One participant as seen at one moment; `kind` is LiveKit's: standard, ingress, egress, sip or agent.

    Only an `active` one has its transport up, and so receives data and RPC.
    """

    identity: str
    sid: str
    name: str
    kind: str
    metadata: str
    attributes: Mapping[str, str]
    active: bool
    publications: tuple[Publication, ...]


@dataclass(frozen=True)
class StateChanged:
    """The connection went from one state to another; `reason` is LiveKit's word for it, or empty."""

    previous: ConnectionState
    current: ConnectionState
    reason: str = ""

    @property
    def reconnected(self) -> bool:
        """Whether an interrupted connection is whole again."""
        return self.previous is ConnectionState.RECONNECTING and self.current is ConnectionState.CONNECTED


@dataclass(frozen=True)
class ParticipantLeft:
    """Somebody left; `reason` is LiveKit's word for it, or empty where the server gave none."""

    participant: Participant
    reason: str


@dataclass(frozen=True)
class SubscriptionFailed:
    """A track of `owner` could not be subscribed."""

    owner: str
    track_sid: str
    error: str


@dataclass(frozen=True)
class Republished:
    """The SDK published an own track again after a full reconnect, under a new sid."""

    name: str
    previous_sid: str
    sid: str


@dataclass(frozen=True)
class DataPacket:
    """One data packet; `sender` is an identity, empty where a server sent it."""

    payload: bytes
    topic: str
    sender: str
    reliable: bool
