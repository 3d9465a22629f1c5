"""What every VideoGenerator keeps (core/avatar_core/avatar/generator.py), run on each reference generator."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil

import numpy as np
import pytest

from avatar_core.avatar.generator import AvatarOptions, GeneratedItem, VideoGenerator
from avatar_core.avatar.registry import REFERENCE_GENERATORS
from avatar_core.media.frames import AudioFrame, AudioSegmentEnd, VideoFrame
from tests.fakes.clock import ManualClock, settle

SMALL = AvatarOptions(video_width=320, video_height=180, video_fps=30, audio_sample_rate=24000)


@pytest.fixture(params=sorted(REFERENCE_GENERATORS))
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@dataclass
class Consumer:
    """A runner in small: takes items as they come and keeps them; stands still while it holds `paused`."""

    generator: VideoGenerator
    clock: ManualClock
    items: list[GeneratedItem] = field(default_factory=list)
    running: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        async for item in self.generator:
            await self.running.wait()
            self.items.append(item)

    async def until_ends(self, count: int) -> list[GeneratedItem]:
        while sum(isinstance(item, AudioSegmentEnd) for item in self.items) < count:
            await asyncio.sleep(0)
        return self.items

    def pictures(self) -> list[VideoFrame]:
        return [item for item in self.items if isinstance(item, VideoFrame)]

    def sound(self) -> list[AudioFrame]:
        return [item for item in self.items if isinstance(item, AudioFrame)]


@pytest.fixture
async def consume(name: str) -> AsyncIterator:
    started: list[tuple[Consumer, asyncio.Task[None]]] = []

    def make(options: AvatarOptions = SMALL, *, running: bool = True) -> Consumer:
        clock = ManualClock()
        consumer = Consumer(REFERENCE_GENERATORS[name](options, clock), clock)
        if running:
            consumer.running.set()
        started.append((consumer, asyncio.create_task(consumer.run())))
        return consumer

    yield make
    for consumer, task in started:
        consumer.running.set()
        await consumer.generator.aclose()
        await consumer.generator.aclose()
        await task


def speech(seconds: float, rate: int = 24000, channels: int = 1, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.integers(-9000, 9000, (round(seconds * rate), channels)).astype(np.int16)


async def say(generator: VideoGenerator, samples: np.ndarray, rate: int = 24000, cut: int = 2400) -> None:
    for start in range(0, len(samples), cut):
        await generator.push_audio(AudioFrame(samples[start : start + cut], rate))


def joined(frames: list[AudioFrame]) -> np.ndarray:
    return np.concatenate([frame.samples for frame in frames]) if frames else np.zeros((0, 1), dtype=np.int16)


@pytest.mark.parametrize("cut", [7, 480, 2400, 100000])
async def test_every_sample_comes_out_once_and_in_order(consume, cut: int) -> None:
    consumer = consume()
    samples = speech(0.25)
    await say(consumer.generator, samples, cut=cut)
    await consumer.generator.push_audio(AudioSegmentEnd("a"))
    await consumer.until_ends(1)
    assert np.array_equal(joined(consumer.sound()), samples)


@pytest.mark.parametrize(
    ("rate", "fps"), [(16000, 30), (44100, 30), (48000, 24), (22050, 25), (16000, 60), (24000, 15), (24000, 29.97)]
)
async def test_a_segment_has_exactly_the_pictures_of_its_time_and_never_drifts(consume, rate: int, fps: float) -> None:
    consumer = consume(AvatarOptions(320, 180, fps, rate, 1))
    samples = speech(2.013, rate)
    await say(consumer.generator, samples, rate, cut=rate // 50)
    await consumer.generator.push_audio(AudioSegmentEnd())
    items = await consumer.until_ends(1)
    exact_fps = Fraction(fps).limit_denominator(1001)
    first = next(index for index, item in enumerate(items) if isinstance(item, AudioFrame)) - 1
    spoken = [item for item in items[first:] if isinstance(item, VideoFrame)]
    assert len(spoken) == ceil(Fraction(len(samples), rate) * exact_fps)
    for picture, sound in zip(spoken, consumer.sound(), strict=True):
        assert abs(picture.pts_s - sound.pts_s) <= 1 / rate
        assert picture.pts_s - spoken[0].pts_s == pytest.approx(float(spoken.index(picture) / exact_fps))


async def test_picture_and_sound_of_a_moment_are_adjacent_and_the_end_comes_last(consume) -> None:
    consumer = consume()
    await say(consumer.generator, speech(0.11))
    await consumer.generator.push_audio(AudioSegmentEnd("a"))
    items = await consumer.until_ends(1)
    first = next(index for index, item in enumerate(items) if isinstance(item, AudioFrame)) - 1
    kinds = [type(item).__name__ for item in items[first:]]
    assert kinds == ["VideoFrame", "AudioFrame"] * 4 + ["AudioSegmentEnd"]
    assert items[-1].segment_id == "a"


async def test_segments_and_their_ends_keep_their_order(consume) -> None:
    consumer = consume()
    parts = [speech(0.05, seed=index) for index in range(3)]
    for index, part in enumerate(parts):
        await say(consumer.generator, part)
        await consumer.generator.push_audio(AudioSegmentEnd(str(index)))
    await consumer.generator.push_audio(AudioSegmentEnd("empty"))
    items = await consumer.until_ends(4)
    heard: dict[str | None, list[AudioFrame]] = {}
    current: list[AudioFrame] = []
    for item in items:
        if isinstance(item, AudioFrame):
            current.append(item)
        elif isinstance(item, AudioSegmentEnd):
            heard[item.segment_id], current = current, []
    assert list(heard) == ["0", "1", "2", "empty"]
    for index, part in enumerate(parts):
        assert np.array_equal(joined(heard[str(index)]), part)
    assert heard["empty"] == []


@pytest.mark.parametrize(("rate", "channels"), [(16000, 1), (44100, 1), (48000, 2), (24000, 2)])
async def test_other_formats_come_out_in_the_options_rate_and_exact_length(consume, rate: int, channels: int) -> None:
    consumer = consume()
    await say(consumer.generator, speech(0.31, rate, channels), rate, cut=rate // 50)
    await consumer.generator.push_audio(AudioSegmentEnd())
    await consumer.until_ends(1)
    assert {(frame.sample_rate_hz, frame.num_channels) for frame in consumer.sound()} == {(24000, 1)}
    assert len(joined(consumer.sound())) == round(0.31 * 24000)


@pytest.mark.parametrize("size", [(640, 360), (1280, 720), (1920, 1080), (640, 480), (360, 640)])
async def test_pictures_have_the_options_size_and_are_drawn(consume, size: tuple[int, int]) -> None:
    consumer = consume(AvatarOptions(*size, 30, 48000, 2))
    await say(consumer.generator, speech(0.1, 48000, 2), 48000)
    await consumer.generator.push_audio(AudioSegmentEnd())
    await consumer.until_ends(1)
    assert {(picture.width, picture.height, picture.format) for picture in consumer.pictures()} == {(*size, "i420")}
    assert {frame.num_channels for frame in consumer.sound()} == {2}
    assert all(np.ptp(picture.luma) > 60 for picture in consumer.pictures())


async def test_idle_pictures_come_at_the_frame_rate_and_without_sound(consume) -> None:
    consumer = consume()
    await settle()
    for _ in range(100):
        await consumer.clock.advance(0.01)
    assert 30 <= len(consumer.pictures()) <= 31
    assert consumer.sound() == []
    times = [picture.pts_s for picture in consumer.pictures()]
    assert times == pytest.approx([index / 30 for index in range(len(times))])


async def test_a_late_loop_does_not_slow_idle_pictures_down(consume) -> None:
    consumer = consume()
    await settle()
    for _ in range(30):
        await consumer.clock.advance(1 / 30 + 0.0002)
    for _ in range(29):
        await consumer.clock.advance(1 / 30 - 0.0002)
    assert len(consumer.pictures()) == 60


async def test_speech_wakes_an_idle_generator_at_once(consume) -> None:
    consumer = consume()
    await settle()
    await say(consumer.generator, speech(0.1))
    await settle(60)
    assert len(joined(consumer.sound())) == 2400


async def test_no_idle_picture_runs_ahead_of_speech_that_still_plays(consume) -> None:
    consumer = consume()
    await settle()
    await say(consumer.generator, speech(1.0))
    await consumer.generator.push_audio(AudioSegmentEnd())
    await consumer.until_ends(1)
    spoken = len(consumer.pictures())
    await consumer.clock.advance(0.9)
    assert len(consumer.pictures()) == spoken
    for _ in range(30):
        await consumer.clock.advance(1 / 30)
    assert len(consumer.pictures()) > spoken + 20


async def test_a_segment_that_runs_dry_gives_what_it_has_then_idles_then_goes_on(consume) -> None:
    consumer = consume()
    await settle()
    samples = speech(0.09)
    await say(consumer.generator, samples[:1100])
    for _ in range(40):
        await consumer.clock.advance(0.01)
    assert len(joined(consumer.sound())) == 1100
    assert len(consumer.pictures()) > 8
    await say(consumer.generator, samples[1100:])
    await consumer.generator.push_audio(AudioSegmentEnd())
    await consumer.until_ends(1)
    assert np.array_equal(joined(consumer.sound()), samples)
    gap_start = consumer.sound()[1].pts_s + consumer.sound()[1].duration_s
    assert consumer.sound()[2].pts_s > gap_start + 0.2


async def test_media_time_never_goes_back(consume) -> None:
    consumer = consume()
    for index in range(4):
        await say(consumer.generator, speech(0.07))
        await consumer.generator.push_audio(AudioSegmentEnd())
        if index == 2:
            consumer.generator.clear_buffer()
        await settle()
        await consumer.clock.advance(0.2)
    for times in ([item.pts_s for item in consumer.pictures()], [item.pts_s for item in consumer.sound()]):
        assert len(times) > 3
        assert all(later > earlier for earlier, later in itertools.pairwise(times))


@pytest.mark.parametrize("turns", range(0, 40, 7))
async def test_nothing_from_before_a_clear_comes_after_it(consume, turns: int) -> None:
    consumer = consume(running=False)
    old, new = np.full((24000, 1), 100, dtype=np.int16), np.full((1000, 1), 200, dtype=np.int16)
    await say(consumer.generator, old)
    await consumer.generator.push_audio(AudioSegmentEnd("old"))
    consumer.running.set()
    await settle(turns)
    consumer.running.clear()
    await settle()
    before = len(consumer.items)
    consumer.generator.clear_buffer()
    assert consumer.generator.buffered_s == 0
    await say(consumer.generator, new)
    await consumer.generator.push_audio(AudioSegmentEnd("new"))
    consumer.running.set()
    while AudioSegmentEnd("new") not in consumer.items:
        await asyncio.sleep(0)
    # The one item that the consumer already held at the clear is told by its generation.
    current = [item for item in consumer.items[before:] if item.generation == consumer.generator.generation]
    assert len(consumer.items[before:]) - len(current) <= 1
    assert np.array_equal(joined([item for item in current if isinstance(item, AudioFrame)]), new)
    assert [item.segment_id for item in current if isinstance(item, AudioSegmentEnd)] == ["new"]


async def test_after_a_clear_the_next_picture_is_due_at_once(consume) -> None:
    consumer = consume()
    await say(consumer.generator, speech(1.0))
    while len(joined(consumer.sound())) < 24000:
        await asyncio.sleep(0)
    shown = len(consumer.pictures())
    consumer.generator.clear_buffer()
    await settle()
    assert len(consumer.pictures()) == shown + 1
    assert consumer.pictures()[-1].generation == 1


async def test_a_full_input_makes_the_sender_wait_and_a_clear_lets_it_go(consume) -> None:
    consumer = consume(running=False)
    sending = asyncio.create_task(say(consumer.generator, speech(40.0), cut=24000 * 50))
    await settle()
    assert not sending.done()
    assert 29 < consumer.generator.buffered_s < 32
    consumer.generator.clear_buffer()
    await settle()
    assert sending.done()
    assert consumer.generator.buffered_s == 0
    consumer.running.set()
    await settle()
    assert not [frame for frame in consumer.sound() if frame.generation == 1]


async def test_buffered_is_what_was_pushed_and_not_yielded(consume) -> None:
    consumer = consume(running=False)
    await settle()
    await say(consumer.generator, speech(1.0))
    assert consumer.generator.buffered_s == pytest.approx(1.0)
    consumer.running.set()
    await settle(400)
    assert consumer.generator.buffered_s == 0


async def test_closing_ends_the_iteration_and_releases_a_waiting_sender(consume) -> None:
    consumer = consume(running=False)
    sending = asyncio.create_task(say(consumer.generator, speech(40.0), cut=24000 * 50))
    await settle()
    await consumer.generator.aclose()
    await sending
    with pytest.raises(RuntimeError, match="closed"):
        await consumer.generator.push_audio(AudioSegmentEnd())
