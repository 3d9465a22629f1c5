"""Every scenario by its name: what it does, what it is judged by, and how it swaps unless told otherwise."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from types import MappingProxyType

from avatar_core.bench.contract import Session
from avatar_core.bench.scenarios.demo import demo
from avatar_core.bench.scenarios.exercise import exercise
from avatar_core.bench.scenarios.single import barge_in_single, hot_swap_mid_utterance, monologue, worker_crash
from avatar_core.bench.scenarios.steps import Step, Steps
from avatar_core.playback.recall import SwapPolicy


@dataclass(frozen=True, slots=True)
class Scenario:
    """`judged_by` are files of assets/thresholds.

    With `strict` a check whose figure can't be trusted makes the run broken, so it begins once figures are trusted, or
    they don't come to be; without it that is told, and the others decide: a run that is for showing.
    """

    name: str
    steps: Callable[[Steps], AsyncIterator[Step]]
    judged_by: tuple[str, ...]
    policy: SwapPolicy = SwapPolicy.FINISH
    strict: bool = True
    drives: bool = True
    """Whether the avatar is given something to say, so that there is a ledger to balance."""

    async def run(self, session: Session, swap_to: str, *, pace: float = 1.0) -> AsyncIterator[Step]:
        """Connect, do every step, and balance the ledger; each is yielded as soon as it is over.

        Without a room there is nothing else to do.
        """
        steps = Steps(session, swap_to, pace=pace)
        connected = await steps.connect()
        yield connected
        if connected.ok:
            if self.strict:
                await steps.calm()
            async for step in self.steps(steps):
                yield step
            if self.drives:
                yield steps.balance()


_SCENARIOS = (
    Scenario(
        "demo",
        demo,
        ("cold_start", "barge_in_single", "hot_swap_mid_utterance"),
        SwapPolicy.CARRY,
        strict=False,
    ),
    Scenario("monologue", monologue, ("monologue", "health")),
    Scenario("barge_in_single", barge_in_single, ("barge_in_single",)),
    Scenario("hot_swap_mid_utterance", hot_swap_mid_utterance, ("hot_swap_mid_utterance",)),
    Scenario("worker_crash", worker_crash, ("worker_crash", "cold_start")),
)

SCENARIOS = MappingProxyType({scenario.name: scenario for scenario in _SCENARIOS})

EXERCISE = Scenario("exercise", exercise, ("cold_start", "monologue", "barge_in_single", "health"))
"""The fault matrix's; nobody runs it by name."""

WINDOW_JUDGED_BY = ("cold_start", "monologue", "barge_in_single", "hot_swap_mid_utterance", "health")
"""What a person does in the window may be any of it."""
