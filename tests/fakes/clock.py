"""A clock that stands still until a test moves it."""

import asyncio
import heapq
import itertools


class ManualClock:
    """`avatar_core.clock.Clock` by hand: sleepers wake, in order of their time, when `advance` passes it."""

    def __init__(self, now_s: float = 1_000.0) -> None:
        self._now_s = now_s
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._tickets = itertools.count()

    def now(self) -> float:
        return self._now_s

    async def sleep_until(self, when_s: float) -> None:
        if when_s <= self._now_s:
            return
        woken = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (when_s, next(self._tickets), woken))
        await woken

    def move(self, by_s: float) -> None:
        """Let time pass; whoever it wakes runs when the loop does."""
        self._now_s += by_s
        while self._sleepers and self._sleepers[0][0] <= self._now_s:
            _, _, woken = heapq.heappop(self._sleepers)
            if not woken.done():
                woken.set_result(None)

    async def advance(self, by_s: float) -> None:
        """Let time pass and those it wakes run until they wait again."""
        self.move(by_s)
        await settle()


async def settle(turns: int = 20) -> None:
    """Give the loop `turns` turns: enough for everything that waits for nothing but its turn."""
    for _ in range(turns):
        await asyncio.sleep(0)
