"""The session: it alone holds the state, and does what a user, a script or the RPC `swap_avatar` asks for."""

from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path

from avatar_core.bench.command_desk import Outcome
from avatar_core.bench.contract import CommandResult
from avatar_core.bench.scenarios.catalogue import WINDOW_JUDGED_BY
from avatar_core.bench.session.life import SessionLife
from avatar_core.bench.session.swap_command import SwapCommand
from avatar_core.bench.session.viewed_session import ViewedSession
from avatar_core.bench.settings.config import Config
from avatar_core.bench.settings.faults import Faults, planted_text
from avatar_core.bench.stage.interrupting import measure_interrupt, measure_leak_ms
from avatar_core.bench.states import Command, Severity
from avatar_core.clock import Clock, MonotonicClock
from avatar_core.playback.recall import SwapPolicy
from avatar_core.providers.contract import Provider
from avatar_core.providers.joining import JOIN_TIMEOUT_S
from avatar_core.wire.codec import JsonScalar
from avatar_core.wire.livekit import SwapRequest

_FIRST_SOUND_TIMEOUT_S = 5.0


class BenchSession(ViewedSession[SessionLife]):
    """One session: a room, an avatar, a voice. See avatar_core.bench.contract.Session for every command.

    `providers` come beside the reference avatars; `worker_options` (size, frame rate) and `faults` go to each
    reference avatar. `judged_by` are files of assets/thresholds. `first_provider` is the avatar that `connect` brings;
    each has `join_timeout_s` to be there.
    """

    def __init__(
        self,
        config: Config,
        *,
        providers: Iterable[Provider] = (),
        first_provider: str | None = None,
        worker_options: Mapping[str, JsonScalar] | None = None,
        faults: Faults | None = None,
        policy: SwapPolicy = SwapPolicy.CARRY,
        judged_by: Iterable[str] = WINDOW_JUDGED_BY,
        clock: Clock | None = None,
        monitor_muted: bool = False,
        join_timeout_s: float = JOIN_TIMEOUT_S,
    ) -> None:
        life = SessionLife(
            config,
            providers,
            first_provider,
            worker_options,
            clock or MonotonicClock(),
            faults=faults or Faults(),
            policy=policy,
            judged_by=judged_by,
            monitor_muted=monitor_muted,
            join_timeout_s=join_timeout_s,
            swap_asked=self._swap_asked,
        )
        super().__init__(life)
        self._policy = policy
        self._swap = SwapCommand(life)

    async def speak(self, source_id: str | None = None) -> CommandResult:
        """Speak a source; one that speaks already ends its segment first."""

        async def body() -> Outcome:
            source, pressed_s = self.life.sources.get(source_id or self.life.sources.selected_id), self.clock.now()
            if self.life.talk.held:
                self.life.talk.clear("spoken over")
            was_quiet = not self.life.talk.goes_on
            await self.life.talk.begin(source.id)
            self.life.settle()
            self.life.standing.announce("Speak", source.name, provider_id=self.life.book.provider_id)
            if was_quiet:
                self.life.tasks.spawn(self._await_first_sound(pressed_s), name="first sound")
            return True, source.name, {}

        return await self._desk.run(Command.SPEAK, body)

    async def stop(self) -> CommandResult:
        """Stop the source; what was sent is still heard."""

        async def body() -> Outcome:
            paused, left_s = self.life.talk.held, self.life.book.unplayed_s()
            await self.life.talk.stop()
            if paused:
                self.life.talk.clear("stopped")
            self.life.settle()
            text = "Stopped" if paused else f"Heard for {left_s:.1f} s more"
            self.life.standing.announce("Stop", text)
            return True, text, {"unplayed_s": left_s}

        return await self._desk.run(Command.STOP, body)

    async def pause(self) -> CommandResult:
        """Hold the speech where it was heard to."""

        async def body() -> Outcome:
            segment_id = self.life.book.current_id or ""
            self.life.talk.hold()
            self.life.settle()
            position_s = self.life.book.heard_s(segment_id)
            self.life.book.mark("P", "Pause", f"{position_s:.1f} s")
            self.life.standing.announce("Pause", f"{segment_id} paused at {position_s:.2f} s", segment_id=segment_id)
            return True, f"At {position_s:.1f} s, emulated", {"position_s": position_s}

        return await self._desk.run(Command.PAUSE, body)

    async def resume(self) -> CommandResult:
        """Go on with the unplayed tail."""

        async def body() -> Outcome:
            segment_id = self.life.book.current_id or ""
            self.life.talk.release()
            self.life.settle()
            self.life.standing.announce("Resume", f"{segment_id} goes on", segment_id=segment_id)
            return True, f"{segment_id} goes on, emulated", {}

        return await self._desk.run(Command.RESUME, body)

    async def interrupt(self) -> CommandResult:
        """Silence the avatar now; overtakes every other command."""
        return await self._desk.run(Command.INTERRUPT, self._interrupt, in_turn=False)

    async def end_segment(self) -> CommandResult:
        """End the segment; what the source says next opens a new one at once."""

        async def body() -> Outcome:
            segment_id = self.life.book.current_id or ""
            if not self.life.talk.end_segment():
                return False, f"{segment_id} was sent to its end already", {}
            self.life.book.mark("E", "End segment")
            self.life.standing.announce("End", f"Segment {segment_id} ended by you", segment_id=segment_id)
            return True, f"{segment_id} ended", {}

        return await self._desk.run(Command.END_SEGMENT, body)

    async def swap(self, provider_id: str, *, in_place: bool = False) -> CommandResult:
        """Make `provider_id` the avatar, beside the old one until ready, or in place of it."""
        body = partial(self._swap, provider_id, self._policy, in_place=in_place)
        return await self._desk.run(Command.SWAP, body)

    async def plant(self, faults: Mapping[str, float | bool]) -> CommandResult:
        """Give what is started from now on these faults."""

        async def body() -> Outcome:
            self.life.plant(Faults(faults))
            text = planted_text(self.life.faults)
            self.life.standing.announce("Fault", text)
            return True, text, {}

        return await self._desk.run(Command.PLANT, body, in_turn=False)

    async def crash_avatar(self) -> CommandResult:
        """Kill the avatar's process."""

        async def body() -> Outcome:
            actor = self.life.actor
            if actor is None:
                return False, "No avatar is in the room", {}
            self.life.killed_s = self.clock.now()
            await actor.kill()
            self.life.book.mark("K", "Kill the worker", time_s=self.life.killed_s)
            text = f"The process of {actor.traits.name} was killed"
            self.life.standing.announce("Fault", text, Severity.WARN)
            return True, text, {}

        return await self._desk.run(Command.CRASH_AVATAR, body)

    async def select_source(self, source_id: str) -> CommandResult:
        """Choose what `speak` says next."""

        async def body() -> Outcome:
            self.life.sources.selected_id = self.life.sources.get(source_id).id
            return True, self.life.sources.get(source_id).name, {}

        return await self._desk.run(Command.SELECT_SOURCE, body, in_turn=False)

    async def add_source(self, path: Path) -> CommandResult:
        """Offer the sound of a file as a source and select it."""

        async def body() -> Outcome:
            added = await self.life.sources.add(path)
            self.life.standing.announce("Source", f"{added.name} added")
            return True, f"{added.name} added", {}

        return await self._desk.run(Command.ADD_SOURCE, body, in_turn=False)

    async def act_on_notice(self, notice_id: str, action_id: str) -> CommandResult:
        """Do what a notice's button says: reconnect, or start a provider ("swap:<id>")."""
        self.dismiss_notice(notice_id)
        if action_id.startswith("swap:"):
            return await self.swap(action_id.removeprefix("swap:"))
        if action_id == Command.RECONNECT:
            return await self.reconnect()
        return CommandResult(Command.ACT_ON_NOTICE, False, f"There is no action {action_id!r}", 0.0)

    async def _interrupt(self) -> Outcome:
        assert self.life.output.audio is not None
        pressed_s, actor = self.clock.now(), self.life.actor
        # Between the two of a swap in place nobody is there to be heard.
        identity = actor.identity if actor is not None else ""
        answer = self.life.tasks.spawn(self.life.output.audio.wait_for_playout(), name="interrupt answer")
        self.life.talk.clear("interrupted")
        measured = await measure_interrupt(self.life.hearing, identity, pressed_s, answer, self.clock)
        self.life.settle()
        for name, value in measured.values.items():
            self.life.figures.measure(name, value, since_s=pressed_s)
        if measured.silent_s is not None:
            self.life.tasks.spawn(self._watch_leak(identity, measured.silent_s), name="interrupt leak")
        self.life.book.mark("I", "Interrupt", measured.text, time_s=pressed_s)
        self.life.standing.announce("Interrupt", measured.text, Severity.OK if measured.ok else Severity.FAIL)
        return measured.ok, measured.text, measured.values

    async def _watch_leak(self, identity: str, silent_s: float) -> None:
        """Old speech that comes back; judged only where nothing new was said meanwhile."""
        opened = self.life.book.opened
        leak_ms = await measure_leak_ms(
            self.life.hearing, identity, silent_s, self.clock, lambda: self.life.book.opened != opened
        )
        if leak_ms is not None:
            self.life.figures.measure("interrupt_leak_ms", leak_ms, since_s=silent_s)

    async def _swap_asked(self, request: SwapRequest) -> CommandResult:
        """The RPC `swap_avatar` of somebody who may."""
        actor = self.life.actor
        current = actor.traits.id if actor is not None else self.life.first.traits.id
        policy = SwapPolicy(request.policy) if request.policy is not None else self._policy
        body = partial(self._swap, request.provider or current, policy, in_place=request.mode == "in_place")
        return await self._desk.run(Command.SWAP, body)

    async def _await_first_sound(self, pressed_s: float) -> None:
        actor = self.life.actor
        if actor is not None and not self.life.hearing.audible(actor.identity):
            heard_s = await self.life.hearing.sound(actor.identity, pressed_s, _FIRST_SOUND_TIMEOUT_S)
            if heard_s is not None:
                self.life.figures.measure("first_sound_s", heard_s - pressed_s, since_s=pressed_s)
