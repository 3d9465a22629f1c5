"""The scenario on the fake session: what it does, in which order, and what it makes of failures."""

import asyncio

from avatar_core.bench.demo import Demo, Step
from avatar_core.bench.fake_session import FakeFault, FakeSession
from avatar_core.bench.states import Command
from avatar_core.clock import MonotonicClock

FASTER = 8.0


class FastClock(MonotonicClock):
    """Time that passes faster: what is heard to its end need not be waited for as long."""

    def now(self) -> float:
        return super().now() * FASTER

    async def sleep_until(self, when_s: float) -> None:
        await asyncio.sleep(max(0.0, when_s - self.now()) / FASTER)


async def play(session: FakeSession) -> list[Step]:
    steps = [step async for step in Demo(session, "sync-pattern", pace=1 / FASTER / 4).steps()]
    await session.aclose()
    return steps


async def test_a_session_that_does_everything_passes_every_step_in_order() -> None:
    session = FakeSession(FastClock())
    steps = await play(session)
    assert [step.name for step in steps if not step.ok] == []
    assert session.calls == [
        Command.CONNECT,
        Command.SPEAK,
        Command.INTERRUPT,
        Command.SPEAK,
        Command.END_SEGMENT,
        Command.SWAP,
        Command.STOP,
        Command.SPEAK,
        Command.STOP,
    ]
    by_name = {step.name: step for step in steps}
    assert by_name["interrupt"].values["interrupt_to_silence_ms"] > 0
    assert "swap_video_gap_ms" in by_name["swap while speaking"].values
    assert steps[-1].name == "ledger"


async def test_steps_that_fail_do_not_end_the_scenario() -> None:
    session = FakeSession(FastClock())
    session.faults |= {FakeFault.INTERRUPT_UNANSWERED, FakeFault.NEVER_JOINS}
    steps = await play(session)
    assert [step.name for step in steps if not step.ok] == ["interrupt", "swap while speaking"]
    assert steps[-1].name == "ledger"


async def test_without_a_room_nothing_else_is_tried() -> None:
    session = FakeSession(FastClock())
    session.faults.add(FakeFault.CONNECT_REFUSED)
    assert [(step.name, step.ok) for step in await play(session)] == [("connect", False)]


async def test_a_window_that_has_connected_already_is_taken_as_it_is() -> None:
    session = FakeSession(FastClock())
    await session.connect()
    steps = Demo(session, "sync-pattern").steps()
    first = await anext(steps)
    assert (first.ok, first.text) == (True, "the first avatar joined")
    await steps.aclose()
    await session.aclose()
