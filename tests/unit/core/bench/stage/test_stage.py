import asyncio

import pytest

from avatar_core.bench.settings.config import Config
from avatar_core.bench.settings.room_choice import RoomChoice, RoomKind
from avatar_core.bench.stage.stage import DispatcherChild, Stage
from avatar_core.errors import ProviderStartError, RoomLost
from tests.fakes.clock import ManualClock, settle

EMBEDDED = Config(RoomChoice(RoomKind.EMBEDDED, "a test"))


def stage() -> Stage:
    return Stage(EMBEDDED, "room", ManualClock(), DispatcherChild())


async def answer() -> str:
    return "done"


async def never() -> str:
    await asyncio.Event().wait()
    return "never"


async def test_work_is_done_where_nothing_is_lost() -> None:
    made = stage()
    assert await made.unless_lost(answer()) == "done"
    await made.aclose()


async def test_an_error_of_the_work_is_its_own() -> None:
    async def fail() -> None:
        raise ProviderStartError("no seat")

    made = stage()
    with pytest.raises(ProviderStartError, match="no seat"):
        await made.unless_lost(fail())
    await made.aclose()


async def test_work_is_called_off_once_something_is_lost_and_the_loss_is_told_once() -> None:
    made, losses = stage(), []
    made.lost.connect(losses.append)
    work = asyncio.get_running_loop().create_task(made.unless_lost(never()))
    await settle()
    made.dispatcher.ended.emit("signal 9.")
    with pytest.raises(RoomLost, match=r"The dispatcher process ended\. signal 9\."):
        await work
    made.dispatcher.ended.emit("once more")
    assert losses == [("The dispatcher process ended", "signal 9.")]
    await made.aclose()


async def test_an_error_that_a_loss_brought_about_is_told_as_the_loss() -> None:
    made = stage()

    async def fail() -> None:
        made.dispatcher.ended.emit("signal 9.")
        raise ProviderStartError("the connection was refused")

    with pytest.raises(RoomLost, match="signal 9"):
        await made.unless_lost(fail())
    await made.aclose()


async def test_work_ends_with_the_stage_and_the_end_is_no_loss() -> None:
    made, losses = stage(), []
    made.lost.connect(losses.append)
    work = asyncio.get_running_loop().create_task(made.unless_lost(never()))
    await settle()
    await made.aclose()
    await made.aclose()
    with pytest.raises(RoomLost):
        await work
    made.dispatcher.ended.emit("late")
    assert losses == []
    assert not made.is_open


async def test_work_that_is_called_off_by_its_caller_ends() -> None:
    made = stage()
    work = asyncio.get_running_loop().create_task(made.unless_lost(never()))
    await settle()
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)
    assert work.cancelled()
    await made.aclose()


def test_a_dispatcher_that_does_not_run_has_no_address() -> None:
    with pytest.raises(ProviderStartError, match="Reconnect"):
        _ = DispatcherChild().url
