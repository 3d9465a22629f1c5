"""When frames are due."""

import pytest

from avatar_core.playback.pacing import FramePacer
from avatar_core.tasks import spawn
from tests.fakes.clock import ManualClock, settle


async def test_late_reader_catches_up_short_of_a_stall(clock: ManualClock) -> None:
    """O2."""
    pacer = FramePacer(24_000, 480, clock)
    await pacer.wait()
    began_s = clock.now()
    clock.move(0.1)
    for _ in range(5):
        await pacer.wait()
    assert pacer.due_s == pytest.approx(began_s + 0.12)
    assert pacer.stalls == 0


async def test_two_readers_share_one_schedule(clock: ManualClock) -> None:
    """O2: each gets every other frame, not both the same."""
    pacer = FramePacer(24_000, 480, clock)
    await pacer.wait()
    readers = [spawn(pacer.wait(), name=f"reader {n}") for n in range(2)]
    await settle()
    await clock.advance(0.021)
    assert [reader.done() for reader in readers].count(True) == 1
    await clock.advance(0.021)
    assert all(reader.done() for reader in readers)


def test_timestamps_run_on_by_samples(clock: ManualClock) -> None:
    pacer = FramePacer(24_000, 480, clock)
    assert [pacer.stamp() for _ in range(3)] == [0, 480, 960]
