"""Waiting for an avatar in a room that the test plays."""

import asyncio
from dataclasses import replace
from types import SimpleNamespace

import pytest

from avatar_core.bench.cast import Cast
from avatar_core.errors import ProviderStartError, ProviderTimeout, RoomLost
from avatar_core.playback.contract import AudioOutput
from avatar_core.providers.contract import ProviderTraits
from avatar_core.room.values import TrackKind
from avatar_core.signal import Signal
from tests.fakes.audio_output import HandDrivenOutput
from tests.fakes.clock import ManualClock, settle

TRAITS = ProviderTraits("wave", "Wave", "built-in", 24_000, exact_position=True)
WHO = "avatar-wave-1"


class Room:
    """The agent's connection as far as Cast looks at it."""

    def __init__(self) -> None:
        self.participants: dict[str, SimpleNamespace] = {}
        self.events = SimpleNamespace(
            participant_disconnected=Signal("left"), state_changed=Signal("state"), data_received=Signal("data")
        )
        self.rpc = SimpleNamespace(register=lambda *_, **__: lambda: None)
        self.failure: Exception | None = None
        self._changed = asyncio.Event()

    def join(self) -> None:
        self.participants[WHO] = SimpleNamespace(identity=WHO, active=True, publications=[])
        self._changed.set()

    def publish(self, *kinds: TrackKind) -> None:
        self.participants[WHO].publications += [SimpleNamespace(kind=kind) for kind in kinds]
        self._changed.set()

    def leave(self) -> None:
        left = self.participants.pop(WHO)
        self.events.participant_disconnected.emit(SimpleNamespace(participant=left, reason=""))

    def lose(self) -> None:
        self.failure = RoomLost("the room went away")
        self._changed.set()

    async def wait_for_participant(self, identity: str, *, timeout_s: float) -> None:
        await self._until(lambda: identity in self.participants)

    async def wait_for_track(self, owner: str, kind: TrackKind, *, subscribed: bool, timeout_s: float) -> None:
        await self._until(lambda: kind in [publication.kind for publication in self.participants[owner].publications])

    async def _until(self, holds) -> None:
        while not holds():
            self._changed.clear()
            await self._changed.wait()
            if self.failure is not None:
                raise self.failure


class Provided:
    """A provider whose avatars do nothing; `why` is what it says of their end."""

    traits = TRAITS
    output: AudioOutput | None = None

    def __init__(self) -> None:
        self.why = ""
        self.closed = 0

    async def start(self, seat: object) -> "Provided":
        return self

    def open_output(self, connection: object) -> AudioOutput | None:
        return self.output

    async def why_ended(self) -> str:
        return self.why

    async def aclose(self) -> None:
        self.closed += 1


class Casting:
    """A cast that starts one avatar."""

    def __init__(self, *, join_timeout_s: float = 20.0) -> None:
        self.room, self.provided, self.clock = Room(), Provided(), ManualClock()
        venue = SimpleNamespace(seat=lambda identity: identity)
        self.cast = Cast(venue, self.room, self.clock, join_timeout_s=join_timeout_s)
        self.starting = asyncio.get_running_loop().create_task(self.cast.start(self.provided, WHO))


def test_no_two_avatars_have_one_identity() -> None:
    cast = Cast(SimpleNamespace(), SimpleNamespace(), ManualClock())
    assert [cast.new_identity(TRAITS) for _ in range(2)] == ["avatar-wave-1", "avatar-wave-2"]


async def test_a_voice_without_a_face_is_there_once_it_is_heard_and_brings_its_own_output() -> None:
    casting = Casting()
    casting.provided.traits = replace(TRAITS, has_face=False)
    casting.provided.output = voice = HandDrivenOutput("voice")
    await settle()
    casting.room.join()
    casting.room.publish(TrackKind.AUDIO)
    actor = await casting.starting
    assert actor.sink is voice
    await actor.aclose()


async def test_an_avatar_is_there_once_it_is_whole() -> None:
    casting = Casting()
    await settle()
    casting.room.join()
    casting.room.publish(TrackKind.AUDIO)
    await settle()
    assert not casting.starting.done()
    casting.clock.move(0.7)
    casting.room.publish(TrackKind.VIDEO)
    actor = await casting.starting
    assert (actor.identity, actor.traits, casting.provided.closed) == (WHO, TRAITS, 0)
    assert actor.join_s == pytest.approx(0.7)
    await actor.aclose()
    await actor.aclose()


async def test_one_that_never_joins_is_given_up_and_ended() -> None:
    casting = Casting(join_timeout_s=0.02)
    with pytest.raises(ProviderTimeout, match=r"Wave did not join in 0\.02 s"):
        await casting.starting
    assert casting.provided.closed == 1


async def test_one_that_joins_without_a_picture_is_given_up_by_what_was_missing() -> None:
    casting = Casting(join_timeout_s=0.05)
    await settle()
    casting.room.join()
    casting.room.publish(TrackKind.AUDIO)
    with pytest.raises(ProviderTimeout, match="joined, but published no video"):
        await casting.starting
    assert casting.provided.closed == 1


async def test_one_that_ends_before_it_joins_is_not_waited_for() -> None:
    casting = Casting()
    casting.provided.why = "exit code 1: no licence"
    with pytest.raises(ProviderStartError, match="ended before it joined: exit code 1: no licence"):
        await casting.starting
    assert casting.provided.closed == 1


async def test_one_that_joins_and_leaves_is_not_waited_for() -> None:
    casting = Casting()
    await settle()
    casting.room.join()
    await settle()
    casting.room.leave()
    with pytest.raises(ProviderStartError, match="left as soon as it had joined"):
        await casting.starting
    assert casting.provided.closed == 1


async def test_a_room_that_goes_away_is_no_late_avatar() -> None:
    casting = Casting()
    await settle()
    casting.room.lose()
    with pytest.raises(ProviderStartError, match="could not join: the room went away"):
        await casting.starting


async def test_a_start_that_is_called_off_ends_what_it_began() -> None:
    casting = Casting()
    await settle()
    casting.starting.cancel()
    await asyncio.gather(casting.starting, return_exceptions=True)
    assert casting.starting.cancelled()
    assert casting.provided.closed == 1


async def test_why_an_avatar_ended_is_asked_until_its_provider_knows() -> None:
    casting = Casting()
    await settle()
    casting.room.join()
    casting.room.publish(*TrackKind)
    actor = await casting.starting
    asking = asyncio.get_running_loop().create_task(actor.why_ended())
    await settle()
    casting.provided.why = "killed by signal SIGKILL"
    assert await asking == "killed by signal SIGKILL"
    await actor.aclose()
