"""Closing once: whoever asks waits for the same end, and no cancelled caller leaves it half done."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from avatar_core.tasks import spawn


class CloseOnce:
    """Runs `close` in a task of its own at the first call; every call returns, or raises, what came of it."""

    def __init__(self, close: Callable[[], Coroutine[Any, Any, None]], *, name: str) -> None:
        self._close = close
        self._name = name
        self._task: asyncio.Task[None] | None = None

    @property
    def started(self) -> bool:
        """Whether closing has begun."""
        return self._task is not None

    async def __call__(self) -> None:
        """Close, or wait for the close that is under way."""
        if self._task is None:
            self._task = spawn(self._close(), name=self._name)
        await asyncio.shield(self._task)
