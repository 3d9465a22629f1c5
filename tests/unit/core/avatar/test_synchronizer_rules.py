"""What a synchronizer promises beside the offset: bounds, modes, generations, pauses, and exact rates."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import replace

import numpy as np
import pytest

from avatar_core.avatar.generator import AvatarOptions
from avatar_core.avatar.sound_queue import PIECE_S
from avatar_core.avatar.sound_release import QUEUE_S
from avatar_core.avatar.synchronizer_options import Overflow, SynchronizerOptions
from avatar_core.avatar.timing import Timing
from avatar_core.errors import ConfigError
from avatar_core.media.frames import AudioFrame, AudioSegmentEnd, VideoFrame
from avatar_core.tasks import spawn
from tests.fakes.clock import settle
from tests.fakes.synchronizer_stage import FRAME_S, STEP_S, Stage, offsets_s, speech, staged
from tests.fakes.video_generator import OPTIONS, picture, sound

IN_STEP_S = 0.005 + 2 * STEP_S
AHEAD_S = SynchronizerOptions().ahead_s
Make = Callable[..., Stage]


@pytest.fixture
async def make() -> AsyncIterator[Make]:
    """Stages of any behaviour, closed at the end."""
    made: list[Stage] = []

    def build(fps: float = OPTIONS.video_fps, **behaviour: object) -> Stage:
        options = replace(OPTIONS, video_fps=fps)
        made.append(staged(options, SynchronizerOptions(**behaviour)))
        return made[-1]

    yield build
    for stage in made:
        await stage.aclose()


def worst_offset_s(stage: Stage, from_s: float, to_s: float) -> float:
    ((begun_s, _),) = stage.speaker.loud()
    return max(map(abs, offsets_s(stage, begun_s, from_s, to_s)))


# Modes


async def test_sound_without_media_time_is_refused_to_its_bringer_and_nothing_breaks(make: Make) -> None:
    stage = make()
    with pytest.raises(ValueError, match="no media time"):
        await stage.synchronizer.push(replace(sound(0.0, FRAME_S), pts_s=None))
    stage.feed(*speech(0.0, 0.4))
    await stage.run(0.6)
    assert [played_s for _, _, played_s in stage.ended] == [pytest.approx(0.4)]


async def test_order_alone_keeps_speech_and_pictures_together(make: Make) -> None:
    """LiveKit's generators give no media time."""
    stage = make(timing=Timing.ORDER)
    items = speech(0.0, 2.0)
    stage.feed(*(replace(item, pts_s=-1.0) if not isinstance(item, AudioSegmentEnd) else item for item in items))
    await stage.run(2.3)
    assert worst_offset_s(stage, 0.0, 2.0) <= IN_STEP_S
    assert stage.synchronizer.statistics.shown == 50


