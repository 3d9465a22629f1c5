"""Waiting until something holds in a room, bounded in time and by the connection's life (PROTOCOLS B13, B22)."""

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

from avatar_core.errors import RoomError
from avatar_core.room.link import RoomLink

T = TypeVar("T")


async def wait_for(link: RoomLink, find: Callable[[], T | None], *, what: str, timeout_s: float) -> T:
    """Return what `find` finds, asking it again at every change in the room; None means not yet.

    Raises RoomError, naming `what`, after `timeout_s`, and RoomLost or RoomError at once when the connection ends.
    """
    found: asyncio.Future[T] = asyncio.get_running_loop().create_future()

    def ask(_: None) -> None:
        if not found.done() and (result := find()) is not None:
            found.set_result(result)

    stop_asking = link.changed.connect(ask)
    try:
        ask(None)
        waited_for: tuple[asyncio.Future[Any], ...] = (found, link.ended)
        await asyncio.wait(waited_for, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
        if found.done():
            return found.result()
        if link.ended.done():
            raise link.gone_error()
        raise RoomError(f"Waited {timeout_s:g} s in room {link.room.name!r} for {what}; it did not come.")
    finally:
        stop_asking()
