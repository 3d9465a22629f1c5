"""The avatars of a session: started through their providers, awaited in the room, ended."""

import asyncio
import itertools
import logging
from dataclasses import dataclass, replace
from typing import Literal

from avatar_core.bench.stage.interrupting import ANSWER_TIMEOUT_S
from avatar_core.bench.stage.venue import Venue
from avatar_core.clock import Clock, wall_time
from avatar_core.errors import ProviderError, ProviderStartError, RoomError
from avatar_core.playback.contract import AudioOutput
from avatar_core.providers.contract import Accompanied, Avatar, Killable, Measuring, Provider, ProviderTraits
from avatar_core.providers.joining import JOIN_TIMEOUT_S, AvatarMetrics, wait_for_join
from avatar_core.room.connection import RoomConnection
from avatar_core.room.data_stream_output import DataStreamAudioOutput
from avatar_core.room.values import ParticipantLeft, TrackKind
from avatar_core.signal import Signal
from avatar_core.tasks import cancel_and_wait, spawn

_log = logging.getLogger(__name__)

_ASK_INTERVAL_S = 0.5
_ASKED_AGAIN, _ASKED_AGAIN_S = 4, 0.1
_CLEAR_TIMEOUT_S = ANSWER_TIMEOUT_S + 0.3
_MAX_SPEED = 2.0
"""Speech goes out at most twice as fast as it is heard: a burst would stand in the way of sound and picture."""


@dataclass(frozen=True, slots=True)
class Coming:
    """A step of an avatar on its way: its provider was called, answered that it is created, it is whole in the room."""

    identity: str
    traits: ProviderTraits
    kind: Literal["called", "created", "joined"]
    at_s: float


@dataclass(eq=False)
class Actor:
    """One avatar that is in the room: who it is, what it takes speech through, how it is ended.

    `joined` has the wall-clock times of its start and its join, `join_s` the seconds between them.
    """

    identity: str
    traits: ProviderTraits
    sink: AudioOutput
    join_s: float
    joined: AvatarMetrics
    _avatar: Avatar

    async def why_ended(self) -> str:
        """What its provider says of its end."""
        return await _why_ended(self._avatar)

    @property
    def measured(self) -> Signal[tuple[str, float]] | None:
        """Tells what its provider measures itself, where it does: a metric's name, and a value of it."""
        return self._avatar.measured if isinstance(self._avatar, Measuring) else None

    async def kill(self) -> None:
        """End its process as a crash does; raises ProviderError where it has none on this machine."""
        if not isinstance(self._avatar, Killable):
            raise ProviderError(f"{self.traits.name} has no process on this machine that could be killed.")
        await self._avatar.kill()

    async def dismiss(self) -> None:
        """End what was started for it beside its worker; harmless twice."""
        if isinstance(self._avatar, Accompanied):
            await self._avatar.dismiss()

    async def aclose(self) -> None:
        """Make it leave; harmless twice."""
        await self.sink.aclose()
        await self._avatar.aclose()


