"""Time: the monotonic clock that all processes of one machine share.

Everything measured is in seconds of this clock; wall time belongs to reports and tokens.
"""

import asyncio
import time
from typing import Protocol


class Clock(Protocol):
    """A source of monotonic time that can also wait. A test passes a manual one."""

    def now(self) -> float:
        """Seconds since an arbitrary point shared by all processes of this machine."""
        ...

    async def sleep_until(self, when_s: float) -> None:
        """Return once `now()` has reached `when_s`; at once if it already has."""
        ...


class MonotonicClock:
    """CLOCK_MONOTONIC, which subtracts across processes of one machine."""

    def now(self) -> float:
        """Seconds since boot."""
        return time.monotonic()

    async def sleep_until(self, when_s: float) -> None:
        """Return once `now()` has reached `when_s`; at once if it already has."""
        # A loop may wake slightly early (qasync by up to 0.9 ms), so the wait is repeated until it holds.
        while (remaining_s := when_s - self.now()) > 0:
            await asyncio.sleep(remaining_s)


def wall_time() -> float:
    """Seconds since the epoch, for tokens and reports; never for media or measurements."""
    return time.time()  # noqa: TID251 - the one place that asks
