import asyncio
import itertools
from collections.abc import AsyncIterator

import pytest

from avatar_core.bench.speech.speaker import LEAD_S, Speaker
from avatar_core.media.frames import AudioFrame
from avatar_core.playback.wrapper import with_swap_proxy
from tests.fakes.audio_output import HandDrivenOutput, speech
from tests.fakes.clock import settle


class Source:
    """Frames of one utterance; closed once, and counted."""

    name = "test"
    duration_s = None

    def __init__(self, *frames: AudioFrame) -> None:
        self._frames = frames
        self.closed = 0

    async def __aiter__(self) -> AsyncIterator[AudioFrame]:
        for frame in self._frames:
            yield frame

    async def aclose(self) -> None:
        self.closed += 1


class Said:
    """A speaker over a chain whose leaf is moved by hand; `unplayed_s` is what the test says."""

    def __init__(self) -> None:
        self.output = HandDrivenOutput()
        self.head = with_swap_proxy(self.output)
        self.unplayed_s = 0.0
        self.speaker = Speaker(self.head, lambda: self.unplayed_s, (f"s{n}" for n in itertools.count(1)))

    async def aclose(self) -> None:
        await self.head.aclose()
        await self.output.aclose()

    @property
    def ids(self) -> list[str]:
        return [ref.id for ref in self.output.refs]

    def say(self, source: Source) -> asyncio.Task:
        return asyncio.get_running_loop().create_task(self.speaker.say(source))


@pytest.fixture
async def said() -> AsyncIterator[Said]:
    made = Said()
    yield made
    await made.aclose()


async def test_a_source_becomes_one_segment_in_pieces_of_a_tenth_of_a_second(said: Said) -> None:
    source = Source(speech(0.25), speech(0.1, start_s=0.25))
    await said.say(source)
    assert [frame.duration_s for frame in said.output.frames] == pytest.approx([0.1, 0.1, 0.05, 0.1])
    samples = [int(sample) for frame in said.output.frames for sample in frame.samples[:, 0]]
    assert samples == list(range(1, len(samples) + 1))
    assert said.ids == ["s1"]
    assert said.output.calls[-1] == "flush"
    assert source.closed == 1


async def test_no_more_is_sent_ahead_than_the_lead(said: Said) -> None:
    said.unplayed_s = LEAD_S + 0.1
    saying = said.say(Source(speech(1.0)))
    await settle()
    assert said.output.frames == []
    said.unplayed_s = LEAD_S
    await saying
    assert said.output.captured_s == pytest.approx(1.0)


async def test_ending_the_segment_lets_the_rest_open_a_new_one(said: Said) -> None:
    said.output.ready.clear()
    saying = said.say(Source(speech(0.1), speech(0.1)))
    await settle()
    assert said.speaker.end_segment()
    said.output.ready.set()
    await saying
    assert said.ids == ["s1", "s2"]


async def test_there_is_nothing_to_end_before_the_first_frame_and_after_the_last(said: Said) -> None:
    assert not said.speaker.end_segment()
    await said.say(Source(speech(0.1)))
    assert not said.speaker.end_segment()
    assert said.output.calls.count("flush") == 1


async def test_a_speaker_that_is_cancelled_ends_its_segment_and_closes_its_source(said: Said) -> None:
    source = Source(speech(5.0))
    said.unplayed_s = LEAD_S
    saying = said.say(source)
    await settle()
    said.unplayed_s = LEAD_S + 0.1
    await settle()
    saying.cancel()
    await asyncio.gather(saying, return_exceptions=True)
    assert said.output.calls[-1] == "flush"
    assert said.output.calls.count("flush") == 1
    assert source.closed == 1
