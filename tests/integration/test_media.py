"""Sound and pictures: they arrive, and they are those that were sent."""

import asyncio
from collections.abc import Sequence

import numpy as np
import pytest

from avatar_core.media.frames import AudioFrame, VideoFrame
from avatar_core.room.options import AudioPublishOptions, VideoCodec, VideoPublishOptions
from avatar_core.room.receiving import FrameReader
from avatar_core.room.values import TrackKind
from tests.fakes.media_signals import (
    AMPLITUDE,
    COLUMNS,
    RATE_HZ,
    loudest_frequency_hz,
    playing_tone,
    seen_columns,
    showing_bars,
)
from tests.patience import LIMIT_S

WIDTH_PX, HEIGHT_PX = 320, 240


async def listen(reader: FrameReader[AudioFrame], seconds: float = 0.5) -> np.ndarray:
    """The next mono samples that are not silence, that many seconds of them: what comes too late leaves holes."""
    chunks: list[np.ndarray] = []
    async with asyncio.timeout(LIMIT_S):
        async for received in reader:
            samples = received.frame.samples[:, 0]
            if np.abs(samples).max() > AMPLITUDE / 2:
                chunks.append(samples)
            if sum(map(len, chunks)) >= seconds * received.frame.sample_rate_hz:
                break
    return np.concatenate(chunks)


async def look(reader: FrameReader[VideoFrame], frames: int = 5) -> Sequence[VideoFrame]:
    """The next frames."""
    async with asyncio.timeout(LIMIT_S):
        return [(await anext(reader)).frame for _ in range(frames)]


async def hear(listener, owner: str, name: str) -> FrameReader[AudioFrame]:
    return listener.read_audio((await listener.wait_for_track(owner, TrackKind.AUDIO, name=name)).sid)


def is_the_bars(frame: VideoFrame) -> bool:
    return np.allclose(seen_columns(frame), COLUMNS, atol=6)


