"""VideoSDK's avatar tracks and synchronizer: names and signatures, and that their defects are absent."""

import asyncio
import inspect
from fractions import Fraction

import av
import numpy as np
import pytest
from aiortc.mediastreams import MediaStreamError

from avatar_core.media.av_frames import to_av_audio, to_av_video
from avatar_core.media.frames import AudioFrame, AudioSegmentEnd
from avatar_core.tasks import cancel_and_wait, spawn
from avatar_core.videosdk.avatar_tracks import AvatarSynchronizer, AvatarVisualTrack, AvatarVoiceTrack
from tests.fakes.clock import ManualClock, settle
from tests.fakes.video_generator import picture

FRAME_S = 0.04


def sound(duration_s: float, value: int = 900, rate_hz: int = 24_000) -> av.AudioFrame:
    return to_av_audio(AudioFrame(np.full(round(duration_s * rate_hz), value, dtype=np.int16), rate_hz))


def test_members_and_signatures_are_videosdks() -> None:
    """Seed 003."""

    def positional(made: object) -> list[str]:
        return [name for name, one in inspect.signature(made).parameters.items() if one.kind is not one.KEYWORD_ONLY]

    assert positional(AvatarVoiceTrack) == ["sample_rate", "num_channels"]
    assert positional(AvatarVisualTrack) == ["width", "height", "fps"]
    assert positional(AvatarSynchronizer) == ["audio_track", "video_track", "video_fps"]
    for owner in (AvatarVoiceTrack, AvatarVisualTrack):
        assert positional(owner.put_frame) == ["self", "frame"]
        assert positional(owner.recv) == positional(owner.stop) == ["self"]
    assert positional(AvatarSynchronizer.push) == ["self", "frame"]
    assert positional(AvatarSynchronizer.aclose) == ["self"]


async def test_voice_frames_are_20_ms_with_exact_time_and_any_input() -> None:
    """V26, V27, V30."""
    clock = ManualClock()
    track = AvatarVoiceTrack(24_000, 1, clock=clock)
    await track.put_frame(sound(0.04, rate_hz=48_000))
    first = await track.recv()
    assert (first.samples, first.sample_rate, first.pts, first.time_base) == (480, 24_000, 0, Fraction(1, 24_000))
    assert np.abs(first.to_ndarray() - 900).max() <= 1
    clock.move(0.0201)
    assert (await track.recv()).pts == 480
    await track.stop()


async def test_voice_that_is_full_waits_instead_of_dropping_the_oldest() -> None:
    """V28."""
    clock = ManualClock()
    track = AvatarVoiceTrack(24_000, 1, clock=clock)
    putting = spawn(track.put_frame(sound(3.0)), name="put")
    await settle()
    assert not putting.done()
    heard = 0
    for _ in range(160):
        heard += np.count_nonzero((await track.recv()).to_ndarray())
        clock.move(0.0200001)
        await settle(4)
    await asyncio.wait_for(putting, 1)
    assert heard == 72_000
    await track.stop()


@pytest.mark.parametrize("awaited", [True, False])
async def test_stop_ends_a_track_awaited_or_not(awaited: bool) -> None:
    """V32: elsewhere, un-awaited, it does nothing at all."""
    voice, face = AvatarVoiceTrack(24_000, 1), AvatarVisualTrack(320, 180, 25)
    waiting = spawn(face.recv(), name="recv")
    await settle()
    for track in (voice, face):
        stopped = track.stop()
        if awaited:
            await stopped
        assert track.readyState == "ended"
    for receiving in (waiting, voice.recv()):
        with pytest.raises(MediaStreamError):
            await asyncio.wait_for(receiving, 1)


async def test_renderer_that_is_faster_than_real_time_loses_nothing_and_stays_in_step() -> None:
    """V28, V33: a second at once; the pictures have 90 kHz times without holes (V31)."""
    clock = ManualClock()
    voice, face = AvatarVoiceTrack(24_000, 1, clock=clock), AvatarVisualTrack(320, 180, 25, clock=clock)
    synchronizer = AvatarSynchronizer(voice, face, 25, clock=clock)

    async def render() -> None:
        for index in range(25):
            await synchronizer.push(to_av_video(picture(0.0, mark=index + 1)))
            await synchronizer.push(sound(FRAME_S))
        await synchronizer.push(AudioSegmentEnd())

    said: list[tuple[float, av.AudioFrame]] = []
    shown: list[tuple[float, av.VideoFrame]] = []

    async def pull(track: AvatarVoiceTrack | AvatarVisualTrack, into: list) -> None:
        while True:
            frame = await track.recv()
            into.append((clock.now(), frame))

    tasks = [
        spawn(render(), name="render"),
        spawn(pull(voice, said), name="pull voice"),
        spawn(pull(face, shown), name="pull face"),
    ]
    for _ in range(1_500):
        clock.move(0.001)
        await settle(6)
    assert sum(np.count_nonzero(frame.to_ndarray()) for _, frame in said) == 24_000
    begun_s = next(at_s for at_s, frame in said if frame.to_ndarray().any())
    first: dict[int, float] = {}
    for at_s, frame in shown:
        first.setdefault(int(frame.to_ndarray()[0, 0]), at_s)
    assert sorted(first) == list(range(1, 26))
    assert max(abs(at_s - begun_s - (mark - 1) * FRAME_S) for mark, at_s in first.items()) <= 0.012
    assert set(np.diff([frame.pts for _, frame in shown])) == {3_600}
    await synchronizer.aclose()
    await cancel_and_wait(*tasks)
    voice.stop()
    face.stop()
