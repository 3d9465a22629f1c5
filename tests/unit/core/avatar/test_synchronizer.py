"""Sound and pictures on one clock, by hand: every rule of AVSynchronizer, without waiting."""

import asyncio
from collections.abc import AsyncIterator
from functools import partial

import numpy as np
import pytest

from avatar_core.avatar.departures import PictureDue
from avatar_core.avatar.sound_queue import PIECE_S
from avatar_core.avatar.sound_release import QUEUE_S
from avatar_core.avatar.synchronizer import AVSynchronizer
from avatar_core.avatar.synchronizer_options import Overflow, SynchronizerOptions
from avatar_core.media.frames import AudioSegmentEnd, VideoFrame
from tests.fakes.clock import ManualClock, settle
from tests.fakes.synchronizer_stage import FRAME_S, STEP_S, GrainSpeaker, Speaker, Stage, offsets_s, speech, staged
from tests.fakes.video_generator import OPTIONS, picture, sound


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    stage = staged()
    await settle()
    yield stage
    await stage.aclose()


async def test_pictures_leave_with_their_sound(stage: Stage) -> None:
    due: list[PictureDue] = []
    stage.synchronizer.picture_due.connect(due.append)
    stage.feed(*speech(0.0, 2.0))
    await stage.run(2.2)
    ((begun_s, over_s),) = stage.speaker.loud()
    assert over_s - begun_s == pytest.approx(2.0)
    offsets = offsets_s(stage, begun_s, 0.0, 2.0)
    assert len(offsets) == 50
    assert max(map(abs, offsets)) <= 0.005 + 2 * STEP_S
    assert [one.sound_s - one.pts_s for one in due] == pytest.approx([begun_s] * 50, abs=0.005 + 2 * STEP_S)
    assert stage.synchronizer.statistics.late == 0


async def steady_offsets_s(missed: int) -> list[float]:
    """Of an utterance, from half a second on, over an output that lets its first sound out so many beats late."""
    stage = staged(speaks=partial(GrainSpeaker, missed=missed))
    # Its beats are learned from silence.
    await stage.run(1.0)
    stage.feed(*speech(0.0, 2.0))
    await stage.run(2.3)
    ((begun_s, over_s),) = stage.speaker.loud()
    assert over_s - begun_s == pytest.approx(2.0)
    await stage.aclose()
    return offsets_s(stage, begun_s, 0.5, 2.0)


@pytest.mark.parametrize("missed", [1, 2])
async def test_pictures_are_held_back_for_sound_that_an_output_lets_out_late(missed: int) -> None:
    assert await steady_offsets_s(missed) == pytest.approx(await steady_offsets_s(0), abs=STEP_S)


async def test_pause_holds_the_pictures_of_sound_that_was_dropped_meanwhile() -> None:
    stage = staged(behaviour=SynchronizerOptions(overflow=Overflow.DROP_OLDEST))
    stage.synchronizer.pause()
    stage.feed(*speech(0.0, 0.44))
    await stage.run(0.5)
    assert stage.synchronizer.statistics.dropped_sound_s > 0
    assert not stage.screen.shown
    stage.synchronizer.resume()
    await stage.run(0.5)
    assert stage.screen.shown[-1][1].pts_s == pytest.approx(0.4)
    await stage.aclose()


async def test_sound_never_stops_and_little_of_it_is_ahead(stage: Stage) -> None:
    most_s = 0.0
    stage.feed(*speech(0.0, 1.0))
    for _ in range(150):
        await stage.run(0.01)
        most_s = max(most_s, stage.speaker.queued_s)
    assert stage.speaker.gaps_s() == pytest.approx(0.0, abs=1e-6)
    assert 0 < most_s <= QUEUE_S + PIECE_S


