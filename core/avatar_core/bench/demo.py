"""The scenario `demo`: speak, interrupt, end a segment, swap, speak. Each step is told, none judged by a figure."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field, replace

from avatar_core.bench.contract import CommandResult, Session
from avatar_core.bench.snapshot import SessionSnapshot
from avatar_core.bench.states import SessionState

_PATTERN = "sync-pattern"
_SETTLE_TIMEOUT_S = 15.0
_LOOK_INTERVAL_S = 0.05


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a scenario, done or not; `values` are measured, unit in the name."""

    name: str
    ok: bool
    text: str
    elapsed_ms: float
    values: dict[str, float] = field(default_factory=dict)


class Demo:
    """Drives a session, connecting it unless a window has begun to; `steps` yields each step as soon as it is over.

    A step that fails does not end the scenario, save the first: without a room there is nothing to do.
    """

    def __init__(self, session: Session, swap_to: str, *, pace: float = 1.0) -> None:
        if pace <= 0:
            raise ValueError("the pace must be positive")
        self._session = session
        self._swap_to = swap_to
        self._pace = pace

    async def steps(self) -> AsyncIterator[Step]:
        """Do everything, in order."""
        session = self._session
        connected = await self._connected()
        yield connected
        if not connected.ok:
            return
        yield await self._do("speak", session.speak(self._source()))
        await self._let_go_on(4.0)
        yield await self._do("interrupt", session.interrupt())
        await self._let_go_on(1.5)
        yield await self._do("speak after interrupt", session.speak(self._source()))
        await self._let_go_on(3.0)
        opened = session.snapshot().balance.opened
        yield await self._do("end segment", session.end_segment())
        yield await self._until(
            "next segment",
            lambda now: now.balance.opened > opened,
            "the source went on in a new segment",
            "no new segment was opened",
        )
        await self._let_go_on(2.0)
        yield await self._do("swap while speaking", session.swap(self._swap_to))
        await self._let_go_on(3.0)
        yield await self._do("stop", session.stop())
        yield await self._ready("heard to the end")
        yield await self._do("speak with the new avatar", session.speak(self._source()))
        await self._let_go_on(4.0)
        yield await self._do("stop again", session.stop())
        yield await self._ready("heard to the end again")
        yield self._balance()

    async def _connected(self) -> Step:
        step = await self._do("connect", self._session.connect())
        if step.ok or self._session.state is not SessionState.READY:
            return step
        # The window was first; its own connect has been waited for, since commands come one after another.
        return replace(step, ok=True, text="the first avatar joined")

    def _source(self) -> str | None:
        """What shows most with the avatar of the moment: the pattern to the one that flashes with it."""
        return _PATTERN if self._session.snapshot().current_provider_id == _PATTERN else None

    async def _do(self, name: str, command: Awaitable[CommandResult]) -> Step:
        result = await command
        return Step(name, result.ok, result.text, result.elapsed_ms, dict(result.values))

    async def _let_go_on(self, seconds: float) -> None:
        await asyncio.sleep(seconds * self._pace)

    async def _ready(self, name: str) -> Step:
        return await self._until(
            name, lambda now: now.state is SessionState.READY, "every segment ended", "speech did not come to its end"
        )

    async def _until(self, name: str, holds: Callable[[SessionSnapshot], bool], done: str, failed: str) -> Step:
        clock = self._session.clock
        started_s = clock.now()
        while not holds(self._session.snapshot()):
            gone = self._session.state is SessionState.FAILED
            if gone or clock.now() - started_s > _SETTLE_TIMEOUT_S:
                return Step(name, False, failed, (clock.now() - started_s) * 1000)
            await asyncio.sleep(_LOOK_INTERVAL_S)
        return Step(name, True, done, (clock.now() - started_s) * 1000)

    def _balance(self) -> Step:
        balance = self._session.snapshot().balance
        text = f"{balance.opened} opened, {balance.finished} finished, {balance.open} open"
        return Step("ledger", balance.balanced and balance.open == 0, text, 0.0)
