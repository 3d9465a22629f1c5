"""A session without a room: it drives the window, or a script, as a real one would. Peer of BenchSession.

Deterministic: latencies and curves follow the clock and the seed; failures are planted by name, or in its `world`.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

from avatar_core.bench.command_desk import CommandDesk, Outcome
from avatar_core.bench.contract import CommandResult
from avatar_core.bench.fake.behaviour import FakeFault, FakeTimes
from avatar_core.bench.fake.casting import FakeCasting
from avatar_core.bench.fake.speech import FakeSpeech
from avatar_core.bench.fake.world import FakeWorld
from avatar_core.bench.figures.figures import Sample
from avatar_core.bench.snapshot import Levels, RecordingInfo, SessionSnapshot, SourceInfo
from avatar_core.bench.states import (
    Command,
    SegmentState,
    SeriesName,
    SessionState,
    Severity,
    SourceKind,
)
from avatar_core.bench.timeline_snapshot import SeriesSnapshot, TimelineSnapshot
from avatar_core.clock import Clock, MonotonicClock


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
        parts = (self.world, self.times, self.faults)
        self._casting, self._speech = FakeCasting(*parts), FakeSpeech(*parts)
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
        return await self._run(Command.CONNECT, self._casting.connect)

    async def reconnect(self) -> CommandResult:
        """Connect again after a loss; the notices of the loss go."""
        self.world.notices.clear()
        return await self._run(Command.RECONNECT, self._casting.connect)

    async def speak(self, source_id: str | None = None) -> CommandResult:
        """Open a segment that plays the source to its end."""
        return await self._run(Command.SPEAK, lambda: self._speech.speak(source_id))

    async def stop(self) -> CommandResult:
        """End the source; the sent tail is still heard."""
        return await self._run(Command.STOP, self._speech.stop)

    async def pause(self) -> CommandResult:
        """Hold the segment where it was heard to."""
        return await self._run(Command.PAUSE, self._speech.pause)

    async def resume(self) -> CommandResult:
        """Go on with the held segment."""
        return await self._run(Command.RESUME, self._speech.resume)

    async def interrupt(self) -> CommandResult:
        """Silence; does not wait for other commands."""
        return await self._run(Command.INTERRUPT, self._speech.interrupt, serialized=False)

    async def end_segment(self) -> CommandResult:
        """Close the segment; what is left of the source opens the next one."""
        return await self._run(Command.END_SEGMENT, self._speech.end_segment)

    async def swap(self, provider_id: str, *, in_place: bool = False) -> CommandResult:
        """Carry the open segment over to another provider."""
        return await self._run(Command.SWAP, lambda: self._casting.swap(provider_id, in_place))

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
        await self.world.wait(self.times.close_s)
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
