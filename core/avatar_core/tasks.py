"""The only caller of asyncio.create_task: a task is named, kept, and its failure is reported.

asyncio holds running tasks by weak references, so a task that nobody keeps can vanish in mid-flight.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

_log = logging.getLogger(__name__)

T = TypeVar("T")


def spawn(coro: Coroutine[Any, Any, T], *, name: str) -> asyncio.Task[T]:
    """Start `coro` as a named task whose owner keeps and awaits it."""
    return asyncio.create_task(coro, name=name)  # noqa: TID251 - the one place that creates tasks


async def cancel_and_wait(*tasks: "asyncio.Task[Any] | None") -> None:
    """Cancel each task and wait until it has ended; its own failure was reported where it was owned."""
    pending = [task for task in tasks if task is not None and task is not asyncio.current_task()]
    for task in pending:
        task.cancel()
    await asyncio.gather(*pending, return_exceptions=True)


class TaskGroup:
    """Background tasks of one owner: kept until done, failures handed to `on_failure`, ended by `aclose`.

    Unlike asyncio.TaskGroup a failing task does not end its siblings; the owner decides.
    """

    def __init__(self, *, on_failure: Callable[[str, BaseException], None] | None = None) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()
        self._on_failure = on_failure
        self._closed = False

    def __len__(self) -> int:
        return len(self._tasks)

    @property
    def closed(self) -> bool:
        """Whether it takes no task any more."""
        return self._closed

    def spawn(self, coro: Coroutine[Any, Any, T], *, name: str) -> asyncio.Task[T]:
        """Start `coro` and keep it; raises RuntimeError once the group is closed."""
        if self._closed:
            coro.close()
            raise RuntimeError(f"cannot start task {name!r}: its owner is closed")
        task = spawn(coro, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    async def aclose(self) -> None:
        """Cancel and await every task; calling it again is harmless."""
        self._closed = True
        await cancel_and_wait(*self._tasks)

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if task.cancelled() or (failure := task.exception()) is None:
            return
        if self._on_failure is not None:
            self._on_failure(task.get_name(), failure)
        else:
            _log.error("task %s failed", task.get_name(), exc_info=failure)
