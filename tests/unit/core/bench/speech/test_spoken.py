"""What was said is kept by segment until it is over."""

from collections.abc import AsyncIterator

import numpy as np
import pytest

from avatar_core.bench.speech.spoken import LEAST_S, Spoken, SpokenKeeper
from avatar_core.media.frames import AudioFrame
from avatar_core.playback.proxy import AudioSinkProxy
from avatar_core.playback.recall import SwapPolicy
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
        kept_ref = self.leaf.pending_segments[0].ref
        self.leaf.on_playback_finished(playback_position=position_s, interrupted=interrupted, segment=kept_ref)
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


async def test_a_pause_ends_a_part_and_the_next_begins_where_it_was_heard_to(kept: Kept) -> None:
    await kept.say(6.0)
    kept.keeper.pause()
    kept.clock.move(1.0)
    first = await kept.finish(2.5, interrupted=True)
    kept.clock.move(60.0)
    kept.keeper.resume()
    await settle()
    kept.keeper.flush()
    await settle()
    second = await kept.finish(3.5)
    assert first.sound is not None and second.sound is not None
    assert (first.course.position_s, first.course.goes_on, first.course.interrupted) == (2.5, True, True)
    assert (second.course.begins_s, second.course.sent_s, second.course.goes_on) == (2.5, 111.0, False)
    assert second.sound.samples.tolist() == speech(3.5, start_s=2.5).samples[:, 0].tolist()
    assert first.at_break and second.at_break
    assert (kept.keeper.rest_sent_s(first), kept.keeper.rest_sent_s(second)) == (111.0, None)


async def test_speech_carried_to_another_output_is_handed_out_by_what_each_was_given(kept: Kept) -> None:
    await kept.say(6.0)
    other = HandDrivenOutput("other")
    proxy = next(link for link in kept.keeper.chain() if isinstance(link, AudioSinkProxy))
    proxy.set_next_in_chain(other, policy=SwapPolicy.CARRY)
    first = await kept.finish(2.5, interrupted=True)
    kept.keeper.flush()
    await settle()
    other.on_playback_finished(playback_position=3.5, interrupted=False, segment=other.pending_segments[0].ref)
    await settle()
    second = kept.over[-1]
    assert [part.sink for part in (first, second)] == [kept.leaf, other]
    assert second.sound is not None and second.course.begins_s == 2.5
    assert second.sound.samples.tolist() == speech(3.5, start_s=2.5).samples[:, 0].tolist()
    await other.aclose()


async def test_what_an_output_that_is_given_up_had_need_not_have_been_heard(kept: Kept) -> None:
    await kept.say(6.0)
    other = HandDrivenOutput("other")
    proxy = next(link for link in kept.keeper.chain() if isinstance(link, AudioSinkProxy))
    proxy.set_next_in_chain(other, policy=SwapPolicy.FINISH)
    await settle()
    assert [(part.expected, part.course.position_s, part.course.finished_s) for part in kept.over] == [
        (False, None, None)
    ]
    await other.aclose()


async def test_a_part_too_short_to_be_recognized_is_not_compared(kept: Kept) -> None:
    await kept.say(6.0)
    kept.keeper.pause()
    spoken = await kept.finish(LEAST_S - 0.1, interrupted=True)
    assert spoken.sound is None
    assert "less than 2 s" in spoken.why


async def test_a_long_one_is_handed_out_in_parts_cut_where_it_is_quiet_and_little_of_it_is_kept(kept: Kept) -> None:
    said = []
    for second in range(200):
        loud = np.full((RATE_HZ, 1), 1000 + second, np.int16)
        loud[RATE_HZ // 2 : RATE_HZ * 7 // 10] = 0
        said.append(loud)
        await kept.keeper.capture_frame(AudioFrame(loud, RATE_HZ), segment=SegmentRef("one"))
        kept.clock.move(1.0)
    assert len(kept.keeper._speeches[SegmentRef("one")].pieces) < 50
    kept.keeper.flush()
    await settle()
    await kept.finish(200.0)
    parts = [part.sound for part in kept.over]
    assert len(parts) == 6 and None not in parts
    assert np.array_equal(np.concatenate([part.samples for part in parts if part]), np.concatenate(said)[:, 0])
    assert all(part.samples[0] == 0 for part in parts[1:] if part)
    begins = [part.course.begins_s for part in kept.over]
    assert begins == sorted(begins) and np.diff(begins).max() <= 40
    # Each was sent when its beginning was.
    assert [part.course.sent_s for part in kept.over] == [50.0 + int(at) for at in begins]
    assert [part.course.goes_on for part in kept.over] == [True] * 5 + [False]
    assert kept.over[-1].course.position_s == pytest.approx(200 - begins[-1])


async def test_one_whose_rate_changes_is_not_compared(kept: Kept) -> None:
    await kept.say(0.5)
    await kept.say(0.5, rate_hz=16_000)
    assert (await kept.finish(1.0)).why == "its rate changed"
