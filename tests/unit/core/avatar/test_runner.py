"""One avatar in a room in memory: what it says to its controller, and when."""

import asyncio
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import numpy as np
import pytest

from avatar_core.avatar.faults.planted import Faults
from avatar_core.avatar.runner import AvatarRunner
from avatar_core.playback.contract import PlaybackStartedEvent
from avatar_core.playback.segment import SegmentRef
from avatar_core.room.answer_checks import WireFinding
from avatar_core.room.data_stream_output import DataStreamAudioOutput
from avatar_core.room.values import TrackKind
from avatar_core.wire.livekit import RPC_CLEAR_BUFFER, RPC_OK, AvatarReport
from tests.fakes.audio_output import FinishLog, speech
from tests.fakes.clock import ManualClock, settle
from tests.fakes.room import FakeConnection, FakeRoom
from tests.fakes.video_generator import OPTIONS, EchoGenerator

AGENT, AVATAR = "bench-agent", "avatar-1"


@dataclass
class Stage:
    room: FakeRoom
    agent: FakeConnection
    avatar: FakeConnection
    clock: ManualClock
    generator: EchoGenerator
    runner: AvatarRunner
    output: DataStreamAudioOutput
    log: FinishLog
    started: list[PlaybackStartedEvent] = field(default_factory=list)
    reports: list[AvatarReport] = field(default_factory=list)

    async def run(self, duration_s: float) -> None:
        for _ in range(round(duration_s / 0.005)):
            self.clock.move(0.005)
            await settle(8)

    async def say(self, duration_s: float, name: str) -> None:
        for index in range(round(duration_s / 0.1)):
            await self.output.capture_frame(speech(0.1, start_s=index * 0.1), segment=SegmentRef(name))
        self.output.flush()
        await settle(40)

    @property
    def loud_s(self) -> float:
        return sum(frame.duration_s for frame in self.avatar.audio[0].frames if np.any(frame.samples))


@pytest.fixture
async def stage(request: pytest.FixtureRequest) -> AsyncIterator[Stage]:
    room, clock, generator = FakeRoom(), ManualClock(), EchoGenerator()
    agent, avatar = room.join(AGENT), room.connection(AVATAR)
    runner = AvatarRunner(
        avatar,
        generator,
        OPTIONS,
        clock,
        controller=AGENT,
        grace_s=5.0,
        faults=getattr(request, "param", None),
    )
    output = DataStreamAudioOutput(
        agent, AVATAR, wait_remote_tracks=list(TrackKind), wait_playback_start=True, exact_position=True, clock=clock
    )
    stage = Stage(room, agent, avatar, clock, generator, runner, output, FinishLog(output))
    output.playback_started.connect(stage.started.append)
    output.reported.connect(stage.reports.append)
    avatar.join()
    await runner.publish()
    yield stage
    await output.aclose()
    await runner.aclose()
    await runner.aclose()
    await avatar.aclose()
    await agent.aclose()


async def test_avatar_is_ready_once_it_has_published_though_nobody_subscribed(stage: Stage) -> None:
    """B9."""
    assert stage.output.ready
    assert [publication.kind for publication in stage.avatar.publications] == [TrackKind.VIDEO, TrackKind.AUDIO]


async def test_segment_is_finished_when_it_was_played_not_when_it_was_pushed(stage: Stage) -> None:
    """B7."""
    await stage.say(1.0, "s")
    await stage.run(0.9)
    assert len(stage.started) == 1
    assert stage.log.events == []
    await stage.run(0.2)
    assert stage.log.answers == [(1.0, False)]
    assert stage.loud_s == pytest.approx(1.0)


async def test_back_to_back_segments_are_each_answered_once(stage: Stage) -> None:
    """B4."""
    for name in ("a", "b", "c"):
        await stage.say(0.3, name)
    await stage.run(1.2)
    assert stage.log.ids == ["a", "b", "c"]
    assert stage.log.answers == [(0.3, False)] * 3
    assert [event.segment.id for event in stage.started] == ["a", "b", "c"]


async def test_interrupt_answers_all_segments_with_what_was_played(stage: Stage) -> None:
    """B5, B6, B18."""
    await stage.say(0.3, "a")
    await stage.say(5.0, "b")
    await stage.say(1.0, "c")
    await stage.run(0.8)
    stage.output.clear_buffer()
    await settle(40)
    assert stage.log.ids == ["a", "b", "c"]
    positions = [position_s for position_s, _ in stage.log.answers]
    assert positions[0] == pytest.approx(0.3, abs=0.001)
    assert positions[1] == pytest.approx(0.5, abs=0.02)
    assert positions[2] == 0
    assert [interrupted for _, interrupted in stage.log.answers] == [False, True, True]
    said_s = stage.loud_s
    await stage.run(1.0)
    assert stage.loud_s == said_s


