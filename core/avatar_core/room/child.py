"""A server process that we own: start, its log, its unforeseen end, stop by SIGTERM and, where that fails, SIGKILL."""

import asyncio
import logging
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from avatar_core.errors import RoomServerError
from avatar_core.room.closing import CloseOnce
from avatar_core.signal import Signal
from avatar_core.tasks import cancel_and_wait, spawn

_log = logging.getLogger(__name__)

# Waits after each SIGTERM, then SIGKILL. A livekit-server drains for long at the first, and leaves at the second.
STOP_WAITS_S = (0.9, 0.7)
_END_S = 0.5  # for what follows at once when a process ends: its exit code, the rest of its log
_LAST_LINES = 12


@dataclass(frozen=True)
class ServerExited:
    """The server ended though nobody stopped it. `last_lines` is the end of its log."""

    exit_code: int
    last_lines: tuple[str, ...]


class ServerProcess:
    """One child process. Its stderr goes line by line to this module's logger; made by `start`, ended by `aclose`."""

    def __init__(self, process: Process, *, label: str) -> None:
        self.exited: Signal[ServerExited] = Signal("room_server_exited")
        self._process = process
        self._label = label
        self._last_lines: deque[str] = deque(maxlen=_LAST_LINES)
        self._log_task = spawn(self._read_log(), name=f"{label} log")
        self._watch_task: asyncio.Task[None] | None = None
        self._close_once = CloseOnce(self._close, name=f"{label} stop")

    @classmethod
    async def start(
        cls, command: Sequence[str], *, label: str, environment: Mapping[str, str] | None = None, talks: bool = False
    ) -> "ServerProcess":
        """Start `command`; with `talks` its stdin and stdout are ours. RoomServerError when it can't be started.

        It gets a session of its own, so that Ctrl+C in a terminal reaches it through its owner alone.
        """
        pipe_or_nothing = PIPE if talks else DEVNULL
        try:
            process = await asyncio.create_subprocess_exec(
                *command,
                stdin=pipe_or_nothing,
                stdout=pipe_or_nothing,
                stderr=PIPE,
                env=environment,
                start_new_session=True,
            )
        except OSError as failure:
            raise RoomServerError(f"Could not start {label} ({command[0]}): {failure.strerror}.") from None
        return cls(process, label=label)

    @property
    def pid(self) -> int:
        """The child's process id."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether the child is alive."""
        return self._process.returncode is None

    def watch(self) -> None:
        """From now on its end, unless we stop it, is unforeseen: it is logged, and told by `exited`."""
        self._watch_task = spawn(self._watch(), name=f"{self._label} watch")

    async def send_line(self, line: str) -> None:
        """Write one line to the child's stdin; RoomServerError when it no longer listens."""
        stdin = self._process.stdin
        if stdin is None:
            raise RuntimeError(f"{self._label} was not started to be talked to")
        try:
            stdin.write(line.encode() + b"\n")
            await stdin.drain()
        except (BrokenPipeError, ConnectionResetError):
            raise await self.failure("it no longer listens") from None

    async def read_line(self) -> str:
        """The next line of the child's stdout; RoomServerError when there is none to come."""
        stdout = self._process.stdout
        if stdout is None:
            raise RuntimeError(f"{self._label} was not started to be talked to")
        line = await stdout.readline()
        if not line.endswith(b"\n"):
            raise await self.failure("it stopped talking")
        return line.decode(errors="replace").rstrip()

    async def failure(self, what: str) -> RoomServerError:
        """The error for `what`, with the exit code, if any, and the end of the log."""
        await self._wait(_END_S)
        if not self.running:
            await asyncio.wait((self._log_task,), timeout=_END_S)
        code = self._process.returncode
        ended = "" if code is None else f", exit code {code}"
        last = "; ".join(self._last_lines) or "it logged nothing"
        return RoomServerError(f"{self._label} failed: {what}{ended}. The end of its log: {last}")

    async def wait(self) -> int:
        """Return the exit code once the child has ended."""
        return await self._process.wait()

    async def aclose(self) -> None:
        """Stop the child and wait until it is gone; harmless twice."""
        await self._close_once()

    async def _close(self) -> None:
        for wait_s in STOP_WAITS_S:
            if self.running:
                self._process.terminate()
                await self._wait(wait_s)
        if self.running:
            _log.warning("%s did not stop within %g s of SIGTERM and is killed", self._label, sum(STOP_WAITS_S))
            self._process.kill()
            await self._process.wait()
        if self._process.stdin is not None:
            self._process.stdin.close()
        await asyncio.wait((self._log_task,), timeout=_END_S)
        await cancel_and_wait(self._log_task, self._watch_task)

    async def _wait(self, limit_s: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(limit_s):
                await self._process.wait()

    async def _watch(self) -> None:
        code = await self._process.wait()
        if not self._close_once.started:
            _log.error("%s ended by itself, exit code %d", self._label, code)
            await asyncio.wait((self._log_task,), timeout=_END_S)
            self.exited.emit(ServerExited(code, tuple(self._last_lines)))

    async def _read_log(self) -> None:
        stderr = self._process.stderr
        if stderr is None:
            raise RuntimeError(f"{self._label} was started without its log")
        while True:
            try:
                line = await stderr.readline()
            except ValueError:  # asyncio's limit of 64 KiB: the line is gone, the next ones are not
                line = b"(a line of more than 64 KiB left out)\n"
            if not line:
                return
            text = line.decode(errors="replace").rstrip()
            self._last_lines.append(text)
            _log.info("%s: %s", self._label, text)
