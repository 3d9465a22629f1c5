"""An alarm for one task: it sleeps until a time, or until somebody rings."""

import asyncio

from avatar_core.clock import Clock
from avatar_core.tasks import spawn


class Alarm:
    """One waiter. A ring before the wait ends it at once."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._rung = asyncio.Event()

    def ring(self) -> None:
        """Wake the waiter, or keep it from falling asleep."""
        self._rung.set()

    async def sleep(self, until_s: float | None) -> None:
        """Return at `until_s` (None: never), or as soon as it rings."""
        if not self._rung.is_set() and until_s is None:
            await self._rung.wait()
        elif not self._rung.is_set() and until_s is not None and until_s > self._clock.now():
            timer = spawn(self._clock.sleep_until(until_s), name="alarm")
            timer.add_done_callback(self._on_time)
            try:
                await self._rung.wait()
            finally:
                timer.cancel()
        self._rung.clear()

    def _on_time(self, timer: asyncio.Task[None]) -> None:
        if not timer.cancelled():
            self._rung.set()
