"""A synchronizer's outputs beside LiveKit's sources: aiortc tracks and a file, and Vision-Agents' surface over them."""

import asyncio
import inspect
from collections.abc import AsyncIterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from aiortc.mediastreams import MediaStreamError

from avatar_core.avatar.aiortc_tracks import SynchronizedAudioTrack, SynchronizedVideoTrack
from avatar_core.avatar.file_sinks import FileSinks
from avatar_core.avatar.sound_release import QUEUE_S
from avatar_core.avatar.synchronizer import AVSynchronizer
from avatar_core.avatar.synchronizer_options import TRACK_LATENCY_S, SynchronizerOptions
from avatar_core.avatar.vision_agents import AVSynchronizer as VisionAgentsSynchronizer
from avatar_core.media.av_frames import to_av_audio, to_av_video
from avatar_core.media.frames import AudioFrame, Samples
from avatar_core.media.muxer import AudioTrack, Muxer, VideoTrack
from avatar_core.tasks import cancel_and_wait, spawn
from tests.fakes.clock import ManualClock, settle
from tests.fakes.synchronizer_stage import FRAME_S, speech
from tests.fakes.video_generator import OPTIONS, picture, sound


class Puller:
    """Pulls both tracks as a peer connection does, and notes when what came."""

    def __init__(self, clock: ManualClock, audio: SynchronizedAudioTrack, video: SynchronizedVideoTrack) -> None:
        self.sound: list[tuple[float, av.AudioFrame]] = []
        self.pictures: list[tuple[float, av.VideoFrame]] = []
        self._clock = clock
        self._tasks = [
            spawn(self._pull(audio, self.sound), name="pull sound"),
            spawn(self._pull(video, self.pictures), name="pull pictures"),
        ]

    async def _pull(self, track: SynchronizedAudioTrack | SynchronizedVideoTrack, into: list) -> None:
        while True:
            frame = await track.recv()
            into.append((self._clock.now(), frame))

    async def run(self, duration_s: float) -> None:
        for _ in range(round(duration_s / 0.001)):
            self._clock.move(0.001)
            await settle(6)

    def loud(self) -> Samples:
        return np.concatenate([frame.to_ndarray().reshape(-1) for _, frame in self.sound])

    async def aclose(self) -> None:
        await cancel_and_wait(*self._tasks)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


async def test_aiortc_tracks_carry_sound_and_pictures_in_step_with_exact_timestamps(clock: ManualClock) -> None:
    """A3: 90 kHz and the sample rate, both from 0, nothing cut off; each picture a frame of its own."""
    audio, video = SynchronizedAudioTrack(8_000, 1, clock), SynchronizedVideoTrack(25, clock)
    synchronizer = AVSynchronizer(
        audio, video, OPTIONS, clock, behaviour=SynchronizerOptions(output_latency_s=TRACK_LATENCY_S)
    )
    synchronizer.start()
    puller = Puller(clock, audio, video)

    async def feed() -> None:
        for item in speech(0.0, 1.0):
            await synchronizer.push(item)

    feeding = spawn(feed(), name="feed")
    await puller.run(1.5)
    loud = puller.loud()
    assert np.count_nonzero(loud) == 8_000
    assert [frame.pts for _, frame in puller.sound] == [index * 160 for index in range(len(puller.sound))]
    assert puller.sound[0][1].time_base == Fraction(1, 8_000)
    times = [frame.pts for _, frame in puller.pictures]
    assert times[0] == 0
    assert set(np.diff(times)) <= {3_600, 7_200}
    assert len({id(frame) for _, frame in puller.pictures}) == len(times)
    begun_s = next(at_s for at_s, frame in puller.sound if frame.to_ndarray().any())
    first_s = puller.pictures[0][0]
    assert abs(first_s - begun_s) <= 0.012
    await cancel_and_wait(feeding)
    await synchronizer.aclose()
    await puller.aclose()


async def test_track_that_nobody_pulls_holds_nothing_old(clock: ManualClock) -> None:
    audio, video = SynchronizedAudioTrack(8_000, 1, clock), SynchronizedVideoTrack(25, clock)
    for level in range(1, 101):
        await audio.capture(sound(0.0, 0.02, level=level))
        video.capture(picture(0.0, mark=level))
        clock.move(0.02)
    assert int((await audio.recv()).to_ndarray()[0, 0]) >= 100 - (QUEUE_S + 0.02) / 0.02
    assert int((await video.recv()).to_ndarray()[0, 0]) == 98
    assert video.dropped == 97


async def test_stopped_tracks_raise_also_for_whoever_waits() -> None:
    """V32 and O12, for these: never None, never for ever."""
    audio, video = SynchronizedAudioTrack(8_000, 1), SynchronizedVideoTrack(25)
    waiting = spawn(video.recv(), name="recv")
    await settle()
    audio.stop()
    video.stop()
    video.stop()
    with pytest.raises(MediaStreamError):
        await asyncio.wait_for(waiting, 1)
    with pytest.raises(MediaStreamError):
        await audio.recv()


