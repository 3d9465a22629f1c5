"""How a worker comes and goes wrongly: late, never, without a word, or growing while it stays."""

import asyncio
import os
import signal

from avatar_core.avatar.faults.planted import Faults
from avatar_core.clock import Clock
from avatar_core.tasks import cancel_and_wait, spawn

_GROWTH_PERIOD_S = 0.5
_PAGE = 4096


async def before_joining(faults: Faults, clock: Clock) -> None:
    """Wait as long as is planted, for ever where it is never to join."""
    if "never_join" in faults:
        await asyncio.Event().wait()
    await clock.sleep_until(clock.now() + faults["slow_start_s"])


async def once_ready(faults: Faults, clock: Clock) -> str:
    """Live until it is to leave, and return why; never returns where nothing of that kind is planted."""
    growing = spawn(_grow(faults["memory_mb_per_min"] / 60, clock), name="planted growth")
    try:
        if "crash_after_s" in faults:
            await clock.sleep_until(clock.now() + faults["crash_after_s"])
            os.kill(os.getpid(), signal.SIGKILL)
        if "leave_after_s" not in faults:
            await asyncio.Event().wait()
        await clock.sleep_until(clock.now() + faults["leave_after_s"])
        return f"left after {faults['leave_after_s']:g} s, as planted"
    finally:
        await cancel_and_wait(growing)


async def _grow(mb_per_s: float, clock: Clock) -> None:
    """Keep more and more memory, each page of it touched."""
    kept: list[bytearray] = []
    due_s = clock.now()
    while mb_per_s:
        piece = bytearray(round(mb_per_s * _GROWTH_PERIOD_S * 1e6))
        piece[::_PAGE] = b"\1" * len(range(0, len(piece), _PAGE))
        kept.append(piece)
        due_s += _GROWTH_PERIOD_S
        await clock.sleep_until(due_s)
