"""What was said is kept by segment until it is over."""

from collections.abc import AsyncIterator

import numpy as np
import pytest

from avatar_core.bench.spoken import KEPT_S, Spoken, SpokenKeeper
from avatar_core.playback.segment import SegmentRef
from tests.fakes.audio_output import RATE_HZ, HandDrivenOutput, speech
from tests.fakes.clock import ManualClock, settle


class Kept:
    def __init__(self) -> None:
        self.clock = ManualClock(50.0)
        self.leaf = HandDrivenOutput()
        self.keeper = SpokenKeeper(self.leaf, clock=self.clock)
        self.over: list[Spoken] = []
        self.keeper.over.connect(self.over.append)

    async def say(self, duration_s: float, *, start_s: float = 0.0, rate_hz: int = RATE_HZ) -> None:
        await self.keeper.capture_frame(speech(duration_s, start_s=start_s, rate_hz=rate_hz), segment=SegmentRef("one"))
        await settle()

    async def finish(self, position_s: float, *, interrupted: bool = False) -> Spoken:
        ref = self.leaf.pending_segments[0].ref
        self.leaf.on_playback_finished(playback_position=position_s, interrupted=interrupted, segment=ref)
        await settle()
        return self.over[-1]


@pytest.fixture
async def kept() -> AsyncIterator[Kept]:
    made = Kept()
    yield made
    await made.keeper.aclose()
    await made.leaf.aclose()


async def test_a_segment_is_handed_out_with_its_sound_and_course(kept: Kept) -> None:
    await kept.say(0.5)
    kept.clock.move(1.0)
    await kept.say(0.5, start_s=0.5)
    kept.keeper.flush()
    kept.clock.move(2.0)
    spoken = await kept.finish(1.0)
    assert spoken.sound is not None
    assert spoken.sound.samples.tolist() == np.arange(1, RATE_HZ + 1).tolist()
    assert (spoken.course.sent_s, spoken.course.finished_s, spoken.course.position_s) == (50.0, 53.0, 1.0)
    assert spoken.course.interrupted is False


async def test_an_interrupted_one_tells_so_and_how_far_it_was_heard(kept: Kept) -> None:
    await kept.say(2.0)
    spoken = await kept.finish(0.7, interrupted=True)
    assert (spoken.course.interrupted, spoken.course.position_s) == (True, 0.7)


async def test_what_was_given_to_another_avatar_is_not_compared(kept: Kept) -> None:
    await kept.say(1.0)
    kept.keeper.spoil("another avatar took over")
    spoken = await kept.finish(1.0)
    assert spoken.sound is None
    assert spoken.why == "another avatar took over"


async def test_one_that_is_too_long_is_not_compared_and_not_kept(kept: Kept) -> None:
    await kept.say(KEPT_S + 1)
    spoken = await kept.finish(KEPT_S)
    assert spoken.sound is None
    assert "longer than" in spoken.why


async def test_one_whose_rate_changes_is_not_compared(kept: Kept) -> None:
    await kept.say(0.5)
    await kept.say(0.5, rate_hz=16_000)
    assert (await kept.finish(1.0)).why == "its rate changed"
