"""What a provider is: something that, given a place in a room, makes an avatar join it."""

from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from avatar_core.playback.contract import AudioOutput
from avatar_core.room.connection import RoomConnection
from avatar_core.signal import Signal


@dataclass(frozen=True, slots=True)
class ProviderTraits:
    """What is known of a provider before it is started. `id` is stable and fit for names of files and widgets.

    `sample_rate_hz` is the rate it wants its speech in. `exact_position`: its acknowledgements tell what was really
    played, so unplayed speech may be carried to another avatar. `shows_pattern`: the sync pattern can be measured.
    Without `has_face` it publishes sound alone.
    """

    id: str
    name: str
    kind: str
    sample_rate_hz: int
    exact_position: bool = False
    shows_pattern: bool = False
    has_face: bool = True


@dataclass(frozen=True, slots=True)
class Seat:
    """A place in a room, made for one avatar: where, as whom, and with which token. The token never shows in a repr."""

    url: str
    room_name: str
    identity: str
    agent_identity: str
    token: str = field(repr=False)


class Avatar(Protocol):
    """An avatar that was started; whether it has joined is seen in the room."""

    async def open_output(self, connection: RoomConnection) -> AudioOutput | None:
        """Its own way to take speech, closed with it; None where that is LiveKit's data stream.

        Called once, when it is in the room; `connection` is the agent's, for what has to come from the agent. Raises
        RoomError where that can't be.
        """
        ...

    async def why_ended(self) -> str:
        """What the provider says of its end, in words for the user; empty where it knows nothing."""
        ...

    async def aclose(self) -> None:
        """Make it leave and free what it held; harmless twice, never raises what a user can meet."""
        ...


@runtime_checkable
class Killable(Protocol):
    """An avatar whose process runs on this machine."""

    async def kill(self) -> None:
        """End it as a crash does; raises ProviderError where it can't be found."""
        ...


@runtime_checkable
class Accompanied(Protocol):
    """An avatar with processes of its own on this machine beside its worker, which the end of a dispatcher ends."""

    async def dismiss(self) -> None:
        """End those; harmless twice."""
        ...


@runtime_checkable
class Measuring(Protocol):
    """An avatar whose provider measures something itself: `measured` tells a metric's name and a value of it."""

    measured: Signal[tuple[str, float]]


class Provider(Protocol):
    """One entry of the registry. Starting twice gives two avatars."""

    @property
    def traits(self) -> ProviderTraits:
        """What it is."""
        ...

    async def start(self, seat: Seat) -> Avatar:
        """Start an avatar for `seat`; raises ProviderStartError with what was refused and what to try."""
        ...
