"""Waiting for an avatar in a room that the test plays."""

import asyncio
from dataclasses import replace
from types import SimpleNamespace

import pytest

from avatar_core.bench.stage.cast import Cast
from avatar_core.errors import ProviderStartError, ProviderTimeout
from avatar_core.playback.contract import AudioOutput
from avatar_core.providers.contract import ProviderTraits
from avatar_core.room.values import TrackKind
from tests.fakes.audio_output import HandDrivenOutput
from tests.fakes.clock import ManualClock, settle
from tests.fakes.room import FakeRoom

TRAITS = ProviderTraits("wave", "Wave", "built-in", 24_000, exact_position=True)
WHO = "avatar-wave-1"


class Provided:
    """A provider whose avatars do nothing; `why` is what it says of their end."""

    traits = TRAITS
    output: AudioOutput | None = None

    def __init__(self) -> None:
        self.why = ""
        self.closed = 0
        self.answers: asyncio.Event | None = None

    async def start(self, seat: object) -> "Provided":
        if self.answers is not None:
            await self.answers.wait()
        return self

    async def open_output(self, connection: object) -> AudioOutput | None:
        return self.output

    async def why_ended(self) -> str:
        return self.why

    async def aclose(self) -> None:
        self.closed += 1


class Casting:
    """A cast that starts one avatar."""

    def __init__(self, *, join_timeout_s: float = 20.0) -> None:
        self.room, self.provided, self.clock = FakeRoom(), Provided(), ManualClock()
        self.agent = self.room.join("bench-agent")
        venue = SimpleNamespace(seat=lambda identity: identity)
        self.cast = Cast(venue, self.agent, self.clock, join_timeout_s=join_timeout_s)
        self.starting = asyncio.get_running_loop().create_task(self.cast.start(self.provided, WHO))


def test_no_two_avatars_have_one_identity() -> None:
    cast = Cast(SimpleNamespace(), SimpleNamespace(), ManualClock())
    assert [cast.new_identity(TRAITS) for _ in range(2)] == ["avatar-wave-1", "avatar-wave-2"]


async def test_a_voice_without_a_face_is_there_once_it_is_heard_and_brings_its_own_output() -> None:
    casting = Casting()
    casting.provided.traits = replace(TRAITS, has_face=False)
    casting.provided.output = voice = HandDrivenOutput("voice")
    await settle()
    casting.room.join(WHO).publish(TrackKind.AUDIO)
    actor = await casting.starting
    assert actor.sink is voice
    await actor.aclose()


async def test_an_avatar_is_there_once_it_is_whole() -> None:
    casting = Casting()
    await settle()
    avatar = casting.room.join(WHO)
    avatar.publish(TrackKind.AUDIO)
    await settle()
    assert not casting.starting.done()
    casting.clock.move(0.7)
    avatar.publish(TrackKind.VIDEO)
    actor = await casting.starting
    assert (actor.identity, actor.traits, casting.provided.closed) == (WHO, TRAITS, 0)
    assert actor.join_s == pytest.approx(0.7)
    await actor.aclose()
    await actor.aclose()


async def test_the_steps_of_an_avatar_are_told_as_they_come() -> None:
    casting = Casting()
    steps: list[tuple[str, float]] = []
    casting.cast.coming.connect(lambda step: steps.append((step.kind, step.at_s)))
    casting.provided.answers = asyncio.Event()
    begun_s = casting.clock.now()
    await settle()
    casting.clock.move(2.0)
    casting.provided.answers.set()
    await settle()
    casting.clock.move(0.5)
    avatar = casting.room.join(WHO)
    avatar.publish(TrackKind.AUDIO)
    avatar.publish(TrackKind.VIDEO)
    await (await casting.starting).aclose()
    assert steps == [("called", begun_s), ("created", begun_s + 2.0), ("joined", begun_s + 2.5)]


async def test_one_that_never_joins_is_given_up_and_ended() -> None:
    casting = Casting(join_timeout_s=0.02)
    with pytest.raises(ProviderTimeout, match=r"Wave did not join in 0\.02 s"):
        await casting.starting
    assert casting.provided.closed == 1


async def test_one_that_joins_without_a_picture_is_given_up_by_what_was_missing() -> None:
    casting = Casting(join_timeout_s=0.05)
    await settle()
    casting.room.join(WHO).publish(TrackKind.AUDIO)
    with pytest.raises(ProviderTimeout, match=r"joined, but in 0\.05 s .* publishes no video"):
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
    avatar = casting.room.join(WHO)
    await settle()
    avatar.leave()
    with pytest.raises(ProviderStartError, match=r"left as soon as it had joined\.$"):
        await casting.starting
    assert casting.provided.closed == 1


@pytest.mark.parametrize("whole", [False, True])
async def test_why_one_left_is_said_though_its_provider_knows_after_the_room(whole: bool) -> None:
    casting = Casting()
    await settle()
    avatar = casting.room.join(WHO)
    for kind in TrackKind if whole else ():
        avatar.publish(kind)
    await settle(1 if whole else 10)
    avatar.leave()
    await settle()
    casting.provided.why = "exit code 1: no licence"
    with pytest.raises(ProviderStartError, match=r"left as soon as it had joined: exit code 1: no licence\.$"):
        await casting.starting
    assert casting.provided.closed == 1


async def test_a_room_that_goes_away_is_no_late_avatar() -> None:
    casting = Casting()
    await settle()
    casting.agent.lose()
    with pytest.raises(ProviderStartError, match="could not join: the room is lost"):
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
    avatar = casting.room.join(WHO)
    for kind in TrackKind:
        avatar.publish(kind)
    actor = await casting.starting
    asking = asyncio.get_running_loop().create_task(actor.why_ended())
    await settle()
    casting.provided.why = "killed by signal SIGKILL"
    assert await asking == "killed by signal SIGKILL"
    await actor.aclose()
