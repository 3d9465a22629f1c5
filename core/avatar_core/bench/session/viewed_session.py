"""What every session does the same way, whoever drives its avatar: all that needs the viewer alone."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from avatar_core.bench.command_desk import CommandDesk, Outcome
from avatar_core.bench.contract import CommandResult, PreviewReader, WebRtcStatistics
from avatar_core.bench.figures.figures import Figures, Sample
from avatar_core.bench.snapshot import Levels, SessionSnapshot
from avatar_core.bench.speech.book import Book
from avatar_core.bench.standing import Standing
from avatar_core.bench.states import Command, SeriesName, SessionState, Severity
from avatar_core.bench.timeline_snapshot import SeriesSnapshot, TimelineSnapshot
from avatar_core.bench.viewing.recordings import Recordings
from avatar_core.bench.viewing.screen import Screen
from avatar_core.bench.viewing.viewer_child import RemotePreview, ViewerChild
from avatar_core.clock import Clock
from avatar_core.errors import BenchError
from avatar_core.room.closing import CloseOnce
from avatar_core.room.wire_record import WireEvent
from avatar_core.signal import Signal
from avatar_core.wire import viewer_commands


class View(Protocol):
    """What is shown of a session."""

    def snapshot(self) -> SessionSnapshot:
        """The session as of now."""
        ...

    def series(self, name: SeriesName, since_s: float) -> SeriesSnapshot:
        """One curve."""
        ...

    def timeline(self, since_s: float) -> TimelineSnapshot:
        """What the time axis shows."""
        ...


class Life(Protocol):
    """The parts of a session that this module needs, and its course."""

    run_id: str
    clock: Clock
    standing: Standing
    book: Book
    figures: Figures
    recordings: Recordings
    preview: RemotePreview
    wire: Signal[WireEvent]
    statistics: Signal[WebRtcStatistics]

    @property
    def screen(self) -> Screen:
        """What the viewer told."""
        ...

    @property
    def view(self) -> View:
        """What is shown."""
        ...

    @property
    def viewer(self) -> ViewerChild | None:
        """While there is one."""
        ...

    def blocked(self) -> Mapping[Command, str]:
        """The commands that can't be used now, each with its reason."""
        ...

    async def connect(self) -> Outcome:
        """Bring up everything."""
        ...

    async def strike(self, ending: str) -> None:
        """End all that runs for the connection."""
        ...

    async def wait_measured(self, timeout_s: float) -> bool:
        """Wait until whatever is over is measured; False where that takes longer."""
        ...

    async def aclose(self) -> None:
        """End everything."""
        ...


L = TypeVar("L", bound=Life)


class ViewedSession(Generic[L]):
    """See avatar_core.bench.contract.Session for every command; those that drive an avatar are not here."""

    def __init__(self, life: L) -> None:
        self.life = life
        self.clock: Clock = life.clock
        self.event = life.standing.event
        self.state_changed = life.standing.state_changed
        self.wire = life.wire
        self.statistics = life.statistics
        self.preview: PreviewReader = life.preview
        self._desk = CommandDesk(self.clock, lambda command: life.blocked().get(command), self._on_error)
        self._close_once = CloseOnce(self._close, name="session close")

    @property
    def run_id(self) -> str:
        """Names the run, its folder too."""
        return self.life.run_id

    @property
    def state(self) -> SessionState:
        """The state; the session alone changes it."""
        return self.life.standing.state

    def snapshot(self) -> SessionSnapshot:
        """The session as of now."""
        return self.life.view.snapshot()

    def series(self, name: SeriesName, since_s: float) -> SeriesSnapshot:
        """The samples of one curve from `since_s` on."""
        return self.life.view.series(name, since_s)

    def timeline(self, since_s: float) -> TimelineSnapshot:
        """What the time axis shows from `since_s` on."""
        return self.life.view.timeline(since_s)

    def samples(self) -> Iterable[Sample]:
        """Every sample of every metric so far."""
        return self.life.figures.samples()

    def levels(self) -> Levels:
        """Loudness of what the viewer hears at this moment."""
        return self.life.screen.levels

    async def wait_measured(self, timeout_s: float = 30.0) -> bool:
        """Wait until whatever is over is measured; False where that takes longer."""
        return await self.life.wait_measured(timeout_s)

    @property
    def run_folder(self) -> Path:
        """Where recordings go; set before the first."""
        return self.life.recordings.folder

    @run_folder.setter
    def run_folder(self, folder: Path) -> None:
        self.life.recordings.folder = folder

    def note_stall(self, duration_s: float, where: str) -> None:
        """Record that the loop stood still."""
        self.life.standing.announce("Loop", f"Stood still for {duration_s * 1000:.0f} ms in {where}", Severity.WARN)

    async def connect(self) -> CommandResult:
        """Start what the session needs, and find its avatar."""
        return await self._desk.run(Command.CONNECT, self.life.connect)

    async def reconnect(self) -> CommandResult:
        """End what is left and connect again; the book goes on."""

        async def body() -> Outcome:
            await self.life.strike("reconnected")
            self.life.standing.notices.clear()
            return await self.life.connect()

        return await self._desk.run(Command.RECONNECT, body)

    async def mark(self, text: str = "") -> CommandResult:
        """Put a mark on the time axis."""

        async def body() -> Outcome:
            label = text or f"Mark {1 + sum(mark.key == 'M' for mark in self.life.book.marks)}"
            self.life.book.mark("M", label)
            self.life.standing.announce("Mark", label)
            return True, label, {}

        return await self._at_once(Command.MARK, body)

    async def record(self, on: bool) -> CommandResult:
        """Record what the viewer shows and hears, or finish the file."""
        return await self._at_once(Command.RECORD, partial(self.life.recordings.switch, on, self.life.viewer))

    async def set_monitor_muted(self, muted: bool) -> CommandResult:
        """Mute or unmute the loudspeaker; measuring goes on."""

        async def body() -> Outcome:
            self.life.screen.monitor_muted = muted
            if (viewer := self.life.viewer) is not None:
                viewer.send(viewer_commands.SetMonitor(muted))
            return True, "Muted" if muted else "Playing", {}

        return await self._at_once(Command.SET_MONITOR_MUTED, body)

    def dismiss_notice(self, notice_id: str) -> None:
        """Close a notice."""
        self.life.standing.drop_notice(notice_id)

    async def aclose(self) -> None:
        """End everything, from any state; harmless twice."""
        await self._close_once()

    async def _close(self) -> None:
        self.life.standing.set_state(SessionState.CLOSING)
        # Side by side: a command that is called off may still wait for a process that is being ended.
        await asyncio.gather(self._desk.aclose(), self.life.aclose())
        self.life.standing.set_state(SessionState.IDLE)

    async def _at_once(self, command: Command, body: Callable[[], Awaitable[Outcome]]) -> CommandResult:
        """Beside what is being done: it waits for nothing."""
        return await self._desk.run(command, body, in_turn=False)

    def _on_error(self, command: Command, error: BenchError) -> None:
        self.life.standing.announce("Error", f"{command}: {error}", Severity.FAIL)
