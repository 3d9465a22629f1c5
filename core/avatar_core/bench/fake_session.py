"""A session without a room: it drives the window, or a script, as a real one would. Peer of BenchSession.

Deterministic: latencies and curves follow the clock and the seed; failures are planted by name, or in its `world`.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

from avatar_core.bench.command_desk import CommandDesk, Outcome
from avatar_core.bench.contract import CommandResult
from avatar_core.bench.fake_behaviour import FakeFault, FakeTimes
from avatar_core.bench.fake_ledger import FakeSegment
from avatar_core.bench.fake_world import FakeWorld
from avatar_core.bench.figures import Sample
from avatar_core.bench.snapshot import (
    Levels,
    Notice,
    NoticeAction,
    RecordingInfo,
    SeriesSnapshot,
    SessionSnapshot,
    SourceInfo,
    TimelineSnapshot,
)
from avatar_core.bench.states import (
    Command,
    ProviderState,
    SegmentState,
    SeriesName,
    SessionState,
    Severity,
    SourceKind,
)
from avatar_core.clock import Clock, MonotonicClock

ENDLESS_S = 3600.0


class FakeSession:
    """See avatar_core.bench.contract.Session. `calls` lists the commands it was given, `world` is what they change."""

    def __init__(
        self,
        clock: Clock | None = None,
        *,
        seed: int = 7,
        times: FakeTimes | None = None,
        wall_offset_s: float = 0.0,
        first_segment: int = 1,
        judged: bool = False,
    ) -> None:
        self.clock: Clock = clock or MonotonicClock()
        self.world = FakeWorld(
            self.clock, seed=seed, wall_offset_s=wall_offset_s, first_segment=first_segment, judged=judged
        )
        self.event = self.world.event
        self.state_changed = self.world.state_changed
        self.statistics = self.world.statistics
        self.wire = self.world.wire.noted
        self.preview = self.world.preview
        self.run_folder = Path("runs") / "fake"
        self.times = times or FakeTimes()
        self.faults: set[FakeFault] = set()
        self.calls: list[Command] = []
        self._desk = CommandDesk(
            self.clock,
            lambda command: self.world.snapshot().blocked.get(command),
            lambda command, error: self.world.announce("Error", f"{command}: {error}", Severity.FAIL),
        )
        self._closed = False

    @property
    def state(self) -> SessionState:
        """The state of the session."""
        return self.world.state

    def snapshot(self) -> SessionSnapshot:
        """The session as of now."""
        return self.world.snapshot()

    def series(self, name: SeriesName, since_s: float) -> SeriesSnapshot:
        """One curve from `since_s` on."""
        return self.world.series(name, since_s)

    def timeline(self, since_s: float) -> TimelineSnapshot:
        """Segments, marks and untrusted times that reach past `since_s`."""
        return self.world.ledger.timeline(since_s, self.clock.now())

    def samples(self) -> Iterable[Sample]:
        """All, as of now."""
        now_s = self.clock.now()
        return [Sample(now_s, name, value, True) for name, values in self.world.samples.items() for value in values]

    def levels(self) -> Levels:
        """Loudness at this moment."""
        return self.world.levels()

    async def wait_measured(self, timeout_s: float = 30.0) -> bool:
        """Nothing is measured afterwards here."""
        return True

    def note_stall(self, duration_s: float, where: str) -> None:
        """Log the stall."""
        self.world.announce("Loop", f"Stood still for {duration_s * 1000:.0f} ms in {where}", Severity.WARN)

    async def connect(self) -> CommandResult:
        """Join, and let the first provider be the avatar."""
        return await self._run(Command.CONNECT, self._connect)

    async def reconnect(self) -> CommandResult:
        """Connect again after a loss; the notices of the loss go."""
        self.world.notices.clear()
        return await self._run(Command.RECONNECT, self._connect)

    async def speak(self, source_id: str | None = None) -> CommandResult:
        """Open a segment that plays the source to its end."""

        async def body() -> Outcome:
            source = self.world.source(source_id or self.world.selected_id)
            if not source.available:
                return False, source.why, {}
            await self._wait(self.times.acknowledge_s)
            if (current := self.world.ledger.current) is not None:
                self.world.end_segment(current, SegmentState.FINISHED, "ended")
            segment = self.world.open_segment(source.id, source.duration_s or ENDLESS_S)
            self.world.announce("Speak", f"{segment.id} says {source.name}")
            return True, f"{segment.id}, {source.name}", {}

        return await self._run(Command.SPEAK, body)

    async def stop(self) -> CommandResult:
        """End the source; the sent tail is still heard."""

        async def body() -> Outcome:
            segment = self._open_segment()
            await self._wait(self.times.acknowledge_s)
            now_s = self.clock.now()
            if segment.state is SegmentState.PAUSED:
                self.world.end_segment(segment, SegmentState.INTERRUPTED, "stopped")
                return True, "Stopped", {}
            segment.duration_s = segment.pushed_s(now_s)
            return True, f"Heard for {segment.duration_s - segment.played_s(now_s):.1f} s more", {}

        return await self._run(Command.STOP, body)

    async def pause(self) -> CommandResult:
        """Hold the segment where it was heard to."""

        async def body() -> Outcome:
            segment = self._open_segment()
            await self._wait(self.times.acknowledge_s)
            self.world.ledger.hold(segment, self.clock.now(), SegmentState.PAUSED)
            self.world.preview.speaking = False
            self.world.set_state(SessionState.PAUSED)
            position_s = segment.played_s(self.clock.now())
            self.world.ledger.mark(self.clock.now(), "P", "Pause", f"{position_s:.1f} s")
            self.world.announce("Pause", f"{segment.id} paused at {position_s:.2f} s")
            return True, f"At {position_s:.1f} s, emulated", {"position_s": position_s}

        return await self._run(Command.PAUSE, body)

    async def resume(self) -> CommandResult:
        """Go on with the held segment."""

        async def body() -> Outcome:
            segment = self._open_segment()
            await self._wait(self.times.acknowledge_s)
            self.world.ledger.go_on(segment, self.world.current_id or "", self.clock.now())
            self.world.start_sounding(segment)
            self.world.announce("Resume", f"{segment.id} goes on")
            return True, f"{segment.id} goes on, emulated", {}

        return await self._run(Command.RESUME, body)

    async def interrupt(self) -> CommandResult:
        """Silence; does not wait for other commands."""

        async def body() -> Outcome:
            pressed_s = self.clock.now()
            answered = FakeFault.INTERRUPT_UNANSWERED not in self.faults
            await self._wait(self.times.interrupt_s if answered else self.times.give_up_s)
            silent_ms = (self.clock.now() - pressed_s) * 1000
            outcome = "ok" if answered else "1502 Response timeout"
            self.world.wire.clear(self.world.current_id or "", silent_ms, outcome)
            result = f"{silent_ms:.0f} ms" if answered else "no answer"
            self.world.ledger.mark(pressed_s, "I", "Interrupt", result)
            if (segment := self.world.ledger.current) is not None:
                self.world.end_segment(segment, SegmentState.INTERRUPTED, "interrupted")
            if not answered:
                text = "No acknowledgement in 2.0 s. Speech was stopped here."
                self.world.announce("Interrupt", text, Severity.FAIL)
                return False, text, {}
            self.world.measure("interrupt_to_silence_ms", silent_ms)
            self.world.measure("interrupt_leak_ms", 0.0)
            self.world.measure("ack_ms", silent_ms * 0.43)
            self.world.announce("Interrupt", f"Silent after {silent_ms:.0f} ms", Severity.OK)
            return True, f"Silent after {silent_ms:.0f} ms", {"interrupt_to_silence_ms": silent_ms}

        return await self._run(Command.INTERRUPT, body, serialized=False)

    async def end_segment(self) -> CommandResult:
        """Close the segment; what is left of the source opens the next one."""

        async def body() -> Outcome:
            segment = self._open_segment()
            await self._wait(self.times.acknowledge_s)
            played_s = segment.played_s(self.clock.now())
            left_s, segment.duration_s = segment.duration_s - played_s, played_s
            self.world.ledger.mark(self.clock.now(), "E", "End segment")
            self.world.announce("End", f"Segment {segment.id} ended by you")
            self.world.end_segment(segment, SegmentState.FINISHED, "ended")
            if left_s > 0:
                self.world.open_segment(segment.source_id, left_s)
            return True, f"{segment.id}, {played_s:.1f} s", {}

        return await self._run(Command.END_SEGMENT, body)

    async def swap(self, provider_id: str, *, in_place: bool = False) -> CommandResult:
        """Carry the open segment over to another provider."""
        return await self._run(Command.SWAP, lambda: self._swap(provider_id, in_place))

    async def plant(self, faults: Mapping[str, float | bool]) -> CommandResult:
        """Remember them."""
        return await self._run(Command.PLANT, partial(self.world.plant, faults))

    async def crash_avatar(self) -> CommandResult:
        """Let the avatar be gone, as after a crash."""
        return await self._run(Command.CRASH_AVATAR, self.world.crash)

    async def mark(self, text: str = "") -> CommandResult:
        """Put a mark on the time axis."""

        async def body() -> Outcome:
            label = text or f"Mark {sum(mark.key == 'M' for mark in self.world.ledger.marks) + 1}"
            self.world.ledger.mark(self.clock.now(), "M", label)
            self.world.announce("Mark", label)
            return True, label, {}

        return await self._run(Command.MARK, body)

    async def record(self, on: bool) -> CommandResult:
        """Say so; nothing is written."""

        async def body() -> Outcome:
            path = str(self.run_folder / "recording.mkv")
            self.world.recording = RecordingInfo(path, self.clock.now()) if on else None
            return True, "Recording to recording.mkv" if on else "Saved", {}

        return await self._run(Command.RECORD, body)

    async def select_source(self, source_id: str) -> CommandResult:
        """Choose what speaks next."""

        async def body() -> Outcome:
            self.world.selected_id = self.world.source(source_id).id
            return True, "", {}

        return await self._run(Command.SELECT_SOURCE, body)

    async def add_source(self, path: Path) -> CommandResult:
        """Offer a file under its name, four seconds long; it is not opened."""

        async def body() -> Outcome:
            self.world.sources.append(SourceInfo(str(path), path.name, SourceKind.FILE, 4.0))
            self.world.selected_id = str(path)
            return True, f"{path.name} added", {}

        return await self._run(Command.ADD_SOURCE, body)

    async def set_monitor_muted(self, muted: bool) -> CommandResult:
        """Remember it."""

        async def body() -> Outcome:
            self.world.monitor = replace(self.world.monitor, muted=muted)
            return True, "Muted" if muted else self.world.monitor.device, {}

        return await self._run(Command.SET_MONITOR_MUTED, body)

    async def act_on_notice(self, notice_id: str, action_id: str) -> CommandResult:
        """Close the notice; its action "reconnect" reconnects, "swap:<id>" swaps."""
        self.dismiss_notice(notice_id)
        if action_id.startswith("swap:"):
            return await self.swap(action_id.removeprefix("swap:"))
        if action_id == Command.RECONNECT:
            return await self.reconnect()
        self.calls.append(Command.ACT_ON_NOTICE)
        self.world.announce("Notice", f"{notice_id}: {action_id}")
        return CommandResult(Command.ACT_ON_NOTICE, True, action_id, 0.0)

    def dismiss_notice(self, notice_id: str) -> None:
        """Close a notice; unknown ones are ignored."""
        self.world.notices.pop(notice_id, None)

    async def aclose(self) -> None:
        """Finish what is open, end the tasks."""
        if self._closed:
            return
        self._closed = True
        self.world.set_state(SessionState.CLOSING)
        await self._desk.aclose()
        await self._wait(self.times.close_s)
        await self.world.tasks.aclose()
        if (segment := self.world.ledger.current) is not None:
            self.world.end_segment(segment, SegmentState.INTERRUPTED, "session closed")
        self.world.preview.running = False
        self.world.set_state(SessionState.IDLE)

    async def _run(
        self, command: Command, body: Callable[[], Awaitable[Outcome]], *, serialized: bool = True
    ) -> CommandResult:
        """Count the call and hand it to the desk, as a real session does."""
        self.calls.append(command)
        return await self._desk.run(command, body, in_turn=serialized)

    async def _connect(self) -> Outcome:
        world = self.world
        world.set_state(SessionState.CONNECTING)
        first = world.set_provider(world.providers[0].id, ProviderState.STARTING)
        world.loading_since_s, started_s = self.clock.now(), self.clock.now()
        world.announce("Call", f"{first.name} is asked to join")
        await self._wait(self.times.connect_s)
        world.loading_since_s = None
        if FakeFault.CONNECT_REFUSED in self.faults:
            world.set_provider(first.id, ProviderState.NOT_STARTED)
            world.set_state(SessionState.FAILED)
            actions = (NoticeAction(Command.RECONNECT, "Try again"),)
            title, body = "No room could be joined", "ws://127.0.0.1 refused the connection. Check LIVEKIT_URL."
            world.raise_notice(Notice("connect", Severity.FAIL, title, body, actions))
            return False, title, {}
        joined_s = self.clock.now() - started_s
        world.arrived(first, joined_s)
        world.go_live(first.id)
        world.set_state(SessionState.READY)
        return True, "Connected", {"join_s": joined_s}

    async def _swap(self, provider_id: str, in_place: bool) -> Outcome:
        world, before = self.world, self.world.state
        new = next(provider for provider in world.providers if provider.id == provider_id)
        if provider_id == world.current_id:
            return False, f"{new.name} is the avatar already", {}
        if new.needs_key and not new.key_present:
            return False, f"{new.name}: {new.why}", {}
        old_id = world.current_id
        world.set_provider(provider_id, ProviderState.STARTING)
        world.set_state(SessionState.SWAPPING)
        joins = FakeFault.NEVER_JOINS not in self.faults
        await self._wait(self.times.swap_s if joins else self.times.give_up_s)
        segment = world.ledger.current
        if not joins:
            world.set_provider(provider_id, ProviderState.FAILED, "did not join")
            self._settle(before)
            goes_on = next((f"{p.name} goes on. " for p in world.providers if p.id == old_id), "")
            actions = (NoticeAction("again", "Try again"),)
            title, body = f"{new.name} did not join in 30 s", f"{goes_on}Try again, or open its log."
            world.raise_notice(Notice("never_joined", Severity.FAIL, title, body, actions))
            return False, f"{title}. {goes_on}".strip(), {}
        if before is SessionState.WAITING:
            before = SessionState.READY
        if segment is not None and world.away_id is not None:
            world.ledger.go_on(segment, provider_id, self.clock.now())
        elif segment is not None and segment.state is SegmentState.PLAYING:
            label = f"{segment.id}  {segment.played_s(self.clock.now()):.1f} s, carried"
            world.ledger.hold(segment, self.clock.now(), SegmentState.PLAYING, label=label)
            segment.stretches[-1].carried = True
            world.ledger.go_on(segment, provider_id, self.clock.now())
        if old_id is not None:
            world.set_provider(old_id, ProviderState.NOT_STARTED)
        world.go_live(provider_id)
        self._settle(before)
        if segment is not None and segment.state is SegmentState.PLAYING:
            world.start_sounding(segment)
        video_gap_ms, audio_gap_ms = (420.0, 380.0) if in_place else (0.0, 36.0)
        for name, value in (("swap_video_gap_ms", video_gap_ms), ("swap_audio_gap_ms", audio_gap_ms)):
            world.measure(name, value)
        numbers = {provider.id: index for index, provider in enumerate(world.providers, 1)}
        route = f"{numbers.get(old_id or '', 0)} to {numbers[provider_id]}"
        world.ledger.mark(self.clock.now(), "S", f"Swap {route}")
        world.announce("Swap", f"{route}. Picture gap {video_gap_ms:.0f} ms, sound {audio_gap_ms:.0f} ms", Severity.OK)
        text = f"Picture gap {video_gap_ms:.0f} ms, sound {audio_gap_ms:.0f} ms"
        return True, text, {"swap_video_gap_ms": video_gap_ms, "swap_audio_gap_ms": audio_gap_ms}

    def _settle(self, before: SessionState) -> None:
        """After a swap: what it was if a segment is still open or the avatar away, else READY; a loss stays one."""
        if self.world.state is SessionState.SWAPPING:
            goes_on = self.world.ledger.current is not None or self.world.away_id is not None
            self.world.set_state(before if goes_on and before is not SessionState.FAILED else SessionState.READY)

    def _open_segment(self) -> FakeSegment:
        segment = self.world.ledger.current
        if segment is None:
            raise RuntimeError("a command that needs an open segment was not blocked without one")
        return segment

    async def _wait(self, duration_s: float) -> None:
        await self.clock.sleep_until(self.clock.now() + duration_s)
