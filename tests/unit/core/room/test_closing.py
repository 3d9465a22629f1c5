import asyncio

import pytest

from avatar_core.room.closing import CloseOnce


class Closed:
    """Counts how often it was closed; closing takes until `may_end` is set."""

    def __init__(self) -> None:
        self.began = 0
        self.ended = 0
        self.may_end = asyncio.Event()

    async def close(self) -> None:
        self.began += 1
        await self.may_end.wait()
        self.ended += 1


async def test_every_caller_waits_for_the_one_close() -> None:
    thing = Closed()
    close_once = CloseOnce(thing.close, name="close")
    assert not close_once.started
    callers = [asyncio.create_task(close_once()) for _ in range(3)]
    await asyncio.sleep(0)
    assert close_once.started
    assert not any(caller.done() for caller in callers)

    thing.may_end.set()
    await asyncio.gather(*callers)
    await close_once()

    assert (thing.began, thing.ended) == (1, 1)


async def test_cancelled_caller_does_not_stop_the_close() -> None:
    thing = Closed()
    close_once = CloseOnce(thing.close, name="close")
    caller = asyncio.create_task(close_once())
    await asyncio.sleep(0)

    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    thing.may_end.set()
    await close_once()

    assert thing.ended == 1


async def test_failure_reaches_every_caller() -> None:
    async def fail() -> None:
        raise OSError("stuck")

    close_once = CloseOnce(fail, name="close")

    for _ in range(2):
        with pytest.raises(OSError, match="stuck"):
            await close_once()
