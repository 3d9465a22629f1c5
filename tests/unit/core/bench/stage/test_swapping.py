"""Swaps over a stage of fakes: who takes over when, what is measured, and what is left when it goes wrong."""

import asyncio
from collections.abc import AsyncIterator
from types import SimpleNamespace

import pytest

from avatar_core.bench.stage.cast import Actor
from avatar_core.bench.stage.swapping import SwapMeasured, Swaps
from avatar_core.bench.viewing.hearing import Hearing
from avatar_core.errors import ProviderStartError
from avatar_core.playback.agent_output import AgentOutput
from avatar_core.playback.recall import SwapOutcome, SwapPolicy
from avatar_core.providers.contract import ProviderTraits
from avatar_core.providers.joining import AvatarMetrics
from avatar_core.wire.viewer_commands import FollowAvatar
from avatar_core.wire.viewer_events import MediaGap, SoundChanged
from tests.fakes.audio_output import RemoteOutput, speech
from tests.fakes.clock import ManualClock, settle

OLD, NEW = "avatar-wave-1", "avatar-wave-2"
TRAITS = ProviderTraits("wave", "Wave", "built-in", 8_000, exact_position=True)
PROVIDER = SimpleNamespace(traits=TRAITS)
CARRY, FINISH = SwapPolicy.CARRY, SwapPolicy.FINISH


class Avatar:
    """What a provider started."""

    def __init__(self) -> None:
        self.closed = 0

    async def why_ended(self) -> str:
        return ""

    async def aclose(self) -> None:
        self.closed += 1