async def test_speech_after_an_interrupt_starts_and_finishes_as_any_other(stage: Stage) -> None:
    """B5: started again, and a position of its own."""
    for number in range(3):
        await stage.say(2.0, f"cut {number}")
        await stage.run(0.2)
        stage.output.clear_buffer()
        await settle(40)
    await stage.say(0.5, "whole")
    await stage.run(0.8)
    assert [event.segment.id for event in stage.started] == ["cut 0", "cut 1", "cut 2", "whole"]
    assert stage.log.answers[-1] == (0.5, False)


@pytest.mark.parametrize("seed", range(5))
async def test_interrupts_at_random_moments_leave_no_segment_unanswered(stage: Stage, seed: int) -> None:
    """The second law, across both ends of the wire."""
    chance = random.Random(seed)
    for number in range(12):
        await stage.say(chance.choice((0.1, 0.4, 1.0)), f"s{number}")
        if chance.random() < 0.5:
            await stage.run(chance.uniform(0.0, 0.3))
            stage.output.clear_buffer()
            await settle(chance.randrange(40))
    await stage.run(8.0)
    assert sorted(stage.log.ids) == sorted(f"s{number}" for number in range(12))
    assert stage.output.pending_segments == ()
    assert stage.output.ignored_events == 0
    for event in stage.log.events:
        assert event.segment is not None
        assert event.interrupted or event.playback_position == pytest.approx(event.segment.pushed_s)


async def test_reports_tell_what_was_played_and_what_waits(stage: Stage) -> None:
    await stage.say(1.0, "s")
    await stage.run(0.55)
    (segment,) = stage.reports[-1].segments
    assert segment.segment_id == "s"
    assert 0.4 < segment.played_s < 0.6
    assert segment.played_s + segment.buffered_s == pytest.approx(1.0)
    pictures = [picture for report in stage.reports for picture in report.pictures]
    assert [picture.number for picture in pictures] == list(
        range(pictures[0].number, pictures[0].number + len(pictures))
    )
    assert [picture.offset_ms for picture in pictures] == pytest.approx([0.0] * len(pictures), abs=6.0)
    assert len(pictures) > 8
    await stage.run(1.0)
    assert stage.reports[-1].segments == ()
    count = len(stage.reports)
    await stage.run(0.5)
    assert len(stage.reports) == count


@pytest.mark.parametrize(
    ("stage", "offset_ms"),
    [(Faults({"offset_ms": 200.0}), 200.0), (Faults({"offset_ms": -200.0}), -200.0)],
    indirect=["stage"],
)
async def test_planted_delay_shows_in_the_reported_offset_of_each_picture(stage: Stage, offset_ms: float) -> None:
    await stage.say(1.0, "s")
    await stage.run(0.8)
    offsets_ms = [picture.offset_ms for report in stage.reports for picture in report.pictures]
    # Two tasks let it go, by a clock of steps of 5 ms.
    assert offsets_ms == pytest.approx([offset_ms] * len(offsets_ms), abs=11.0)
    assert len(offsets_ms) > 8


async def test_controller_that_leaves_is_waited_for_and_then_given_up(stage: Stage) -> None:
    await stage.say(1.0, "s")
    await stage.run(0.1)
    stage.agent.leave()
    await stage.run(5.5)
    assert not stage.runner.ended.done()
    assert stage.loud_s == pytest.approx(1.0)
    await stage.run(1.0)
    assert stage.runner.ended.result().reason == "controller_gone"


async def test_controller_that_comes_back_in_time_finds_its_avatar(stage: Stage) -> None:
    stage.agent.leave()
    await stage.run(4.0)
    stage.agent.join()
    await stage.run(3.0)
    assert not stage.runner.ended.done()


async def test_others_may_leave(stage: Stage) -> None:
    """B27."""
    other = stage.room.join("avatar-2")
    other.leave()
    await stage.run(7.0)
    assert not stage.runner.ended.done()


async def test_lost_room_ends_it(stage: Stage) -> None:
    stage.avatar.lose()
    assert stage.runner.ended.result().reason == "room_lost"


@pytest.mark.error_logs("avatar renders failed")
async def test_generator_that_fails_ends_it(stage: Stage) -> None:
    stage.generator.fail(RuntimeError("no more paint"))
    await settle(20)
    ended = stage.runner.ended.result()
    assert (ended.reason, ended.detail) == ("failed", "avatar renders: no more paint")