@pytest.mark.parametrize("burst", [1, 4])
async def test_arrival_alone_keeps_together_what_is_written_at_the_same_moment(make: Make, burst: int) -> None:
    """Seed 001: what comes in real time, or in bursts of sound and pictures."""
    stage = make(timing=Timing.ARRIVAL, wait_for_picture_s=0.0)
    written = 0
    for _ in range(60 // burst):
        for _ in range(burst):
            stage.feed(replace(sound(0.0, FRAME_S), pts_s=None), picture(0.0, mark=written))
            await settle(8)
            written += 1
        await stage.run(FRAME_S * burst)
    first_shown: dict[int, float] = {}
    for shown_s, frame in stage.screen.shown:
        first_shown.setdefault(int(frame.data[0]), shown_s)
    # A picture belongs to the end of the sound it came with.
    offsets = [shown_s - stage.speaker.left_s((mark + 1) * FRAME_S) for mark, shown_s in first_shown.items()]
    assert len(offsets) >= 58
    # One gap: the source has no sound to spare at first.
    assert max(map(abs, offsets)) <= 2 * PIECE_S + IN_STEP_S
    assert max(map(abs, offsets[-50:])) <= IN_STEP_S


# Rates, gaps and the idle picture


@pytest.mark.parametrize("asked", [24000 / 1001, 25.0, 30000 / 1001, 60.0])
@pytest.mark.parametrize("given", [15.0, 25.0, 30.0])
async def test_rate_is_exact_whatever_the_generator_gives(make: Make, asked: float, given: float) -> None:
    """Pictures are repeated or dropped, and no offset grows of it."""
    stage = make(asked)
    items = []
    taken = 0
    for index in range(round(6 * given)):
        samples = round((index + 1) * 8_000 / given) - taken
        items += [picture(index / given), sound(taken / 8_000, samples / 8_000)]
        taken += samples
    stage.feed(*items)
    await stage.run(6.0)
    times = [shown_s for shown_s, _ in stage.screen.shown]
    measured = (len(times) - 1) / (times[-1] - times[0])
    assert measured == pytest.approx(asked, rel=1e-3)
    ((begun_s, _),) = stage.speaker.loud()
    offsets = offsets_s(stage, begun_s, 0.0, 5.8)
    # 30 a second in slots of 29.97 fall behind by 6 ms in that time, before one is dropped.
    assert abs(np.median(offsets)) <= IN_STEP_S + 0.004
    assert max(map(abs, offsets)) <= 0.5 / asked + IN_STEP_S


async def test_source_that_starves_does_not_set_the_frame_rate(make: Make) -> None:
    """Sound and pictures at 0.8 of real time: silence in between, pictures in step, slots as many as asked for."""
    stage = make()

    async def bring() -> None:
        due_s = stage.clock.now()
        for item in speech(0.0, 8.0):
            if isinstance(item, VideoFrame):
                await stage.clock.sleep_until(due_s)
                due_s += FRAME_S / 0.8
            await stage.synchronizer.push(item)

    stage.feeding.append(spawn(bring(), name="bring"))
    await stage.run(10.0)
    times = [shown_s for shown_s, _ in stage.screen.shown]
    assert (len(times) - 1) / (times[-1] - times[0]) == pytest.approx(25, rel=0.03)
    assert stage.synchronizer.statistics.underruns > 50
    begun_s = {round(stage.speaker.left_s(index * FRAME_S), 6): index for index in range(190)}
    first_shown: dict[int, float] = {}
    for shown_s, frame in stage.screen.shown:
        first_shown.setdefault(round(frame.pts_s / FRAME_S), shown_s)
    # Whoever comes as late as its sound takes the next slot.
    offsets = [first_shown[index] - left_s for left_s, index in begun_s.items()]
    assert -FRAME_S / 2 <= min(offsets) <= max(offsets) <= FRAME_S + IN_STEP_S
    assert abs(np.median(offsets)) <= FRAME_S / 2 + IN_STEP_S


async def test_last_picture_is_repeated_as_a_frame_of_its_own(make: Make) -> None:
    """A2: elsewhere the same object is stamped anew, and its earlier timestamp changes."""
    stage = make()
    stage.feed(picture(0.0))
    await stage.run(1.0)
    frames = [frame for _, frame in stage.screen.shown]
    assert len(frames) == pytest.approx(25, abs=1)
    assert len({id(frame) for frame in frames}) == len(frames)
    assert stage.synchronizer.statistics.repeated == len(frames) - 1


async def test_idle_picture_is_shown_from_the_start_and_after_the_speech(make: Make) -> None:
    stage = make(idle=picture(0.0, mark=9))
    await stage.run(0.4)
    assert {int(frame.data[0]) for _, frame in stage.screen.shown} == {9}
    assert len(stage.screen.shown) == pytest.approx(10, abs=1)
    stage.feed(*speech(0.0, 0.4))
    await stage.run(1.5)
    ((begun_s, over_s),) = stage.speaker.loud()
    marks = [(shown_s, int(frame.data[0])) for shown_s, frame in stage.screen.shown]
    assert {mark for shown_s, mark in marks if begun_s + 0.01 < shown_s < over_s} == {1}
    assert {mark for shown_s, mark in marks if shown_s > over_s + 0.3} == {9}
    assert stage.synchronizer.statistics.idle >= 20


# Bounds


async def test_one_long_frame_is_taken_piece_by_piece(make: Make) -> None:
    stage = make()
    stage.feed(picture(0.0), sound(0.0, 20.0), picture(20.0))
    await stage.run(0.5)
    assert stage.synchronizer.buffered.sound_s <= SynchronizerOptions().max_sound_s + QUEUE_S + 2 * PIECE_S
    assert not stage.feeding[0].done()


async def test_memory_of_pictures_is_bounded(make: Make) -> None:
    stage = make(max_bytes=3 * picture(0.0).data.nbytes)
    stage.feed(*(picture(index * FRAME_S) for index in range(50)))
    await settle(100)
    assert stage.synchronizer.buffered.pictures_s <= 3 * FRAME_S + 1e-9
    await stage.run(2.2)
    assert stage.feeding[0].done()
    assert stage.synchronizer.statistics.shown == 50


async def test_oldest_are_dropped_and_counted_where_nobody_can_be_held_up(make: Make) -> None:
    stage = make(overflow=Overflow.DROP_OLDEST)
    for index in range(50):
        await asyncio.wait_for(stage.synchronizer.push(picture(index * FRAME_S)), 1)
        await asyncio.wait_for(stage.synchronizer.push(sound(index * FRAME_S, FRAME_S)), 1)
    statistics = stage.synchronizer.statistics
    waiting = stage.synchronizer.buffered
    assert statistics.dropped_pictures >= 40
    assert statistics.dropped_sound_s >= 1.6
    await stage.run(0.5)
    assert sum(b - a for a, b in stage.speaker.loud()) + statistics.dropped_sound_s == pytest.approx(2.0)
    assert waiting.sound_s <= AHEAD_S + FRAME_S + QUEUE_S
    assert max(frame.pts_s for _, frame in stage.screen.shown) == pytest.approx(49 * FRAME_S)


async def test_missing_sound_is_counted_once_a_gap_and_silence_between_utterances_is_not(make: Make) -> None:
    stage = make()
    for start_s in (0.0, 0.2, 0.4):
        stage.feed(*speech(start_s, 0.2, segment="end" if start_s == 0.4 else None))
        await stage.run(0.4)
    statistics = stage.synchronizer.statistics
    assert statistics.underruns == 2
    assert statistics.underrun_s == pytest.approx(0.4, abs=0.1)
    await stage.run(1.0)
    later = stage.synchronizer.statistics
    assert (later.underruns, later.underrun_s) == (2, statistics.underrun_s)
    assert later.silence_s >= statistics.silence_s + 0.9


# Sound that is ahead of its pictures


@pytest.mark.parametrize("ahead_s", [1.0, 3.0])
async def test_sound_that_comes_ahead_of_its_pictures_waits_for_them_at_the_start(make: Make, ahead_s: float) -> None:
    """Both through one pusher, in order."""
    stage = make()
    items = []
    for index in range(round((4 + ahead_s) / FRAME_S)):
        if index * FRAME_S < 4:
            items.append(sound(index * FRAME_S, FRAME_S))
        if index * FRAME_S >= ahead_s:
            items.append(picture(index * FRAME_S - ahead_s))

    async def bring() -> None:
        due_s = stage.clock.now()
        for item in items:
            if isinstance(item, VideoFrame):
                await stage.clock.sleep_until(due_s)
                due_s += FRAME_S
            await stage.synchronizer.push(item)

    stage.feeding.append(spawn(bring(), name="bring"))
    await stage.run(5.0)
    assert worst_offset_s(stage, 0.2, 3.5) <= IN_STEP_S


async def test_source_without_pictures_is_waited_for_once(make: Make) -> None:
    stage = make(wait_for_picture_s=1.0)
    stage.feed(sound(0.0, 0.4), AudioSegmentEnd("a"))
    await stage.run(2.0)
    began_s = stage.clock.now()
    stage.feed(sound(0.4, 0.4), AudioSegmentEnd("b"))
    await stage.run(0.6)
    assert [name for _, name, _ in stage.ended] == ["a", "b"]
    assert stage.started[0] == pytest.approx(1_001.0, abs=0.05)
    assert stage.started[1] - began_s <= 2 * STEP_S


async def test_pictures_that_stop_in_mid_utterance_stop_nobody(make: Make) -> None:
    stage = make()
    stage.feed(*speech(0.0, 0.4, segment=None), sound(0.4, 1.0), AudioSegmentEnd("s"))
    await stage.run(1.6)
    ((begun_s, over_s),) = stage.speaker.loud()
    assert over_s - begun_s == pytest.approx(1.4)


# Generations


async def test_written_frames_are_of_the_generation_in_which_they_were_written(make: Make) -> None:
    """A12: who waits for room while somebody flushes has written what is void."""
    stage = make()
    writing = []
    for index in range(40):
        writing.append(spawn(stage.synchronizer.write_video(picture(index * FRAME_S)), name="picture"))
        writing.append(spawn(stage.synchronizer.write_audio(sound(index * FRAME_S, FRAME_S)), name="sound"))
        await settle()
    await stage.run(0.1)
    stage.synchronizer.flush()
    flushed_s = stage.clock.now()
    await stage.run(0.3)
    assert all(task.done() for task in writing)
    assert all(over_s <= flushed_s for _, over_s in stage.speaker.loud())
    assert stage.synchronizer.generation == 1
    assert stage.synchronizer.statistics.stale_sound_s > 0.5
    await stage.synchronizer.write_video(picture(9.0))
    await stage.synchronizer.write_audio(sound(9.0, FRAME_S))
    await stage.synchronizer.end_segment("new")
    await stage.run(0.2)
    assert [name for _, name, _ in stage.ended] == ["new"]


async def test_late_flush_of_an_older_generation_voids_nothing(make: Make) -> None:
    """A13."""
    stage = make()
    stage.synchronizer.flush(5)
    stage.feed(*speech(0.0, 1.0, generation=5))
    await stage.run(0.3)
    assert stage.synchronizer.flush(3) == stage.synchronizer.flush(5) == (pytest.approx(0.3, abs=0.02),)
    await stage.run(1.0)
    assert [played_s for _, _, played_s in stage.ended] == [pytest.approx(1.0)]


# Pause, close


async def test_pause_holds_sound_and_pictures_and_resume_goes_on_without_loss(make: Make) -> None:
    stage = make()
    stage.feed(*speech(0.0, 2.0))
    await stage.run(0.5)
    stage.synchronizer.pause()
    await stage.run(0.2)
    ((begun_s, held_s),) = stage.speaker.loud()
    assert held_s - begun_s <= 0.5 + QUEUE_S + STEP_S
    shown = max(frame.pts_s for _, frame in stage.screen.shown)
    await stage.run(1.0)
    assert len(stage.speaker.loud()) == 1
    assert max(frame.pts_s for _, frame in stage.screen.shown) == shown <= held_s - begun_s
    assert stage.synchronizer.statistics.underruns == 0
    stage.synchronizer.resume()
    await stage.run(2.0)
    first, second = stage.speaker.loud()
    spoken_s = first[1] - first[0]
    assert spoken_s + second[1] - second[0] == pytest.approx(2.0)
    assert [played_s for _, _, played_s in stage.ended] == [pytest.approx(2.0)]
    late = offsets_s(stage, second[0] - spoken_s, spoken_s + FRAME_S, 2.0)
    assert len(late) >= 30
    assert max(map(abs, late)) <= IN_STEP_S


async def test_close_frees_whoever_waits_for_room(make: Make) -> None:
    stage = make()
    stage.feed(*speech(0.0, 3.0))
    await stage.run(0.1)
    await stage.synchronizer.aclose()
    await settle()
    assert stage.feeding[0].done()
    await asyncio.wait_for(stage.synchronizer.push(picture(9.0)), 1)
    assert stage.synchronizer.statistics.stale_pictures > 0
    await stage.synchronizer.aclose()


def test_impossible_bounds_are_refused() -> None:
    with pytest.raises(ConfigError, match="impossible"):
        SynchronizerOptions(max_bytes=0)


# Drift


@pytest.mark.parametrize("utterances", [1, pytest.param(5, marks=pytest.mark.slow, id="an hour")])
async def test_there_is_no_drift(utterances: int) -> None:
    """29.97 pictures a second against sound of 8 kHz, in steps of 10 ms, in utterances of twelve minutes."""
    minutes = 12 * utterances
    fps = 30000 / 1001
    stage = staged(AvatarOptions(320, 180, fps, 8_000, 1))
    pixels = picture(0.0)
    offsets: list[float] = []

    async def bring() -> None:
        for utterance in range(utterances):
            taken = 0
            for index in range(round(719 * fps)):
                start_s = utterance * 720.0
                samples = round((index + 1) * 8_000 / fps) - taken
                await stage.synchronizer.push(replace(pixels, pts_s=start_s + index / fps))
                await stage.synchronizer.push(
                    AudioFrame(pcm[:samples], 8_000, start_s + taken / 8_000),
                )
                taken += samples
            await stage.synchronizer.push(AudioSegmentEnd(str(utterance)))

    pcm = np.full(400, 1_000, dtype=np.int16)
    stage.feeding.append(spawn(bring(), name="bring"))
    stage.screen.shown = _Last()  # type: ignore[assignment]
    stage.speaker.runs = _Last()  # type: ignore[assignment]
    lately: deque[float] = deque(maxlen=32)
    # A picture is let out at once, so that by this clock it is as late as it is told.
    stage.synchronizer.picture_due.connect(lambda due: lately.append(stage.clock.now() - due.sound_s))
    for minute in range(minutes):
        await stage.run(60.0, step_s=0.01)
        offsets.append(float(np.median(lately)))
        assert stage.synchronizer.buffered.sound_s < 1.0, minute
    slope = np.polyfit(np.arange(minutes), offsets, 1)[0]
    assert abs(slope) * 60 <= 0.002
    assert max(map(abs, offsets)) <= 0.012
    assert stage.synchronizer.statistics.late == 0
    await stage.aclose()


class _Last(list):  # type: ignore[type-arg]
    """Keeps nothing: so many frames are not looked at one by one."""

    def append(self, _: object) -> None:
        return
