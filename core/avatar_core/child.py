"""A child process of ours: a Python module that reads lines on stdin and writes lines on stdout.

Stdin is the bond: a child ends when it reaches its end, so it never outlives an owner that died. Formats are the
owner's matter.
"""

import asyncio
import contextlib
import logging
import sys
from asyncio.subprocess import PIPE, SubprocessStreamProtocol
from collections.abc import AsyncIterator, Mapping, Sequence

from avatar_core.errors import BenchError
from avatar_core.tasks import TaskGroup

_log = logging.getLogger(__name__)

MAX_LINE_BYTES = 1 << 20
_MAX_UNREAD_BYTES = 4 << 20
TERM_GRACE_S = 1.2
_KILL_GRACE_S = 0.5
_LAST_WORDS_S = 0.2
_LAST_WORDS_CHARS = 2_000
# As `owner.log_to_owner` writes them; what is logged in daily business explains no end.
_DAILY_LOG = ("DEBUG ", "INFO ", "WARNING ")


class _Pipes(SubprocessStreamProtocol):
    """The streams of a child, and its end: asyncio's Process tells that only once all it wrote was read."""

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        super().__init__(limit=MAX_LINE_BYTES, loop=loop)
        self.exited: asyncio.Future[None] = loop.create_future()

    def process_exited(self) -> None:
        """Called by the transport."""
        super().process_exited()
        if not self.exited.done():
            self.exited.set_result(None)


class ChildProcess:
    """Started by `start`, ended by `aclose`; `lines` is read by one consumer. Its log lines go to ours.

    It has `grace_s` to end by itself once asked to. One that owns children needs more than they do: killed before it
    could kill them, it would leave behind those that hang.
    """

    def __init__(self, name: str, transport: asyncio.SubprocessTransport, pipes: _Pipes, *, grace_s: float) -> None:
        self.name = name
        self.pid = transport.get_pid()
        self._grace_s = grace_s
        # What it said last on stderr beside its daily log, for the error message should it die.
        self.last_words = ""
        self._transport = transport
        self._pipes = pipes
        self._tasks = TaskGroup()
        self._log_reader = self._tasks.spawn(self._read_log(), name=f"log of {name}")
        self.ended: asyncio.Task[int] = self._tasks.spawn(self._end(), name=f"end of {name}")
        """Done with the exit code once it ended and its log was read; negative for a signal."""

    @classmethod
    async def start(
        cls,
        module: str,
        *arguments: str,
        name: str,
        grace_s: float = TERM_GRACE_S,
        environment: Mapping[str, str] | None = None,
    ) -> "ChildProcess":
        """Run `python -P -m module`; raises BenchError where that can't be done.

        -P keeps the current folder off the path, where a foreign `core/` or `gui/` may lie. `environment` is added to
        ours, by env(1): a library may read it before the first line of the module runs.
        """
        added = [f"{key}={value}" for key, value in (environment or {}).items()]
        command = [*(["env", *added] if added else []), sys.executable, "-P", "-m", module, *arguments]
        return await cls.start_command(command, name=name, grace_s=grace_s)

    @classmethod
    async def start_command(cls, command: Sequence[str], *, name: str, grace_s: float = TERM_GRACE_S) -> "ChildProcess":
        """Run any program that behaves as one of ours; raises BenchError where that can't be done."""
        try:
            # Ctrl+C in a terminal reaches the whole foreground group; the owner alone decides when a child ends.
            transport, pipes = await asyncio.get_running_loop().subprocess_exec(
                _Pipes, *command, stdin=PIPE, stdout=PIPE, stderr=PIPE, start_new_session=True
            )
        except OSError as error:
            raise BenchError(f"The {name} could not be started: {error.strerror} ({command[0]}).") from error
        return cls(name, transport, pipes, grace_s=grace_s)

    @property
    def running(self) -> bool:
        """Whether it has not ended yet."""
        return self._transport.get_returncode() is None

    def send_line(self, line: bytes) -> None:
        """Write one line, newline included; ignored once it ended. BenchError where it does not read any more."""
        stdin = self._pipes.stdin
        assert stdin is not None
        if not self.running or stdin.is_closing():
            return
        if stdin.transport.get_write_buffer_size() > _MAX_UNREAD_BYTES:
            raise BenchError(f"The {self.name} does not read what it is sent.")
        stdin.write(line)

    async def lines(self) -> AsyncIterator[bytes]:
        """What it writes on stdout, line by line, until it closes it. An overlong line is dropped and logged."""
        stdout = self._pipes.stdout
        assert stdout is not None
        while True:
            try:
                line = await stdout.readline()
            except ValueError:  # StreamReader has dropped what was longer than its limit
                _log.warning("%s wrote a line of more than %d bytes", self.name, MAX_LINE_BYTES)
                continue
            if not line:
                return
            yield line

    async def aclose(self) -> None:
        """End it: close its stdin, ask by SIGTERM, then kill. Harmless twice."""
        if self._pipes.stdin is not None:
            self._pipes.stdin.close()
        if self.running:
            with contextlib.suppress(ProcessLookupError):
                self._transport.terminate()
            await asyncio.wait({self.ended}, timeout=self._grace_s)
        if self.running:
            _log.warning("%s did not end in %.1f s and is killed", self.name, self._grace_s)
            self.kill()
        await asyncio.wait({self.ended}, timeout=_KILL_GRACE_S)
        # Closes the pipes too, whoever else holds their other ends, and whatever is unread in them.
        self._transport.close()
        if self._pipes.stdin is not None:
            # A child that did not read leaves a broken pipe behind, which somebody has to take note of.
            with contextlib.suppress(ConnectionError, TimeoutError):
                async with asyncio.timeout(_KILL_GRACE_S):
                    await self._pipes.stdin.wait_closed()
        await self._tasks.aclose()

    async def how_it_ended(self) -> str:
        """Wait for its end; how it came and the last words, for the user."""
        exit_code = await self.ended
        how = f"signal {-exit_code}" if exit_code < 0 else f"exit code {exit_code}"
        return f"{how}. {self.last_words}".strip()

    def kill(self) -> None:
        """Send SIGKILL, as a test or a planted fault does."""
        with contextlib.suppress(ProcessLookupError):
            self._transport.kill()

    async def _end(self) -> int:
        await self._pipes.exited
        # Its last words may still be in the pipe; a grandchild that holds the pipe open must not hold us.
        await asyncio.wait({self._log_reader}, timeout=_LAST_WORDS_S)
        exit_code = self._transport.get_returncode()
        assert exit_code is not None
        return exit_code

    async def _read_log(self) -> None:
        stderr = self._pipes.stderr
        assert stderr is not None
        while True:
            try:
                line = await stderr.readline()
            except ValueError:
                continue
            if not line:
                return
            text = line.decode(errors="replace").rstrip()
            if not text.startswith(_DAILY_LOG):
                self.last_words = text[:_LAST_WORDS_CHARS] or self.last_words
            if text:
                _log.info("%s: %s", self.name, text)