async def test_closing_before_publishing_is_harmless() -> None:
    """B8."""
    room = FakeRoom()
    connection = room.connection(AVATAR)
    runner = AvatarRunner(connection, EchoGenerator(), OPTIONS, ManualClock(), controller=AGENT)
    await runner.aclose()
    await connection.aclose()
    assert not runner.ended.done()
    await asyncio.sleep(0)


def spoiled(**planted: float) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("stage", [Faults(planted)], indirect=True)


@spoiled(lost_finished=True)
async def test_planted_loss_leaves_a_segment_unanswered(stage: Stage) -> None:
    await stage.say(1.0, "s")
    await stage.run(3.0)
    assert stage.log.events == []
    assert len(stage.started) == 1


@spoiled(lost_finished=True)
async def test_what_follows_a_lost_answer_begins_under_its_own_name(stage: Stage) -> None:
    await stage.say(1.0, "s")
    await stage.run(14.0)
    assert [event.segment.id for event in stage.log.events] == ["s"]
    await stage.say(1.0, "t")
    await stage.run(1.0)
    assert [event.segment.id for event in stage.started] == ["s", "t"]


@spoiled(late_finished_ms=400)
async def test_planted_lateness_delays_the_answer(stage: Stage) -> None:
    await stage.say(1.0, "s")
    await stage.run(1.3)
    assert stage.log.events == []
    await stage.run(0.3)
    assert stage.log.answers == [(1.0, False)]


@spoiled(early_finished_ms=200)
async def test_planted_haste_answers_before_the_end_was_heard(stage: Stage) -> None:
    await stage.say(1.0, "s")
    await stage.run(0.85)
    assert stage.log.answers == [(1.0, False)]
    await stage.run(1.0)
    assert len(stage.log.events) == 1


@spoiled(wrong_position_ms=-300)
async def test_planted_position_is_told(stage: Stage) -> None:
    await stage.say(1.0, "s")
    await stage.run(1.2)
    assert stage.log.answers == [(0.7, False)]


@spoiled(no_started=True)
async def test_planted_silence_tells_of_no_start(stage: Stage) -> None:
    await stage.say(1.0, "s")
    await stage.run(1.2)
    assert (stage.started, stage.log.answers) == ([], [(1.0, False)])


@pytest.mark.parametrize(
    ("stage", "answers"),
    [(Faults({"duplicate_finished": 2}), 2), (Faults({"stale_segment": True}), 1)],
    indirect=["stage"],
)
async def test_an_answer_to_what_is_over_is_b5(stage: Stage, answers: int) -> None:
    found: list[WireFinding] = []
    stage.output.found.connect(found.append)
    await stage.say(0.3, "a")
    await stage.run(0.6)
    await stage.say(0.3, "b")
    await stage.run(0.6)
    assert [one.id for one in found if "a" in one.evidence.split()[1]] == ["B5"] * answers
    assert stage.log.ids[0] == "a"


@spoiled(late_stop_ms=300)
async def test_planted_deafness_lets_speech_go_on_after_an_interrupt(stage: Stage) -> None:
    await stage.say(2.0, "s")
    await stage.run(0.5)
    stage.output.clear_buffer()
    await stage.run(1.0)
    assert len(stage.log.events) == 1
    assert stage.loud_s == pytest.approx(0.5 + 0.3, abs=0.1)


async def test_interrupt_before_anything_is_published_leaves_an_avatar_that_speaks() -> None:
    """As one that comes back under its identity gets it: it is told to drop what another process had."""
    room, clock, generator = FakeRoom(), ManualClock(), EchoGenerator()
    agent, avatar = room.join(AGENT), room.connection(AVATAR)
    runner = AvatarRunner(avatar, generator, OPTIONS, clock, controller=AGENT)
    output = DataStreamAudioOutput(agent, AVATAR, wait_remote_tracks=list(TrackKind), clock=clock)
    stage = Stage(room, agent, avatar, clock, generator, runner, output, FinishLog(output))
    avatar.join()
    assert await agent.rpc.perform(AVATAR, RPC_CLEAR_BUFFER) == RPC_OK
    await runner.publish()
    await stage.say(0.5, "s")
    await stage.run(1.0)
    assert stage.log.answers == [(pytest.approx(0.5), False)]
    assert stage.loud_s == pytest.approx(0.5)
    await output.aclose()
    await runner.aclose()
