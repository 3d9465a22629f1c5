"""What was silent as it was said, where an avatar hands over to another in the midst of a segment."""

from collections.abc import AsyncIterator

import numpy as np
import pytest

from avatar_core.bench.speech.spoken import SpokenKeeper
from avatar_core.media.frames import AudioFrame
from avatar_core.playback.proxy import AudioSinkProxy
from avatar_core.playback.recall import SwapPolicy
from avatar_core.playback.segment import SegmentRef
from tests.fakes.audio_output import RATE_HZ, HandDrivenOutput
from tests.fakes.clock import ManualClock, settle


def said(*parts_s: float) -> AudioFrame:
    """Loud and silent in turn."""
    loud = [np.full((round(length_s * RATE_HZ), 1), 8_000 * (1 - index % 2)) for index, length_s in enumerate(parts_s)]
    return AudioFrame(np.concatenate(loud).astype(np.int16), RATE_HZ)


class Chain:
    def __init__(self) -> None:
        self.old, self.new = HandDrivenOutput("old"), HandDrivenOutput("new")
        self.keeper = SpokenKeeper(self.old, clock=ManualClock(50.0))
        self._proxy = next(link for link in self.keeper.chain() if isinstance(link, AudioSinkProxy))

    @property
    def silence_s(self) -> float | None:
        return self.keeper.crossings.silence_s(self.old, self.new)

    async def say(self, frame: AudioFrame) -> None:
        await self.keeper.capture_frame(frame, segment=SegmentRef("one"))
        await settle()

    async def swap(self, policy: SwapPolicy, heard_s: float) -> None:
        ref = self.old.pending_segments[0].ref
        if policy is SwapPolicy.FINISH:
            self.old.on_playback_progressed(started_at=50.0, offset=0.0, duration=heard_s, segment=ref)
        self._proxy.set_next_in_chain(self.new, policy=policy)
        if policy is SwapPolicy.CARRY:
            self.old.on_playback_finished(playback_position=heard_s, interrupted=True, segment=ref)
        await settle()


@pytest.fixture
async def chain() -> AsyncIterator[Chain]:
    made = Chain()
    yield made
    await made.keeper.aclose()
    await made.old.aclose()
    await made.new.aclose()


@pytest.mark.parametrize(("heard_s", "silence_s"), [(1.5, 0.0), (2.3, 0.7), (2.0, 0.7), (2.7, 0.7), (3.2, 0.0)])
async def test_a_pause_in_which_one_hands_over_is_silence_that_was_said(
    chain: Chain, heard_s: float, silence_s: float
) -> None:
    await chain.say(said(2.0, 0.7, 2.0))
    await chain.swap(SwapPolicy.CARRY, heard_s)
    assert chain.silence_s == pytest.approx(silence_s, abs=0.02)


async def test_what_is_lost_between_the_two_is_no_silence_that_was_said(chain: Chain) -> None:
    # Heard up to 2.3 s; given up is all that was sent, and the new one begins 0.2 s before the next sound.
    await chain.say(said(2.0, 0.7, 2.0, 0.3))
    await chain.swap(SwapPolicy.FINISH, 2.3)
    await chain.say(said(0.0, 0.2, 1.0))
    assert chain.silence_s == pytest.approx(0.3 + 0.2, abs=0.02)


async def test_where_no_segment_goes_on_there_is_nothing_to_tell(chain: Chain) -> None:
    assert chain.silence_s is None
    await chain.say(said(2.0))
    chain.keeper.flush()
    await settle()
    ref = chain.old.pending_segments[0].ref
    chain.old.on_playback_finished(playback_position=2.0, interrupted=False, segment=ref)
    await settle()
    assert chain.silence_s is None


async def test_it_is_told_also_after_the_segment_is_over(chain: Chain) -> None:
    await chain.say(said(2.0, 0.7, 2.0))
    await chain.swap(SwapPolicy.CARRY, 2.3)
    chain.keeper.flush()
    await settle()
    ref = chain.new.pending_segments[0].ref
    chain.new.on_playback_finished(playback_position=2.4, interrupted=False, segment=ref)
    await settle()
    assert chain.silence_s == pytest.approx(0.7, abs=0.02)
    assert chain.keeper.crossings.silence_s(chain.new, chain.old) is None
