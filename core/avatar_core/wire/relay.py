"""What a VideoSDK relay is told by its owner, and tells it. Times and delays are of CLOCK_MONOTONIC."""

from dataclasses import dataclass, field
from typing import Annotated, Final, Literal

from avatar_core.wire.codec import Within
from avatar_core.wire.control import Vocabulary
from avatar_core.wire.fields import Count, MediaKind, MonotonicS, Name, Ratio, Secret, Text
from avatar_core.wire.process_messages import Stop

DelayMs = Annotated[float, Within(0, 60_000)]


@dataclass(frozen=True, slots=True)
class MeetingPlace:
    """A place in a meeting, and `peer`: whom to stand for in the room. `sdk` says whose meeting it is.

    The stand-in's `url` is that of its LiveKit server; VideoSDK's is the host to ask for a meeting, empty for its own.
    The stand-in loses `loss` of the channel RELIABLE's messages, and any message is late by up to `spread_s`, so that
    they overtake each other (PROTOCOLS V6); `seed` says which.
    """

    sdk: Literal["videosdk", "stand-in"]
    meeting_id: Name
    participant_id: Name
    peer: Name
    token: Secret = field(repr=False)
    url: str = ""
    loss: Ratio = 0.0
    spread_s: Annotated[float, Within(0, 10)] = 0.0
    seed: Count = 0


@dataclass(frozen=True, slots=True)
class RoomPlace:
    """A place in a LiveKit room, and `peer`: whom to stand for in the meeting."""

    url: Name
    peer: Name
    token: Secret = field(repr=False)


@dataclass(frozen=True, slots=True)
class JoinBoth:
    """First line: be in both."""

    meeting: MeetingPlace
    room: RoomPlace


@dataclass(frozen=True, slots=True)
class MeetingJoined:
    """The relay is in the meeting, and waits for its peer there."""

    at_s: MonotonicS


@dataclass(frozen=True, slots=True)
class PeerCame:
    """The meeting's peer is there, and stood for in the room."""

    name: Text
    at_s: MonotonicS


@dataclass(frozen=True, slots=True)
class PeerLeft:
    """The meeting's peer is gone, and so is who stood for it; it may come back."""

    at_s: MonotonicS


@dataclass(frozen=True, slots=True)
class Relayed:
    """What passed since the last one: of `count` frames of a track of the meeting, how long they were in the relay."""

    kind: MediaKind
    count: Count
    p50_ms: DelayMs
    p95_ms: DelayMs
    max_ms: DelayMs
    at_s: MonotonicS


@dataclass(frozen=True, slots=True)
class RelayEnded:
    """The relay's last words. Messages: those it passed on, those of others than its peers, those that did not go."""

    reason: Literal["stopped", "not_joined", "meeting_lost", "room_lost", "failed"]
    detail: Text
    messages: Count
    refused: Count
    lost: Count
    at_s: MonotonicS


RELAY_ORDERS: Final = Vocabulary("owner to relay", JoinBoth, Stop)
RELAY_EVENTS: Final = Vocabulary("relay to owner", MeetingJoined, PeerCame, PeerLeft, Relayed, RelayEnded)
