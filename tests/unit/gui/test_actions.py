import asyncio
import re

import pytest
from PySide6.QtWidgets import QApplication

from avatar_core.bench.contract import CommandResult
from avatar_core.bench.fake.behaviour import FakeTimes
from avatar_core.bench.fake.session import FakeSession
from avatar_core.bench.states import Command
from avatar_core.clock import MonotonicClock
from avatar_core.tasks import TaskGroup
from avatar_gui.actions import Action, Actions, ActionState


class Asked:
    """A command that ends when it is told to."""

    def __init__(self) -> None:
        self.arguments: list[tuple[object, ...]] = []
        self.outcome: asyncio.Future[CommandResult] = asyncio.get_running_loop().create_future()

    async def __call__(self, *arguments: object) -> CommandResult:
        self.arguments.append(arguments)
        return await self.outcome


def result(ok: bool) -> CommandResult:
    return CommandResult(Command.SWAP, ok, "text", 12.0)


@pytest.fixture
def tasks() -> TaskGroup:
    return TaskGroup()


async def test_an_action_is_busy_then_done_and_coalesces_what_comes_between(
    qapp: QApplication, tasks: TaskGroup
) -> None:
    asked = Asked()
    action = Action(Command.SWAP, asked, MonotonicClock(), tasks)
    states: list[ActionState] = []
    action.changed.connect(lambda: states.append(action.current))
    action.trigger("kestrel")
    action.trigger("northlight")
    await asyncio.sleep(0)
    assert (action.current, action.coalesced, action.property("state")) == (ActionState.BUSY, 1, "busy")
    asked.outcome.set_result(result(ok=True))
    await asyncio.sleep(0.01)
    assert asked.arguments == [("kestrel",)]
    assert states == [ActionState.BUSY, ActionState.DONE]
    assert action.result is not None and action.result.elapsed_ms == 12.0
    assert action.busy_s == 0.0


async def test_a_failed_result_is_shown_and_the_action_can_be_used_again(qapp: QApplication, tasks: TaskGroup) -> None:
    asked = Asked()
    asked.outcome.set_result(result(ok=False))
    action = Action(Command.SWAP, asked, MonotonicClock(), tasks)
    action.trigger()
    await asyncio.sleep(0.01)
    assert action.current is ActionState.FAILED
    action.trigger()
    assert action.current is ActionState.BUSY
    await asyncio.sleep(0.01)
    assert len(asked.arguments) == 2


async def test_a_blocked_action_does_not_run(qapp: QApplication, tasks: TaskGroup) -> None:
    asked = Asked()
    action = Action(Command.SWAP, asked, MonotonicClock(), tasks)
    action.block("Still connecting")
    action.trigger()
    await asyncio.sleep(0)
    assert (action.current, asked.arguments) == (ActionState.DISABLED, [])
    action.block("")
    assert action.current is ActionState.IDLE


@pytest.mark.error_logs("command swap failed")
async def test_a_defect_becomes_a_failed_result_and_is_logged(qapp: QApplication, tasks: TaskGroup) -> None:
    asked = Asked()
    asked.outcome.set_exception(ZeroDivisionError("by nought"))
    action = Action(Command.SWAP, asked, MonotonicClock(), tasks)
    action.trigger()
    await asyncio.sleep(0.01)
    assert action.current is ActionState.FAILED
    assert action.result is not None and re.search("ZeroDivisionError: by nought", action.result.text)


async def test_closing_cancels_what_runs(qapp: QApplication) -> None:
    session = FakeSession(times=FakeTimes(connect_s=60.0))
    actions = Actions(session)
    actions[Command.CONNECT].trigger()
    await asyncio.sleep(0.01)
    await actions.aclose()
    assert actions[Command.CONNECT].current is not ActionState.BUSY
    await session.aclose()


async def test_the_session_says_what_is_blocked(qapp: QApplication) -> None:
    session = FakeSession(times=FakeTimes().faster(50))
    actions = Actions(session)
    actions.refresh(session.snapshot())
    assert actions[Command.SPEAK].current is ActionState.DISABLED
    assert actions[Command.CONNECT].current is ActionState.IDLE
    await session.connect()
    actions.refresh(session.snapshot())
    assert actions[Command.SPEAK].current is ActionState.IDLE
    await session.aclose()