class Cast:
    """Starts actors for one venue; owned by the session, which owns each actor it is handed."""

    def __init__(
        self, venue: Venue, connection: RoomConnection, clock: Clock, *, join_timeout_s: float = JOIN_TIMEOUT_S
    ) -> None:
        self._venue = venue
        self._connection = connection
        self._clock = clock
        self._join_timeout_s = join_timeout_s
        self._numbers = itertools.count(1)
        self.coming: Signal[Coming] = Signal("avatar coming")
        self.identities: set[str] = set()
        """Of every avatar that was started, those that left too."""

    def new_identity(self, traits: ProviderTraits) -> str:
        """An identity that nobody in this session had."""
        return f"avatar-{traits.id}-{next(self._numbers)}"

    async def start(self, provider: Provider, identity: str) -> Actor:
        """Start an avatar and wait until it is in the room with sound and, where it has a face, picture.

        Raises ProviderStartError where the provider refuses or the avatar ends early, ProviderTimeout where it does
        not come; whatever was started is ended then, also when cancelled.
        """
        started_s, started_wall_s = self._clock.now(), wall_time()
        self.identities.add(identity)
        self.coming.emit(Coming(identity, provider.traits, "called", started_s))
        avatar = await provider.start(self._venue.seat(identity))
        self.coming.emit(Coming(identity, provider.traits, "created", self._clock.now()))
        try:
            joined = await self._joined(avatar, identity, provider.traits)
            if self._connection.participant(identity) is None:
                raise await _left_early(avatar, provider.traits)
            self.coming.emit(Coming(identity, provider.traits, "joined", self._clock.now()))
            sink = await avatar.open_output(self._connection) or self._data_stream(identity, provider.traits)
        except BaseException as failure:
            await avatar.aclose()
            if isinstance(failure, RoomError):
                raise ProviderStartError(f"{provider.traits.name} can't be spoken through: {failure}") from failure
            raise
        joined = replace(joined, session_started_time=started_wall_s, model_provider=provider.traits.id)
        return Actor(identity, provider.traits, sink, self._clock.now() - started_s, joined, avatar)

    async def back(self, actor: Actor) -> None:
        """Return once the avatar `actor`, which left, is whole again under its identity; RoomError without a room."""
        await wait_for_join(self._connection, actor.identity, kinds=_kinds(actor.traits), timeout=None)

    def _data_stream(self, identity: str, traits: ProviderTraits) -> AudioOutput:
        return DataStreamAudioOutput(
            self._connection,
            identity,
            sample_rate_hz=traits.sample_rate_hz,
            exact_position=traits.exact_position,
            wait_remote_tracks=_kinds(traits),
            max_speed=_MAX_SPEED,
            # Ours tell when they start to play; of others that is not known, so it counts from the first frame sent.
            wait_playback_start=traits.exact_position,
            clear_buffer_timeout_s=_CLEAR_TIMEOUT_S,
        )

    async def _joined(self, avatar: Avatar, identity: str, traits: ProviderTraits) -> AvatarMetrics:
        """Until the avatar is whole; an avatar that came and went, or whose process ended, is not waited for."""
        left = spawn(self._left(identity), name=f"{identity} leaves early")
        ended = spawn(self._ended(avatar), name=f"{identity} ends early")
        join = wait_for_join(
            self._connection, identity, kinds=_kinds(traits), timeout=self._join_timeout_s, name=traits.name
        )
        ready = spawn(join, name=f"{identity} joins")
        try:
            await asyncio.wait((ready, left, ended), return_when=asyncio.FIRST_COMPLETED)
            if ended.done():
                raise ProviderStartError(f"{traits.name} ended before it joined: {ended.result()}.")
            if left.done():
                raise await _left_early(avatar, traits)
            return ready.result()
        except RoomError as error:
            raise ProviderStartError(f"{traits.name} could not join: {error}") from error
        finally:
            await cancel_and_wait(left, ended, ready)

    async def _left(self, identity: str) -> None:
        gone = asyncio.Event()

        def on_left(left: ParticipantLeft) -> None:
            if left.participant.identity == identity:
                gone.set()

        disconnect = self._connection.events.participant_disconnected.connect(on_left)
        try:
            await gone.wait()
        finally:
            disconnect()

    async def _ended(self, avatar: Avatar) -> str:
        """The provider's word for the end of its avatar, once it has one."""
        while not (why := await avatar.why_ended()):
            await asyncio.sleep(_ASK_INTERVAL_S)
        return why


async def _why_ended(avatar: Avatar) -> str:
    """Its provider's word; asked again for a moment, since the room may know of an end first."""
    for _ in range(_ASKED_AGAIN):
        if why := await avatar.why_ended():
            return why
        await asyncio.sleep(_ASKED_AGAIN_S)
    return await avatar.why_ended()


async def _left_early(avatar: Avatar, traits: ProviderTraits) -> ProviderStartError:
    why = await _why_ended(avatar)
    return ProviderStartError(f"{traits.name} left as soon as it had joined{f': {why}' if why else ''}.")


def _kinds(traits: ProviderTraits) -> tuple[TrackKind, ...]:
    """What it publishes."""
    return tuple(TrackKind) if traits.has_face else (TrackKind.AUDIO,)
