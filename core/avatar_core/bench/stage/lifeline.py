"""What a session can't do without: the first thing of it that ends by itself ends whatever is being done there."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from avatar_core.errors import RoomLost
from avatar_core.signal import Signal
from avatar_core.tasks import cancel_and_wait, spawn

T = TypeVar("T")


class Lifeline:
    """Owned by what is opened and closed once; made inside a running loop.

    `lost` tells of what ended by itself, once: (what, why) in words. What ends after it ends because of it.
    """

    def __init__(self) -> None:
        self.lost: Signal[tuple[str, str]] = Signal("lost")
        # Done as well once it is let go.
        self._gone: asyncio.Future[tuple[str, str]] = asyncio.get_running_loop().create_future()

    def lose(self, what: str, why: str) -> None:
        """Something ended by itself."""
        if not self._gone.done():
            self._gone.set_result((what, why))
            self.lost.emit((what, why))

    def let_go(self) -> None:
        """Everything is ended on purpose from now on; harmless twice."""
        if not self._gone.done():
            self._gone.set_result(("The session has left the room", ""))

    async def unless_lost(self, work: Coroutine[Any, Any, T]) -> T:
        """Do `work`, but no longer than all that runs here does: then it is called off, and RoomLost says why."""
        task = spawn(work, name="work on stage")
        try:
            await asyncio.wait((task, self._gone), return_when=asyncio.FIRST_COMPLETED)
            if self._gone.done() and not (task.done() and not task.cancelled() and task.exception() is None):
                what, why = self._gone.result()
                raise RoomLost(f"{what}. {why}".strip())
            return task.result()
        finally:
            await cancel_and_wait(task)
