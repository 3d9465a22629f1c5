"""A recall's outcome stands when the last awaited leg has told its position."""

import asyncio

from avatar_core.playback.recall import Recall, SwapPolicy
from avatar_core.tasks import spawn
from tests.fakes.clock import settle


async def test_outcome_stands_only_when_nothing_is_awaited() -> None:
    recall = Recall(SwapPolicy.CARRY)
    recall.awaited = 2
    waiting = spawn(recall.wait(), name="waiting")
    for awaited in (1, 0):
        assert recall.outcome is None
        await settle()
        assert not waiting.done()
        recall.awaited = awaited
        recall.carried_s += 0.5
        recall.settle_if_complete()
    outcome = await asyncio.wait_for(waiting, 1)
    assert outcome == recall.outcome
    assert (outcome.policy, outcome.why, outcome.carried_s) == (SwapPolicy.CARRY, "", 1.0)


def test_giving_up_says_why() -> None:
    recall = Recall(SwapPolicy.CARRY)
    recall.give_up("it stayed silent")
    recall.settle_if_complete()
    assert recall.outcome is not None
    assert (recall.outcome.policy, recall.outcome.why) == (SwapPolicy.FINISH, "it stayed silent")