class Scene:
    """A stage with one avatar that plays in virtual time; `told` are the commands to the viewer."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.hearing = Hearing()
        self.output = AgentOutput(clock=self.clock)
        self.live: list[str] = []
        self.told: list[object] = []
        self.failure: ProviderStartError | None = None
        self.actors: list[Actor] = []
        self.actor: Actor | None = self.make(OLD)
        self.output.audio = self.actors[0].sink
        self.cast = SimpleNamespace(new_identity=lambda _: NEW, start=self._start)
        self.viewer = SimpleNamespace(send=self._tell)
        self.connection = SimpleNamespace(participant=lambda _: None, wait_for=self._wait_for)
        self.swaps = Swaps(self.output, self.hearing, self.clock, lambda actor: self.live.append(actor.identity))

    def make(self, identity: str) -> Actor:
        actor = Actor(identity, TRAITS, RemoteOutput(self.clock, identity), 0.5, AvatarMetrics(0.0), Avatar())
        self.actors.append(actor)
        return actor

    async def _start(self, _: object, identity: str) -> Actor:
        await asyncio.sleep(0)
        if self.failure is not None:
            raise self.failure
        return self.make(identity)

    def _tell(self, command: object) -> None:
        self.told.append(command)
        identity = command.identity if isinstance(command, FollowAvatar) else ""
        now_s = self.clock.now()
        self.hearing.take(MediaGap("video", OLD, identity, now_s - 0.02, now_s + 0.03))

    async def _wait_for(self, find, *, what: str, timeout_s: float) -> object:
        return find()

    def sounds(self, identity: str, audible: bool = True) -> None:
        self.hearing.take(SoundChanged(identity, audible, self.clock.now()))

    async def speak(self) -> None:
        """Two seconds are sent, half of one is heard."""
        await self.output.audio.capture_frame(speech(2.0))
        await self.clock.advance(0.01)
        self.sounds(OLD)
        for _ in range(50):
            await self.clock.advance(0.01)

    def swap(self, policy: SwapPolicy = CARRY, *, in_place: bool = False, paused: bool = False) -> asyncio.Task:
        swap = self.swaps.in_place if in_place else self.swaps.beside
        return asyncio.get_running_loop().create_task(swap(self, PROVIDER, policy, paused=paused))

    async def finish(self, swap: asyncio.Task) -> object:
        for _ in range(400):
            if swap.done():
                break
            await self.clock.advance(0.01)
        return await swap

    async def aclose(self) -> None:
        await self.output.aclose()
        for actor in self.actors:
            await actor.sink.aclose()


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    made = Scene()
    yield made
    await made.aclose()


async def test_the_new_one_takes_over_and_the_old_one_leaves(scene: Scene) -> None:
    old = scene.actor
    measured = await scene.finish(scene.swap())
    assert scene.actor.identity == NEW
    assert scene.live == [NEW]
    assert scene.told == [FollowAvatar(NEW)]
    assert old._avatar.closed == 1
    assert measured.video_gap_ms == pytest.approx(50.0)


async def test_where_nobody_speaks_there_is_no_sound_gap_and_nothing_to_lose(scene: Scene) -> None:
    measured = await scene.finish(scene.swap())
    assert measured.audio_gap_ms is None
    assert set(measured.values) == {"swap_video_gap_ms"}


async def test_a_word_goes_on_with_the_new_one_and_the_gap_of_sound_is_the_viewers(scene: Scene) -> None:
    await scene.speak()
    swap = scene.swap()
    await settle()
    now_s = scene.clock.now()
    scene.hearing.take(MediaGap("audio", OLD, NEW, now_s, now_s + 0.08))
    measured = await scene.finish(swap)
    assert measured.audio_gap_ms == pytest.approx(80.0)
    assert measured.values["swap_lost_ms"] == 0.0
    assert measured.outcome.carried_s == pytest.approx(1.49, abs=0.05)
    assert scene.output.audio.pending_segments[0].sink == NEW


async def test_an_overlap_is_told_as_a_negative_gap_and_as_an_overlap(scene: Scene) -> None:
    await scene.speak()
    swap = scene.swap()
    await settle()
    now_s = scene.clock.now()
    scene.hearing.take(MediaGap("audio", OLD, NEW, now_s + 0.06, now_s))
    measured = await scene.finish(swap)
    assert measured.values["swap_audio_gap_ms"] == pytest.approx(-60.0)
    assert measured.values["swap_overlap_ms"] == pytest.approx(60.0)
    assert "both heard 60 ms" in measured.text


@pytest.mark.parametrize(
    ("heard_ms", "said_silence_s", "told_ms"),
    [(450.0, 0.4, 50.0), (450.0, 0.0, 450.0), (390.0, 0.4, 0.0), (450.0, None, None), (-60.0, 0.4, -60.0)],
)
def test_silence_that_was_said_is_no_gap(heard_ms: float, said_silence_s: float | None, told_ms: float | None) -> None:
    measured = SwapMeasured(SwapOutcome(CARRY, "", 1.0, 0.0), 0.5, True, 40.0, heard_ms).less(said_silence_s)
    assert measured.audio_gap_ms == (told_ms if told_ms is None else pytest.approx(told_ms))
    assert ("swap_audio_gap_ms" in measured.values) == (told_ms is not None)


async def test_finishing_loses_what_the_old_one_had_not_played(scene: Scene) -> None:
    await scene.speak()
    scene.sounds(OLD, audible=False)
    measured = await scene.finish(scene.swap(FINISH))
    assert measured.values["swap_lost_ms"] == pytest.approx(1_490, abs=50)


async def test_one_that_does_not_come_leaves_the_old_one_as_it_was(scene: Scene) -> None:
    old, scene.failure = scene.actor, ProviderStartError("no seat")
    await scene.speak()
    with pytest.raises(ProviderStartError, match="no seat"):
        await scene.finish(scene.swap())
    assert scene.actor is old
    assert (scene.live, scene.told, old._avatar.closed) == ([], [], 0)
    assert scene.output.audio.pending_segments[0].sink == OLD


async def test_one_that_leaves_while_it_takes_over_is_no_success(scene: Scene) -> None:
    old = scene.actor
    await scene.speak()
    swap = scene.swap()
    await settle()
    assert scene.actor is not old
    scene.actor = None
    now_s = scene.clock.now()
    scene.hearing.take(MediaGap("audio", OLD, NEW, now_s, now_s))
    with pytest.raises(ProviderStartError, match="left while it took over"):
        await scene.finish(swap)
    assert old._avatar.closed == 1


async def test_a_swap_that_is_called_off_while_it_is_measured_still_ends_the_old_one(scene: Scene) -> None:
    old = scene.actor
    await scene.speak()
    swap = scene.swap()
    await settle()
    assert scene.live == [NEW]
    swap.cancel()
    await asyncio.gather(swap, return_exceptions=True)
    assert swap.cancelled()
    assert old._avatar.closed == 1
    assert scene.actor.identity == NEW


async def test_in_place_the_new_one_has_the_old_ones_identity_and_goes_on_with_the_word(scene: Scene) -> None:
    old = scene.actor
    await scene.speak()
    swap = scene.swap(in_place=True)
    await settle()
    await scene.clock.advance(0.1)
    scene.sounds(OLD, audible=False)
    await scene.clock.advance(0.5)
    scene.sounds(OLD)
    measured = await scene.finish(swap)
    assert (scene.actor.identity, scene.actor is old) == (OLD, False)
    assert old._avatar.closed == 1
    assert measured.audio_gap_ms == pytest.approx(500.0)
    for _ in range(300):
        await scene.clock.advance(0.01)
    heard = [*old.sink.heard, *scene.actor.sink.heard]
    assert heard == list(range(1, len(heard) + 1))
    assert len(heard) == 16_000


async def test_in_place_what_is_paused_stays_paused(scene: Scene) -> None:
    await scene.speak()
    scene.output.audio.pause()
    await scene.clock.advance(0.1)
    measured = await scene.finish(scene.swap(in_place=True, paused=True))
    for _ in range(100):
        await scene.clock.advance(0.01)
    assert scene.actor.sink.heard == []
    assert measured.audio_gap_ms is None
    scene.output.audio.resume()
    for _ in range(100):
        await scene.clock.advance(0.01)
    assert scene.actor.sink.heard


async def test_in_place_one_that_does_not_come_leaves_nobody(scene: Scene) -> None:
    old, scene.failure = scene.actor, ProviderStartError("no seat")
    await scene.speak()
    with pytest.raises(ProviderStartError):
        await scene.finish(scene.swap(in_place=True))
    assert scene.actor is None
    assert old._avatar.closed == 1


async def test_where_nobody_was_there_is_nothing_to_measure(scene: Scene) -> None:
    scene.actor = None
    measured = await scene.finish(scene.swap(in_place=True))
    assert scene.actor.identity == NEW
    assert measured.values == {}