async def test_file_has_what_left_and_nothing_that_was_flushed(clock: ManualClock, tmp_path: Path) -> None:
    path = tmp_path / "avatar.mkv"
    muxer = Muxer(path, audio=AudioTrack(), video=VideoTrack(320, 180, 25))
    sinks = FileSinks(muxer, clock)
    synchronizer = AVSynchronizer(sinks.audio, sinks.video, OPTIONS, clock)
    synchronizer.start()

    async def feed() -> None:
        for item in speech(0.0, 2.0):
            await synchronizer.push(item)

    feeding = spawn(feed(), name="feed")
    for _ in range(500):
        await clock.advance(0.001)
    synchronizer.flush()
    for _ in range(500):
        await clock.advance(0.001)
    await cancel_and_wait(feeding)
    await synchronizer.aclose()
    sinks.finish()
    muxer.close()
    with av.open(str(path)) as file:
        pictures = [frame.time for frame in file.decode(video=0)]
    with av.open(str(path)) as file:
        heard = np.concatenate([frame.to_ndarray().reshape(-1) for frame in file.decode(audio=0)])
    # What was given ahead is silence by then, and written as well.
    assert heard.size / 48_000 == pytest.approx(1.0 + QUEUE_S, abs=0.06)
    assert np.abs(heard[:24_000]).max() > 0.02
    assert np.abs(heard[30_000:]).max() < 0.005
    assert len(pictures) == pytest.approx(25, abs=1)
    assert np.diff(pictures) == pytest.approx(FRAME_S, abs=0.012)


# Vision-Agents' surface


@pytest.fixture
async def theirs(clock: ManualClock) -> AsyncIterator[VisionAgentsSynchronizer]:
    made = VisionAgentsSynchronizer(320, 180, 25, 50, 8_000, 1, clock=clock)
    yield made
    await made.close()


def test_surface_is_seed_001s() -> None:
    parameters = inspect.signature(VisionAgentsSynchronizer).parameters
    assert [name for name, one in parameters.items() if one.kind is not one.KEYWORD_ONLY] == [
        "width",
        "height",
        "fps",
        "max_queue_size",
        "sample_rate",
        "channels",
    ]
    assert [one.default for one in parameters.values()][:6] == [1920, 1080, 30, 300, 48000, 2]
    for name in ("write_audio", "write_video", "flush", "close"):
        assert inspect.iscoroutinefunction(getattr(VisionAgentsSynchronizer, name))
    for name in ("video_track", "audio_track"):
        assert isinstance(getattr(VisionAgentsSynchronizer, name), property)


async def test_pictures_wait_for_the_sound_that_plays(theirs: VisionAgentsSynchronizer, clock: ManualClock) -> None:
    """A2, A7: a burst of a second; each picture leaves with the end of its sound, none is skipped."""
    puller = Puller(clock, theirs.audio_track, theirs.video_track)
    for index in range(25):
        await theirs.write_audio(to_av_audio(sound(0.0, FRAME_S)))
        await theirs.write_video(to_av_video(picture(0.0, mark=index + 1)))
    assert theirs.buffered == pytest.approx(1.0)
    await puller.run(1.6)
    begun_s = next(at_s for at_s, frame in puller.sound if frame.to_ndarray().any())
    shown: dict[int, float] = {}
    for at_s, frame in puller.pictures:
        shown.setdefault(int(frame.to_ndarray()[0, 0]), at_s)
    shown.pop(41, None)  # the blue one before the first
    assert sorted(shown) == list(range(1, 26))
    offsets = [at_s - begun_s - mark * FRAME_S for mark, at_s in shown.items()]
    assert max(map(abs, offsets)) <= 0.012
    await puller.aclose()


async def test_flush_leaves_nothing_and_keeps_the_picture(theirs: VisionAgentsSynchronizer, clock: ManualClock) -> None:
    """A5."""
    puller = Puller(clock, theirs.audio_track, theirs.video_track)
    for index in range(25):
        await theirs.write_audio(to_av_audio(sound(0.0, FRAME_S)))
        await theirs.write_video(to_av_video(picture(0.0, mark=index + 1)))
    await puller.run(0.5)
    await theirs.flush()
    assert theirs.buffered <= QUEUE_S
    heard = np.count_nonzero(puller.loud())
    last = int(puller.pictures[-1][1].to_ndarray()[0, 0])
    await puller.run(0.5)
    assert np.count_nonzero(puller.loud()) - heard <= 160
    assert {int(frame.to_ndarray()[0, 0]) for _, frame in puller.pictures[-8:]} == {last}
    await puller.aclose()


async def test_closed_one_ignores_pictures_and_refuses_sound(theirs: VisionAgentsSynchronizer) -> None:
    """A1, A4."""
    await theirs.close()
    await theirs.write_video(to_av_video(picture(0.0)))
    with pytest.raises(MediaStreamError):
        await theirs.write_audio(to_av_audio(replace(sound(0.0, FRAME_S))))
    with pytest.raises(MediaStreamError):
        await theirs.video_track.recv()


async def test_sound_of_another_rate_is_converted(theirs: VisionAgentsSynchronizer, clock: ManualClock) -> None:
    puller = Puller(clock, theirs.audio_track, theirs.video_track)
    stereo = AudioFrame(np.full((4_800, 2), 1_000, dtype=np.int16), 48_000)
    for _ in range(5):
        await theirs.write_audio(to_av_audio(stereo))
    await puller.run(1.0)
    assert np.count_nonzero(puller.loud()) == pytest.approx(0.5 * 8_000, abs=80)
    assert int(puller.pictures[0][1].to_ndarray()[0, 0]) == 41
    await puller.aclose()
