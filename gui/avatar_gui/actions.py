"""Commands as the window holds them: one object per button and key, which runs, coalesces, times and remembers.

The only place of the window that starts a session command.
"""

import logging
from collections.abc import Callable, Coroutine
from enum import StrEnum
from typing import Any

from PySide6.QtCore import Property, QObject, Signal

from avatar_core.bench.contract import CommandResult, Session
from avatar_core.bench.snapshot import SessionSnapshot
from avatar_core.bench.states import Command
from avatar_core.clock import Clock
from avatar_core.tasks import TaskGroup

_log = logging.getLogger(__name__)


class ActionState(StrEnum):
    """What a control shows (UI.md, controls); tests read it as the property `state`."""

    IDLE = "idle"
    BUSY = "busy"
    DONE = "done"
    FAILED = "failed"
    DISABLED = "disabled"


class Action(QObject):
    """One command and what came of it. Asked again while it runs, it runs on: clicks are coalesced and counted.

    Signals:
        changed: state, reason or result changed.
        finished: the CommandResult, once it is there.
    """

    changed = Signal()
    finished = Signal(object)

    def __init__(
        self,
        command: Command,
        ask: Callable[..., Coroutine[Any, Any, CommandResult]],
        clock: Clock,
        tasks: TaskGroup,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.command = command
        self.result: CommandResult | None = None
        self.finished_s: float | None = None
        self.coalesced = 0
        self.blocked = ""
        self._ask = ask
        self._clock = clock
        self._tasks = tasks
        self._started_s: float | None = None

    @property
    def current(self) -> ActionState:
        """The state as an enum."""
        if self._started_s is not None:
            return ActionState.BUSY
        if self.blocked:
            return ActionState.DISABLED
        if self.result is None:
            return ActionState.IDLE
        return ActionState.DONE if self.result.ok else ActionState.FAILED

    def _state_name(self) -> str:
        return self.current.value

    state = Property(str, _state_name, notify=changed)

    @property
    def busy_s(self) -> float:
        """Seconds since the command was asked for; 0 while it is not running."""
        return 0.0 if self._started_s is None else self._clock.now() - self._started_s

    def block(self, reason: str) -> None:
        """Refuse to run, for this reason; an empty one allows it again."""
        if reason != self.blocked:
            self.blocked = reason
            self.changed.emit()

    def trigger(self, *arguments: Any, **options: Any) -> None:
        """Ask the session. Does nothing while blocked; while it runs, counts and waits for the one that runs."""
        if self._started_s is not None:
            self.coalesced += 1
        elif not self.blocked:
            self._started_s = self._clock.now()
            self.changed.emit()
            self._tasks.spawn(self._run(self._ask(*arguments, **options)), name=f"command {self.command.value}")

    async def _run(self, call: Coroutine[Any, Any, CommandResult]) -> None:
        started_s = self._clock.now()
        try:
            result = await call
        except Exception as failure:
            # A defect, not something a user can meet: the session goes on, the log has the traceback.
            _log.exception("command %s failed", self.command.value)
            elapsed_ms = (self._clock.now() - started_s) * 1000
            result = CommandResult(self.command, False, f"{type(failure).__name__}: {failure}", elapsed_ms)
        finally:
            self._started_s = None
        self.result, self.finished_s = result, self._clock.now()
        self.changed.emit()
        self.finished.emit(result)


class Actions(QObject):
    """All commands of one session.

    Signals:
        settled: the CommandResult of any command that ended.
    """

    settled = Signal(object)

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._tasks = TaskGroup()
        calls: dict[Command, Callable[..., Coroutine[Any, Any, CommandResult]]] = {
            Command.SPEAK: session.speak,
            Command.STOP: session.stop,
            Command.PAUSE: session.pause,
            Command.RESUME: session.resume,
            Command.INTERRUPT: session.interrupt,
            Command.END_SEGMENT: session.end_segment,
            Command.SWAP: session.swap,
            Command.MARK: session.mark,
            Command.RECORD: session.record,
            Command.SELECT_SOURCE: session.select_source,
            Command.ADD_SOURCE: session.add_source,
            Command.SET_MONITOR_MUTED: session.set_monitor_muted,
            Command.CONNECT: session.connect,
            Command.RECONNECT: session.reconnect,
            Command.ACT_ON_NOTICE: session.act_on_notice,
            Command.PLANT: session.plant,
        }
        self._actions = {
            command: Action(command, ask, session.clock, self._tasks, self) for command, ask in calls.items()
        }
        for action in self._actions.values():
            action.finished.connect(self.settled)

    def __getitem__(self, command: Command) -> Action:
        return self._actions[command]

    def refresh(self, snapshot: SessionSnapshot) -> None:
        """Block what the session says can't be used now."""
        for command, action in self._actions.items():
            action.block(snapshot.blocked.get(command, ""))

    async def aclose(self) -> None:
        """Cancel the commands that run and wait until they have ended."""
        await self._tasks.aclose()
