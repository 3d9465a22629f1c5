import asyncio
from collections.abc import AsyncIterator

import pytest

from avatar_core.bench.speech.book import Book
from avatar_core.bench.speech.sources import PATTERN_ID, Sources
from avatar_core.bench.speech.talk import Talk
from avatar_core.bench.states import SegmentState
from avatar_core.errors import BenchError, PlaybackError
from avatar_core.playback.agent_output import AgentOutput
from avatar_core.playback.contract import AudioOutput
from avatar_core.playback.meter import LevelMeter
from avatar_core.tasks import TaskGroup
from tests.fakes.audio_output import HandDrivenOutput, RemoteOutput
from tests.fakes.clock import ManualClock, settle


class Spoken:
    """A talk over a chain whose avatar plays in virtual time, and reports as our workers do."""

    def __init__(self, sink: AudioOutput, clock: ManualClock) -> None:
        self.clock = clock
        self.book = Book(clock)
        self.sink = sink
        self.output = AgentOutput(clock=clock)
        self.tasks = TaskGroup()
        self.ends = 0
        self.failures: list[BenchError] = []
        self.talk = Talk(
            self.output, self.book, Sources(), self.tasks, on_end=self._on_end, on_failure=self.failures.append
        )
        self.output.audio_changed.connect(self.book.listen)
        self.output.audio = LevelMeter(sink, clock=clock)
        self.book.hand_over("wave")

    def _on_end(self) -> None:
        self.ends += 1

    async def play(self, seconds: float) -> None:
        """Let time pass, in steps that the speaker, which looks in real time, can follow."""
        for _ in range(round(seconds / 0.1)):
            await self.clock.advance(0.1)
            self._report()
            await asyncio.sleep(0.002)

    def _report(self) -> None:
        played_s = self.sink._played_s if isinstance(self.sink, RemoteOutput) else {}
        for ref, position_s in tuple(played_s.items()):
            self.sink.on_playback_progressed(
                started_at=self.clock.now() - position_s, offset=0.0, duration=position_s, segment=ref
            )

    @property
    def ends_by(self) -> list[str]:
        return [row.ended for row in reversed(self.book.rows({}))]

    async def aclose(self) -> None:
        await self.tasks.aclose()
        await self.output.aclose()
        await self.sink.aclose()


@pytest.fixture
async def spoken() -> AsyncIterator[Spoken]:
    clock = ManualClock()
    made = Spoken(RemoteOutput(clock), clock)
    yield made
    await made.aclose()


async def begin(spoken: Spoken, heard_s: float = 0.5) -> None:
    """Speak the pattern until some of it is heard."""
    await spoken.talk.begin(PATTERN_ID)
    await settle()
    await spoken.play(heard_s)
    assert spoken.book.rows({})[0].state is SegmentState.PLAYING


async def test_a_source_is_said_and_goes_on_until_it_is_stopped_and_heard(spoken: Spoken) -> None:
    assert not spoken.talk.goes_on
    await begin(spoken)
    await spoken.talk.stop()
    assert spoken.talk.goes_on
    await spoken.play(4.0)
    assert not spoken.talk.goes_on
    assert spoken.ends_by == ["ended"]


async def test_clearing_ends_all_that_is_open_by_that_name(spoken: Spoken) -> None:
    await begin(spoken)
    spoken.talk.clear("interrupted by a test")
    await spoken.play(0.2)
    assert not spoken.talk.goes_on
    assert spoken.ends_by == ["interrupted by a test"]
    assert spoken.book.balance().balanced


async def test_what_is_said_right_after_a_clear_is_not_cut_by_what_was_said_before(spoken: Spoken) -> None:
    await begin(spoken)
    spoken.talk.clear("interrupted")
    await spoken.talk.begin(PATTERN_ID)
    await spoken.play(0.5)
    states = [row.state for row in spoken.book.rows({})]
    assert states == [SegmentState.PLAYING, SegmentState.INTERRUPTED]