async def test_segment_starts_and_ends_when_its_sound_does(stage: Stage) -> None:
    stage.feed(*speech(0.0, 0.4, segment="a"), *speech(0.4, 0.6, segment="b"))
    await stage.run(1.2)
    ((begun_s, over_s),) = stage.speaker.loud()
    assert stage.started == pytest.approx([begun_s, begun_s + 0.4])
    assert [(name, played_s) for _, name, played_s in stage.ended] == [
        ("a", pytest.approx(0.4)),
        ("b", pytest.approx(0.6)),
    ]
    assert [at_s for at_s, _, _ in stage.ended] == pytest.approx([begun_s + 0.4, over_s], abs=0.021)


async def test_segment_without_sound_ends_in_its_turn(stage: Stage) -> None:
    stage.feed(*speech(0.0, 0.2, segment="a"), AudioSegmentEnd("empty"), *speech(0.2, 0.2, segment="c"))
    await stage.run(0.6)
    assert [(name, round(played_s, 3)) for _, name, played_s in stage.ended] == [("a", 0.2), ("empty", 0.0), ("c", 0.2)]


async def test_speech_starts_at_once_whatever_idle_pictures_wait(stage: Stage) -> None:
    stage.feed(*(picture(index * FRAME_S) for index in range(4)))
    await stage.run(0.02)
    begins_s = stage.clock.now()
    stage.feed(*speech(4 * FRAME_S, 0.4))
    await stage.run(0.5)
    ((begun_s, _),) = stage.speaker.loud()
    assert begun_s - begins_s <= 2 * STEP_S
    assert max(map(abs, offsets_s(stage, begun_s - 4 * FRAME_S, 4 * FRAME_S, 4 * FRAME_S + 0.4))) <= 0.005 + 2 * STEP_S


async def test_idle_pictures_come_at_the_frame_rate(stage: Stage) -> None:
    for index in range(50):
        stage.feed(picture(index * FRAME_S))
        await stage.run(FRAME_S)
    times = [shown_s for shown_s, _ in stage.screen.shown]
    assert len(times) == 50
    assert max(np.abs(np.diff(times) - FRAME_S)) <= 2 * STEP_S
    assert stage.speaker.loud() == []


async def test_flush_leaves_nothing_stale_and_tells_what_was_played(stage: Stage) -> None:
    stage.feed(*speech(0.0, 0.32, segment="a"), *speech(0.32, 2.0, segment="b"), *speech(2.32, 1.0, segment="c"))
    await stage.run(0.5)
    played_s = stage.synchronizer.flush(1)
    flushed_s = stage.clock.now()
    await stage.run(0.3)
    ((begun_s, over_s),) = stage.speaker.loud()
    assert over_s == flushed_s
    assert played_s == (pytest.approx(flushed_s - begun_s - 0.32),)
    assert max(frame.pts_s for _, frame in stage.screen.shown) <= flushed_s - begun_s
    assert [name for _, name, _ in stage.ended] == ["a"]
    assert stage.synchronizer.buffered.sound_s <= QUEUE_S


async def test_items_of_an_older_generation_are_refused_wherever_they_are(stage: Stage) -> None:
    """B5, A12: the pusher that waits for room, and the one that comes late."""
    stage.feed(*speech(0.0, 2.0))
    await stage.run(0.1)
    stage.synchronizer.flush(1)
    quiet_from_s = stage.clock.now()
    stage.feed(*speech(0.5, 0.2))
    await stage.run(0.3)
    assert all(over_s <= quiet_from_s for _, over_s in stage.speaker.loud())
    assert stage.synchronizer.statistics.stale_sound_s > 0
    stage.feed(*speech(5.0, 0.2, generation=1, segment="new"))
    await stage.run(0.4)
    assert len(stage.started) == 2
    assert stage.ended[-1][1:] == ("new", pytest.approx(0.2))


