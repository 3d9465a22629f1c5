"""Taking speech back from an output: what was asked for, what came of it. Values; the proxy does it."""

import asyncio
import enum
from dataclasses import dataclass


class SwapPolicy(enum.Enum):
    """What becomes of speech that an output was given but has not played when another takes its place."""

    FINISH = "finish"
    """A flushed segment ends as interrupted; one still being captured goes on with what follows (seed 000)."""
    CARRY = "carry"
    """What the old output has not played goes to the new one, from the position it really reached."""


@dataclass(frozen=True, slots=True)
class SwapOutcome:
    """What a swap did. `why` says in words why it was not the policy asked for, "" where it was.

    `carried_s` seconds were taken over by the new output, `lost_s` seconds are heard from neither.
    """

    policy: SwapPolicy
    why: str
    carried_s: float
    lost_s: float


class Recall:
    """Speech on its way back from an output: `awaited` legs have yet to tell their last position."""

    def __init__(self, policy: SwapPolicy, why: str = "") -> None:
        self.policy = policy
        self.why = why
        self.awaited = 0
        self.carried_s = 0.0
        self.lost_s = 0.0
        self._settled = asyncio.Event()

    @property
    def outcome(self) -> SwapOutcome | None:
        """What came of it; None while positions are awaited."""
        if not self._settled.is_set():
            return None
        return SwapOutcome(self.policy, self.why, self.carried_s, self.lost_s)

    async def wait(self) -> SwapOutcome:
        """Wait until the old output has told what it played, or was given up."""
        await self._settled.wait()
        return SwapOutcome(self.policy, self.why, self.carried_s, self.lost_s)

    def give_up(self, why: str) -> None:
        """The output did not tell: what it was given ends where it is thought to be."""
        self.policy = SwapPolicy.FINISH
        self.why = why

    def settle_if_complete(self) -> None:
        """Call after each change of `awaited`: with none left, the outcome stands."""
        if self.awaited == 0:
            self._settled.set()
