"""A swap of avatars: the new one beside the old until it is ready, or in its place under the same identity."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from avatar_core.bench.stage.cast import Actor
from avatar_core.bench.stage.stage import Stage
from avatar_core.bench.viewing.hearing import Hearing
from avatar_core.clock import Clock
from avatar_core.errors import ProviderStartError
from avatar_core.playback.agent_output import AgentOutput
from avatar_core.playback.recall import Recall, SwapOutcome, SwapPolicy
from avatar_core.providers.contract import Provider
from avatar_core.wire import viewer_commands, viewer_events

_GAP_TIMEOUT_S = 3.0


@dataclass(frozen=True, slots=True)
class SwapMeasured:
    """What came of a swap.

    `spoke`: something was being said, so that something could be lost. Gaps are None where there was nothing to
    measure: no sound or no picture before.
    """

    outcome: SwapOutcome
    join_s: float
    spoke: bool
    video_gap_ms: float | None
    audio_gap_ms: float | None

    def less(self, said_silence_s: float | None) -> "SwapMeasured":
        """The same without what was silent as it was said; with None no speech went on, and there is no gap in it."""
        if self.audio_gap_ms is None or self.audio_gap_ms <= 0:
            return self
        gap_ms = None if said_silence_s is None else max(0.0, self.audio_gap_ms - 1000 * said_silence_s)
        return replace(self, audio_gap_ms=gap_ms)

    @property
    def text(self) -> str:
        """One line for the user."""
        parts = [f"ready in {self.join_s:.1f} s"]
        if self.video_gap_ms is not None:
            parts.append(f"picture gap {self.video_gap_ms:.0f} ms")
        if self.audio_gap_ms is not None:
            both = self.audio_gap_ms < 0
            parts.append(f"both heard {-self.audio_gap_ms:.0f} ms" if both else f"sound gap {self.audio_gap_ms:.0f} ms")
        if self.outcome.why:
            parts.append(f"not carried: {self.outcome.why}")
        return ", ".join(parts)

    @property
    def values(self) -> dict[str, float]:
        """By metric name."""
        found: dict[str, float] = {}
        if self.spoke:
            found["swap_lost_ms"] = self.outcome.lost_s * 1000
        if self.video_gap_ms is not None:
            found["swap_video_gap_ms"] = self.video_gap_ms
        if self.audio_gap_ms is not None:
            found["swap_audio_gap_ms"] = self.audio_gap_ms
            found["swap_overlap_ms"] = max(0.0, -self.audio_gap_ms)
        return found


class Swaps:
    """Owned by the session. `go_live` is told of the new avatar in the very moment in which it takes over."""

    def __init__(
        self,
        output: AgentOutput,
        hearing: Hearing,
        clock: Clock,
        go_live: Callable[[Actor], None],
    ) -> None:
        self._output = output
        self._hearing = hearing
        self._clock = clock
        self._go_live = go_live

    async def beside(self, stage: Stage, provider: Provider, policy: SwapPolicy, *, paused: bool) -> SwapMeasured:
        """Start a new avatar, and once it is whole let it take over from the old one, which then leaves.

        `paused`: the speech is, and stays so. Raises ProviderError where the new one does not come: the old one has
        then not been touched; or where it leaves in the midst of taking over: there is none then.
        """
        actor = await stage.cast.start(provider, stage.cast.new_identity(provider.traits))
        old, since_s, spoke = stage.actor, self._clock.now(), self._speaks
        sounded = old is not None and not paused and self._hearing.audible(old.identity)
        recall = self._take_over(stage, actor, policy)
        try:
            faces = old is not None and old.traits.has_face and actor.traits.has_face
            video = await self._video_gap_ms(actor, since_s) if faces else None
            audio = await self._hearing.gap("audio", actor.identity, since_s, _GAP_TIMEOUT_S) if sounded else None
            outcome = await recall.wait()
        finally:
            if old is not None:
                await old.aclose()
        _require_present(stage, actor)
        return SwapMeasured(outcome, actor.join_s, spoke, video, _length_ms(audio))

    async def in_place(self, stage: Stage, provider: Provider, policy: SwapPolicy, *, paused: bool) -> SwapMeasured:
        """End the old avatar and start the new one under its identity (seed 000's `swap_avatar`).

        What was being said waits meanwhile, where positions can be trusted. Raises ProviderError where the new one
        does not come: there is none then, and what waits is the caller's to clear.
        """
        old, head = stage.actor, self._output.audio
        if old is None or head is None:
            return await self.beside(stage, provider, policy, paused=paused)
        since_s, spoke = self._clock.now(), self._speaks
        sounded = not paused and self._hearing.audible(old.identity)
        holds = not paused and head.can_pause
        if holds:
            head.pause()
            # Until it has told how far it was heard, or was given up; closed before, that would be a guess.
            await old.sink.wait_for_playout()
        stage.actor = None
        await _leave(stage, old)
        actor = await stage.cast.start(provider, old.identity)
        recall = self._take_over(stage, actor, policy)
        if holds:
            head.resume()
        outcome = await recall.wait()
        faces = old.traits.has_face and actor.traits.has_face
        video = await self._video_gap_ms(actor, since_s) if faces else None
        audio = await self._silence_ms(actor.identity, since_s) if sounded else None
        _require_present(stage, actor)
        return SwapMeasured(outcome, actor.join_s, spoke, video, audio)

    @property
    def _speaks(self) -> bool:
        return self._output.audio is not None and bool(self._output.audio.pending_segments)

    def _take_over(self, stage: Stage, actor: Actor, policy: SwapPolicy) -> Recall:
        stage.actor = actor
        stage.viewer.send(viewer_commands.FollowAvatar(actor.identity))
        recall = self._output.replace_audio_tail(actor.sink, policy=policy)
        self._go_live(actor)
        return recall

    async def _video_gap_ms(self, actor: Actor, since_s: float) -> float | None:
        return _length_ms(await self._hearing.gap("video", actor.identity, since_s, _GAP_TIMEOUT_S))

    async def _silence_ms(self, identity: str, since_s: float) -> float | None:
        """From the last sound of the old one to the first of the new one, which has the same identity."""
        silent_s = await self._hearing.silence(identity, since_s, _GAP_TIMEOUT_S)
        if silent_s is None:
            return None
        heard_s = await self._hearing.sound(identity, silent_s, _GAP_TIMEOUT_S)
        return (heard_s - silent_s) * 1000 if heard_s is not None else None


async def _leave(stage: Stage, old: Actor) -> None:
    """End `old` and wait until the room has seen it go, so that its identity is free."""
    await old.aclose()

    def gone() -> bool | None:
        return True if stage.connection.participant(old.identity) is None else None

    await stage.connection.wait_for(gone, what=f"the end of {old.identity!r}", timeout_s=_GAP_TIMEOUT_S)


def _require_present(stage: Stage, actor: Actor) -> None:
    if stage.actor is not actor:
        raise ProviderStartError(f"{actor.traits.name} left while it took over.")


def _length_ms(gap: viewer_events.MediaGap | None) -> float | None:
    return None if gap is None else (gap.ended_s - gap.began_s) * 1000