async def test_sound_in_flight_at_the_flush_is_cleared_behind_it(stage: Stage) -> None:
    await stage.run(0.05)
    stage.speaker.stalled = asyncio.Event()
    stage.feed(*speech(0.0, 1.0))
    await stage.run(0.03)
    stage.synchronizer.flush(1)
    flushed_s, clears = stage.clock.now(), stage.speaker.clears
    await stage.run(0.01)
    stage.speaker.stalled.set()
    await stage.run(0.1)
    assert stage.speaker.clears == clears + 1
    assert sum(b - a for a, b in stage.speaker.loud() if b > flushed_s + 0.015) == 0


async def test_after_a_blocked_loop_pictures_are_dropped_and_sound_is_not(stage: Stage) -> None:
    stage.feed(*speech(0.0, 2.0))
    await stage.run(0.5)
    stage.clock.move(0.4)
    await stage.run(2.0)
    assert sum(b - a for a, b in stage.speaker.loud()) == pytest.approx(2.0)
    second_begun_s, _ = stage.speaker.loud()[-1]
    spoken_before_s = stage.speaker.loud()[0][1] - stage.speaker.loud()[0][0]
    late = offsets_s(stage, second_begun_s - spoken_before_s, spoken_before_s + FRAME_S, 2.0)
    assert len(late) > 20
    assert max(map(abs, late)) <= 0.02
    assert stage.synchronizer.statistics.late + len({frame.pts_s for _, frame in stage.screen.shown}) >= 50


async def test_generator_that_stalls_is_covered_by_the_last_picture_and_silence(stage: Stage) -> None:
    stage.feed(*speech(0.0, 0.4, segment=None))
    await stage.run(0.8)
    missing_before_s = stage.synchronizer.statistics.underrun_s
    repeated = stage.synchronizer.statistics.repeated
    assert repeated >= 5
    stage.feed(*speech(0.4, 0.4))
    await stage.run(0.6)
    assert stage.ended[0][2] == pytest.approx(0.8)
    assert len(stage.started) == 1
    assert missing_before_s > 0
    assert stage.synchronizer.statistics.underruns == 1
    second_begun_s, _ = stage.speaker.loud()[-1]
    offsets = offsets_s(stage, second_begun_s - 0.4, 0.4 + FRAME_S, 0.8)
    assert len(offsets) == 9
    assert max(map(abs, offsets)) <= 0.005 + 2 * STEP_S


async def test_sound_that_comes_just_in_time_is_not_held_up_by_silence(stage: Stage) -> None:
    stage.feed(picture(0.0), sound(0.0, FRAME_S))
    for index in range(1, 25):
        await stage.run(FRAME_S - 0.015 if index == 1 else FRAME_S)
        stage.feed(picture(index * FRAME_S), sound(index * FRAME_S, FRAME_S))
    await stage.run(0.2)
    ((begun_s, over_s),) = stage.speaker.loud()
    assert over_s - begun_s == pytest.approx(1.0)


async def test_push_waits_while_enough_is_held(stage: Stage) -> None:
    stage.feed(*speech(0.0, 3.0))
    await settle(100)
    assert not stage.feeding[0].done()
    assert stage.synchronizer.buffered.sound_s <= SynchronizerOptions().ahead_s + FRAME_S + QUEUE_S + PIECE_S
    await stage.run(3.2)
    assert stage.feeding[0].done()
    assert stage.ended[0][2] == pytest.approx(3.0)


async def test_output_that_fails_is_reported() -> None:
    failures: list[str] = []
    clock = ManualClock()
    speaker = Speaker(clock)

    class Broken:
        def capture(self, frame: VideoFrame) -> None:
            raise RuntimeError("the track is gone")

    synchronizer = AVSynchronizer(
        speaker, Broken(), OPTIONS, clock, on_failure=lambda name, failure: failures.append(f"{name}: {failure}")
    )
    synchronizer.start()
    await synchronizer.push(picture(0.0))
    await clock.advance(0.1)
    assert failures == ["synchronizer video: the track is gone"]
    await synchronizer.aclose()
