"""Where commands are taken: one after another, Interrupt and its like excepted; timed, and never raising at a user."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from avatar_core.bench.contract import CommandResult
from avatar_core.bench.states import Command
from avatar_core.clock import Clock
from avatar_core.errors import BenchError
from avatar_core.tasks import TaskGroup, cancel_and_wait

Outcome = tuple[bool, str, Mapping[str, float]]
"""Whether it was done, one line for the user, measured values with the unit in the name."""

CLOSED = "The session is closed"


class CommandDesk:
    """Owned by the session. Each command runs in a task of its own, so that closing can end it at once."""

    def __init__(
        self, clock: Clock, refusal: Callable[[Command], str | None], on_error: Callable[[Command, BenchError], None]
    ) -> None:
        self._clock = clock
        self._refusal = refusal
        self._on_error = on_error
        self._turn = asyncio.Lock()
        self._tasks = TaskGroup()
        self._closed = False

    async def run(
        self, command: Command, body: Callable[[], Awaitable[Outcome]], *, in_turn: bool = True
    ) -> CommandResult:
        """Do one command. What can't be done now, and every BenchError, is a result that says so."""
        started_s = self._clock.now()
        if self._closed:
            return CommandResult(command, False, CLOSED, 0.0)
        task = self._tasks.spawn(self._take(command, body, in_turn), name=f"command {command}")
        try:
            ok, text, values = await asyncio.shield(task)
        except asyncio.CancelledError:
            if not task.cancelled():  # it is the caller who was cancelled, so the command goes with it
                await cancel_and_wait(task)
                raise
            ok, text, values = False, CLOSED, {}
        return CommandResult(command, ok, text, (self._clock.now() - started_s) * 1000, values)

    async def aclose(self) -> None:
        """End what is being done and take nothing more; harmless twice."""
        self._closed = True
        await self._tasks.aclose()

    async def _take(self, command: Command, body: Callable[[], Awaitable[Outcome]], in_turn: bool) -> Outcome:
        if not in_turn:
            return await self._attempt(command, body)
        async with self._turn:
            return await self._attempt(command, body)

    async def _attempt(self, command: Command, body: Callable[[], Awaitable[Outcome]]) -> Outcome:
        refusal = self._refusal(command)
        if refusal is not None:
            return False, refusal, {}
        try:
            return await body()
        except BenchError as error:
            self._on_error(command, error)
            return False, str(error), {}
