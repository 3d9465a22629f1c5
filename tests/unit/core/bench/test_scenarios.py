"""The scenarios on the fake session: what it does, in which order, and what it makes of failures."""

import asyncio

import pytest

from avatar_core.bench.cli.main import build_parser
from avatar_core.bench.fake.behaviour import FakeFault
from avatar_core.bench.fake.session import FakeSession
from avatar_core.bench.results.result import verdict_of
from avatar_core.bench.scenarios.catalogue import SCENARIOS
from avatar_core.bench.scenarios.steps import Step, Steps
from avatar_core.bench.states import Command
from avatar_core.bench.timeline_snapshot import UntrustedTime
from avatar_core.clock import MonotonicClock
from avatar_core.metrics.verdicts import Check, Threshold

FASTER = 8.0


class FastClock(MonotonicClock):
    """Time that passes faster: what is heard to its end need not be waited for as long."""

    def now(self) -> float:
        return super().now() * FASTER

    async def sleep_until(self, when_s: float) -> None:
        await asyncio.sleep(max(0.0, when_s - self.now()) / FASTER)


async def play(session: FakeSession, name: str = "demo") -> list[Step]:
    scenario = SCENARIOS[name]
    steps = [step async for step in scenario.run(session, "sync-pattern", pace=1 / FASTER / 4)]
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
    first = await Steps(session, "sync-pattern").connect()
    assert (first.ok, first.text) == (True, "the first avatar joined")
    await session.aclose()


CONNECT, SPEAK, STOP = Command.CONNECT, Command.SPEAK, Command.STOP


@pytest.mark.parametrize(
    ("name", "calls"),
    [
        ("monologue", [CONNECT, SPEAK]),
        ("barge_in_single", [CONNECT, SPEAK, Command.INTERRUPT, SPEAK, STOP]),
        ("hot_swap_mid_utterance", [CONNECT, SPEAK, Command.SWAP, STOP]),
        ("worker_crash", [CONNECT, SPEAK, Command.CRASH_AVATAR, Command.SWAP, SPEAK, STOP]),
    ],
)
async def test_each_scenario_does_its_one_thing_and_balances_the_ledger(name: str, calls: list[Command]) -> None:
    session = FakeSession(FastClock())
    steps = await play(session, name)
    assert [(step.name, step.text) for step in steps if not step.ok] == []
    assert session.calls == calls
    assert steps[-1].name == "ledger"


class Measured(FakeSession):
    """Keeps after which commands it was waited for to have measured what is over."""

    def __init__(self) -> None:
        super().__init__(FastClock())
        self.waited_after: list[list[Command]] = []

    async def wait_measured(self, timeout_s: float = 30.0) -> bool:
        self.waited_after.append(list(self.calls))
        return await super().wait_measured(timeout_s)


async def test_who_speaks_after_an_interrupt_is_measured_by_a_machine_that_has_done_with_the_first() -> None:
    session = Measured()
    await play(session, "barge_in_single")
    assert session.waited_after == [[CONNECT, SPEAK, Command.INTERRUPT]]


def test_the_command_line_knows_every_scenario() -> None:
    parser = build_parser(lambda *_: "pass")
    assert all(parser.parse_args(["run", name]).scenario == name for name in SCENARIOS)


def test_a_step_that_fails_in_a_time_that_is_not_trusted_is_not_blamed_on_the_avatar() -> None:
    connected = Step("connect", True, "", 1.0, at_s=10.0)
    failed = Step("interrupt", False, "No acknowledgement", 2_000.0, at_s=20.0)
    busy = UntrustedTime(12.0, 19.0, "machine 99 % busy")
    assert verdict_of([connected, failed], untrusted=[busy]) == "broken"
    assert verdict_of([connected, failed], untrusted=[UntrustedTime(5.0, 17.0, "")]) == "fail"
    assert verdict_of([connected], untrusted=[busy]) == "pass"
    assert failed.doubt([busy]) == "machine 99 % busy"


@pytest.mark.parametrize("strict", [True, False])
def test_a_doubtful_check_breaks_a_run_unless_that_is_for_showing(strict: bool) -> None:
    assert (SCENARIOS["monologue"].strict, SCENARIOS["demo"].strict) == (True, False)
    doubtful = Check(Threshold("ack_ms", "max", 1.0, "S03"), "broken", None, "not trusted")
    good = Check(Threshold("ack_ms", "max", 1.0, "S03"), "pass", 0.5, "")
    bad = Check(Threshold("ack_ms", "max", 1.0, "S03"), "fail", 2.0, "")
    step = Step("connect", True, "", 1.0)
    assert verdict_of([step], [doubtful, good], strict=strict) == ("broken" if strict else "pass")
    assert verdict_of([step], [doubtful, bad], strict=strict) == "fail"
    assert verdict_of([step], [doubtful], strict=strict) == "broken"
