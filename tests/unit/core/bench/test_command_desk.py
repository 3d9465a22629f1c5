import asyncio

import pytest

from avatar_core.bench.command_desk import CLOSED, CommandDesk, Outcome
from avatar_core.bench.states import Command
from avatar_core.errors import BenchError
from tests.fakes.clock import ManualClock, settle


class Desk:
    """A desk with a clock of its own; `refused` holds reasons, `errors` what was told."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.refused: dict[Command, str] = {}
        self.errors: list[tuple[Command, str]] = []
        self.desk = CommandDesk(
            self.clock, self.refused.get, lambda command, error: self.errors.append((command, str(error)))
        )

    def ask(self, command: Command, body, *, in_turn: bool = True) -> asyncio.Task:
        return asyncio.get_running_loop().create_task(self.desk.run(command, body, in_turn=in_turn))


async def done() -> Outcome:
    return True, "done", {"join_s": 1.0}


async def test_a_command_is_timed_and_carries_what_it_measured() -> None:
    asked = Desk()

    async def body() -> Outcome:
        await asked.clock.sleep_until(asked.clock.now() + 0.25)
        return await done()

    task = asked.ask(Command.SPEAK, body)
    await settle()
    await asked.clock.advance(0.25)
    result = await task
    assert (result.command, result.ok, result.text) == (Command.SPEAK, True, "done")
    assert result.elapsed_ms == pytest.approx(250.0)
    assert result.values == {"join_s": 1.0}


async def test_commands_wait_for_each_other_and_interrupt_does_not() -> None:
    asked, order, gate = Desk(), [], asyncio.Event()

    def body(name: str, *, waits: bool = False):
        async def run() -> Outcome:
            if waits:
                await gate.wait()
            order.append(name)
            return await done()

        return run

    slow = asked.ask(Command.SWAP, body("swap", waits=True))
    after = asked.ask(Command.SPEAK, body("speak"))
    await settle()
    await asked.ask(Command.INTERRUPT, body("interrupt"), in_turn=False)
    gate.set()
    await asyncio.gather(slow, after)
    assert order == ["interrupt", "swap", "speak"]


async def test_what_is_refused_is_decided_when_its_turn_comes() -> None:
    asked, gate = Desk(), asyncio.Event()

    async def slow() -> Outcome:
        await gate.wait()
        asked.refused[Command.SPEAK] = "Nobody is there any more"
        return await done()

    first = asked.ask(Command.SWAP, slow)
    second = asked.ask(Command.SPEAK, done)
    await settle()
    gate.set()
    await first
    result = await second
    assert (result.ok, result.text) == (False, "Nobody is there any more")


async def test_an_error_for_the_user_is_a_result_and_is_told() -> None:
    asked = Desk()

    async def fail() -> Outcome:
        raise BenchError("The disk is full.")

    result = await asked.ask(Command.SPEAK, fail)
    assert (result.ok, result.text) == (False, "The disk is full.")
    assert asked.errors == [(Command.SPEAK, "The disk is full.")]
    assert (await asked.ask(Command.SPEAK, done)).ok


@pytest.mark.error_logs("task command speak failed")
async def test_an_error_of_ours_reaches_the_caller_and_frees_the_turn() -> None:
    asked = Desk()

    async def broken() -> Outcome:
        raise KeyError("a bug")

    with pytest.raises(KeyError):
        await asked.ask(Command.SPEAK, broken)
    assert (await asked.ask(Command.SPEAK, done)).ok


async def test_a_caller_that_is_cancelled_takes_its_command_along() -> None:
    asked, ended = Desk(), asyncio.Event()

    async def endless() -> Outcome:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()
        return await done()

    task = asked.ask(Command.SWAP, endless)
    await settle()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert task.cancelled()
    assert ended.is_set()
    assert (await asked.ask(Command.SPEAK, done)).ok


async def test_closing_ends_what_is_done_and_what_waits_and_takes_no_more() -> None:
    asked = Desk()

    async def endless() -> Outcome:
        await asyncio.Event().wait()
        return await done()

    running = [asked.ask(Command.SWAP, endless), asked.ask(Command.SPEAK, done)]
    await settle()
    await asked.desk.aclose()
    await asked.desk.aclose()
    results = [*await asyncio.gather(*running), await asked.ask(Command.INTERRUPT, done, in_turn=False)]
    assert [(result.ok, result.text) for result in results] == [(False, CLOSED)] * 3