async def test_a_pause_holds_the_position_and_release_goes_on_with_the_same_segment(spoken: Spoken) -> None:
    await begin(spoken, 1.0)
    spoken.talk.hold()
    assert spoken.talk.held
    position_s = spoken.book.heard_s("s1")
    await spoken.play(2.0)
    assert spoken.book.heard_s("s1") == pytest.approx(position_s)
    spoken.talk.release()
    await spoken.play(1.0)
    assert not spoken.talk.held
    assert spoken.book.heard_s("s1") > position_s + 0.5
    assert spoken.book.balance().opened == 1


async def test_clearing_ends_a_pause(spoken: Spoken) -> None:
    await begin(spoken)
    spoken.talk.hold()
    spoken.talk.clear("interrupted")
    await spoken.play(0.2)
    assert (spoken.talk.held, spoken.talk.goes_on) == (False, False)
    await begin(spoken)


async def test_what_is_said_after_a_pause_that_came_with_the_end_is_heard(spoken: Spoken) -> None:
    await begin(spoken)
    await spoken.talk.stop()
    await spoken.play(4.0)
    spoken.talk.hold()
    await begin(spoken)
    assert not spoken.talk.held


async def test_ending_a_segment_opens_the_next_one(spoken: Spoken) -> None:
    await begin(spoken)
    assert spoken.talk.end_segment()
    await spoken.play(3.0)
    assert [row.segment_id for row in spoken.book.rows({})] == ["s2", "s1"]
    assert spoken.ends_by[0] == "ended"


async def test_there_is_no_segment_to_end_before_anything_was_said(spoken: Spoken) -> None:
    assert not spoken.talk.end_segment()


async def test_saying_another_source_ends_the_first_ones_segment(spoken: Spoken) -> None:
    await begin(spoken)
    await spoken.talk.begin(PATTERN_ID)
    await spoken.play(5.0)
    assert spoken.ends_by[0] == "ended"
    assert [row.segment_id for row in spoken.book.rows({})] == ["s2", "s1"]


async def test_a_source_that_cannot_be_read_is_told_and_ends(spoken: Spoken) -> None:
    await spoken.talk.begin("nobody")
    await settle()
    assert "nobody" in str(spoken.failures[0])
    assert (spoken.ends, spoken.talk.goes_on) == (1, False)


async def test_an_output_that_breaks_is_told_and_ends_the_source() -> None:
    clock = ManualClock()
    sink = HandDrivenOutput(clock=clock)
    spoken = Spoken(sink, clock)
    sink.failure = PlaybackError("the avatar is gone")
    await spoken.talk.begin(PATTERN_ID)
    await settle()
    assert [str(failure) for failure in spoken.failures] == ["the avatar is gone"]
    assert spoken.ends == 1
    await spoken.aclose()


async def test_an_output_that_cannot_pause_says_so_and_nothing_is_held() -> None:
    clock = ManualClock()
    spoken = Spoken(HandDrivenOutput(clock=clock, exact_position=False), clock)
    with pytest.raises(PlaybackError, match="neither pause"):
        spoken.talk.hold()
    assert not spoken.talk.held
    await spoken.aclose()


async def test_what_is_suspended_stands_still_and_goes_on_unless_the_user_paused_it(spoken: Spoken) -> None:
    assert not spoken.talk.suspend()
    await begin(spoken, 1.0)
    assert spoken.talk.suspend()
    position_s = spoken.book.heard_s("s1")
    await spoken.play(1.0)
    assert spoken.book.heard_s("s1") == pytest.approx(position_s)
    spoken.talk.go_on()
    await spoken.play(1.0)
    assert spoken.book.heard_s("s1") > position_s + 0.5
    spoken.talk.hold()
    assert spoken.talk.suspend()
    spoken.talk.go_on()
    position_s = spoken.book.heard_s("s1")
    await spoken.play(1.0)
    assert spoken.book.heard_s("s1") == pytest.approx(position_s)


async def test_clearing_what_is_suspended_ends_it_and_the_next_is_heard(spoken: Spoken) -> None:
    await begin(spoken)
    assert spoken.talk.suspend()
    spoken.talk.clear("avatar ended")
    await spoken.play(0.2)
    assert spoken.ends_by == ["avatar ended"]
    await begin(spoken)
