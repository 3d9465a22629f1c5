"""What scenarios are made of: each step does one thing with a session, or waits for one, and says what came of it."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace

from avatar_core.bench.contract import CommandResult, Session
from avatar_core.bench.snapshot import SessionSnapshot
from avatar_core.bench.states import Role, SessionState
from avatar_core.bench.timeline_snapshot import UntrustedTime

_PATTERN = "sync-pattern"
_SETTLE_TIMEOUT_S = 15.0
_LOOK_INTERVAL_S = 0.05
_LOAD_TOLD_S = 2.0
_MEASURED_TIMEOUT_S = 10.0
_CALM_TIMEOUT_S = 10.0


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a scenario, done or not; `values` are measured, unit in the name; over at `at_s` (monotonic)."""

    name: str
    ok: bool
    text: str
    elapsed_ms: float
    values: dict[str, float] = field(default_factory=dict)
    at_s: float = 0.0

    def doubt(self, untrusted: Sequence[UntrustedTime]) -> str:
        """Why a failure may not be the avatar's: the time in which it was not trusted; empty where there is none."""
        since_s = self.at_s - self.elapsed_ms / 1000
        touched = (
            span for span in untrusted if span.start_s <= self.at_s and (span.end_s is None or span.end_s >= since_s)
        )
        return "" if self.ok else next((span.reason for span in touched), "")


class Steps:
    """The vocabulary, over one session. `swap_to` is who is swapped to; with a `pace` below 1 pauses are shorter."""

    def __init__(self, session: Session, swap_to: str, *, pace: float = 1.0) -> None:
        if pace <= 0:
            raise ValueError("the pace must be positive")
        self.session = session
        self.swap_to = swap_to
        self._pace = pace

    async def connect(self) -> Step:
        """Connect, unless a window has begun to."""
        step = await self.do("connect", self.session.connect())
        if step.ok or self.session.state is not SessionState.READY:
            return step
        # The window was first; its own connect has been waited for, since commands come one after another.
        return replace(step, ok=True, text="the first avatar joined")

    async def speak(self, name: str) -> Step:
        """Speak what shows most with the avatar of the moment: the pattern to the one that flashes with it."""
        pattern = self.session.snapshot().current_provider_id == _PATTERN
        return await self.do(name, self.session.speak(_PATTERN if pattern else None))

    async def do(self, name: str, command: Awaitable[CommandResult]) -> Step:
        """Do what the session is asked to."""
        result = await command
        values = dict(result.values)
        return Step(name, result.ok, result.text, result.elapsed_ms, values, self.session.clock.now())

    async def let_go_on(self, seconds: float) -> None:
        """Leave it to itself."""
        await asyncio.sleep(seconds * self._pace)

    async def calm(self) -> None:
        """Wait, for a bounded time, until figures are trusted: the start of an avatar takes the machine's time.

        Its load is told a moment after the fact, so there is that moment to wait first.
        """
        await self.let_go_on(_LOAD_TOLD_S)
        await self.until(
            "calm", lambda now: now.trust.trusted, "figures are trusted", "they are not", within_s=_CALM_TIMEOUT_S
        )

    async def measured(self) -> None:
        """Wait, for a bounded time, until what is over is measured: on a small machine that is in the way of the next.

        What is not measured by then goes on beside it.
        """
        await self.session.wait_measured(_MEASURED_TIMEOUT_S)

    async def heard_to_the_end(self, name: str, *, within_s: float = _SETTLE_TIMEOUT_S) -> Step:
        """Wait until every segment has ended."""
        return await self.until(
            name,
            lambda now: now.state is SessionState.READY,
            "every segment ended",
            "speech did not come to its end",
            within_s=within_s,
        )

    async def one_avatar(self, name: str, *, within_s: float) -> Step:
        """Wait until nobody but the avatar of the moment is there as one."""

        def alone(now: SessionSnapshot) -> bool:
            roles = [one.role for one in now.room.participants]
            return roles.count(Role.AVATAR) == 1 and Role.STANDING_BY not in roles

        return await self.until(name, alone, "exactly one", "more or fewer than one are there", within_s=within_s)

    async def until(
        self,
        name: str,
        holds: Callable[[SessionSnapshot], bool],
        done: str,
        failed: str,
        *,
        within_s: float = _SETTLE_TIMEOUT_S,
    ) -> Step:
        """Wait for something to hold of the session; a session that failed is not waited for."""
        clock = self.session.clock
        started_s = clock.now()
        while not holds(self.session.snapshot()):
            gone = self.session.state is SessionState.FAILED
            if gone or clock.now() - started_s > within_s:
                return Step(name, False, failed, (clock.now() - started_s) * 1000, at_s=clock.now())
            await asyncio.sleep(_LOOK_INTERVAL_S)
        return Step(name, True, done, (clock.now() - started_s) * 1000, at_s=clock.now())

    def balance(self) -> Step:
        """Every segment that was opened has ended, once."""
        balance = self.session.snapshot().balance
        text = f"{balance.opened} opened, {balance.finished} finished, {balance.open} open"
        return Step("ledger", balance.balanced and balance.open == 0, text, 0.0, at_s=self.session.clock.now())