async def test_tone_arrives_with_its_pitch_and_loudness_both_ways(pair) -> None:
    for speaker, listener, owner, pitch_hz in ((pair.ada, pair.bob, "ada", 440), (pair.bob, pair.ada, "bob", 880)):
        track = await speaker.publish_audio("voice", options=AudioPublishOptions(queue_ms=100))
        async with playing_tone(track, pitch_hz), await hear(listener, owner, "voice") as reader:
            samples = (await listen(reader, 1.0))[RATE_HZ // 4 :]

        assert loudest_frequency_hz(samples, RATE_HZ) == pytest.approx(pitch_hz, abs=4)
        assert np.sqrt(np.mean(samples.astype(float) ** 2)) == pytest.approx(AMPLITUDE / np.sqrt(2), rel=0.15)


async def test_five_audio_tracks_arrive_each_with_its_own_tone(pair) -> None:
    pitches = {f"voice-{number}": 300.0 + 200 * number for number in range(5)}
    tracks = await asyncio.gather(*(pair.ada.publish_audio(name) for name in pitches))
    readers = await asyncio.gather(*(hear(pair.bob, "ada", name) for name in pitches))
    async with asyncio.TaskGroup() as feeding:
        playing = [playing_tone(track, pitch) for track, pitch in zip(tracks, pitches.values(), strict=True)]
        for tone in playing:
            await tone.__aenter__()
        heard = [feeding.create_task(listen(reader)) for reader in readers]
    for tone in playing:
        await tone.__aexit__(None, None, None)

    found = [loudest_frequency_hz(task.result()[RATE_HZ // 8 :], RATE_HZ) for task in heard]
    # Bins are 7 Hz wide, and a jitter buffer that stretches sound blurs a tone into the next one.
    assert found == pytest.approx(list(pitches.values()), abs=15)


@pytest.mark.parametrize("codec", [VideoCodec.VP8, VideoCodec.H264])
async def test_picture_arrives_decoded_and_is_the_one_that_was_sent(pair, codec) -> None:
    await assert_bars_arrive(pair, codec)


@pytest.mark.slow
@pytest.mark.parametrize("codec", [VideoCodec.VP9, VideoCodec.AV1])
async def test_other_codecs_are_passed_through(pair, codec) -> None:
    await assert_bars_arrive(pair, codec)


async def assert_bars_arrive(pair, codec: VideoCodec) -> None:
    options = VideoPublishOptions(WIDTH_PX, HEIGHT_PX, codec=codec, max_bitrate_bps=500_000, max_fps=15)
    track = await pair.ada.publish_video("face", options)
    publication = await pair.bob.wait_for_track("ada", TrackKind.VIDEO)
    async with showing_bars(track, WIDTH_PX, HEIGHT_PX), pair.bob.read_video(publication.sid) as reader:
        frames = await look(reader)

    assert publication.mime_type.lower() == f"video/{codec.value}"
    assert {(frame.width, frame.height) for frame in frames} == {(WIDTH_PX, HEIGHT_PX)}
    assert all(is_the_bars(frame) for frame in frames)
    stamps = [frame.pts_s for frame in frames]
    assert stamps == sorted(stamps)


async def test_nobody_sees_anything_before_the_first_picture(pair) -> None:
    """The SDK would show black ones, ten a second."""
    track = await pair.ada.publish_video("face", VideoPublishOptions(WIDTH_PX, HEIGHT_PX))
    publication = await pair.bob.wait_for_track("ada", TrackKind.VIDEO)
    async with pair.bob.read_video(publication.sid) as reader:
        await asyncio.sleep(0.5)
        async with showing_bars(track, WIDTH_PX, HEIGHT_PX):
            frames = await look(reader, 1)

    assert is_the_bars(frames[0])


async def test_simulcast_video_and_rgba_frames_arrive(pair) -> None:
    options = VideoPublishOptions(640, 480, simulcast=True, max_bitrate_bps=1_000_000, max_fps=15)
    track = await pair.ada.publish_video("face", options)
    publication = await pair.bob.wait_for_track("ada", TrackKind.VIDEO)
    reader = pair.bob.read_video(publication.sid, pixel_format="rgba")
    async with showing_bars(track, 640, 480), reader:
        frame = (await look(reader))[-1]

    greys = frame.data.reshape(frame.height, frame.width, 4)[:, frame.width // 8 :: frame.width // 4, 0].mean(axis=0)
    assert list(greys) == sorted(greys)
    assert len(set(np.round(greys))) == len(COLUMNS)


async def test_sound_and_picture_reach_two_listeners_and_a_late_one(pair, join) -> None:
    voice = await pair.ada.publish_audio("voice")
    face = await pair.ada.publish_video("face", VideoPublishOptions(WIDTH_PX, HEIGHT_PX))
    async with playing_tone(voice), showing_bars(face, WIDTH_PX, HEIGHT_PX):
        late = await join("late")
        for listener in (pair.bob, late):
            async with await hear(listener, "ada", "voice") as ears:
                assert loudest_frequency_hz((await listen(ears))[RATE_HZ // 8 :], RATE_HZ) == pytest.approx(440, abs=5)
            picture = await listener.wait_for_track("ada", TrackKind.VIDEO)
            async with listener.read_video(picture.sid) as eyes:
                assert is_the_bars((await look(eyes))[-1])


async def test_slow_reader_keeps_the_newest_frames_and_counts_what_it_dropped(pair) -> None:
    voice = await pair.ada.publish_audio("voice")
    publication = await pair.bob.wait_for_track("ada", TrackKind.AUDIO)
    async with playing_tone(voice), pair.bob.read_audio(publication.sid, capacity=3) as reader:
        while reader.received < 20:
            await asyncio.sleep(0.02)
        received, dropped = reader.received, reader.dropped
    waiting = [item.received_s async for item in reader]

    assert received - dropped == 3
    assert len(waiting) == 3
    assert waiting == sorted(waiting)


async def test_statistics_count_what_was_received(pair) -> None:
    voice = await pair.ada.publish_audio("voice")
    async with playing_tone(voice), await hear(pair.bob, "ada", "voice") as reader:
        await listen(reader)
        stats = await pair.bob.stats()

    inbound = [entry["inbound_rtp"] for group in stats.values() for entry in group if "inbound_rtp" in entry]
    assert any(int(entry["received"]["packets_received"]) > 0 for entry in inbound)
