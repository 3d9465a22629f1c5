from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from avatar_core.errors import ConfigError
from avatar_core.media.frames import AudioFrame, VideoFrame
from avatar_core.media.muxer import AudioTrack, Muxer, VideoTrack

RATE_HZ = 24_000


def tone(seconds: float, *, rate_hz: int = RATE_HZ, channels: int = 1) -> AudioFrame:
    time_s = np.arange(round(seconds * rate_hz)) / rate_hz
    wave = (12_000 * np.sin(2 * np.pi * 440 * time_s)).astype(np.int16)
    return AudioFrame(np.repeat(wave[:, np.newaxis], channels, axis=1), rate_hz)


def grey(level: int, width: int = 64, height: int = 48) -> VideoFrame:
    return VideoFrame(np.full(width * height * 3 // 2, level, dtype=np.uint8), width, height, 0.0)


def sound_of(path: Path) -> tuple[np.ndarray, int]:
    """Samples [samples, channels] and rate of a file."""
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        unpack = av.AudioResampler(format="s16")
        parts = [
            piece.to_ndarray().reshape(-1, stream.channels)
            for f in container.decode(stream)
            for piece in unpack.resample(f)
        ]
        return np.concatenate(parts), stream.rate


def loud_s(samples: np.ndarray, rate_hz: int) -> tuple[float, float]:
    """When the first and the last loud sample are."""
    loud = np.flatnonzero(np.abs(samples.astype(np.int32)).max(axis=1) > 4_000)
    return loud[0] / rate_hz, loud[-1] / rate_hz


def test_wav_holds_every_sample_and_gaps_are_silence(tmp_path: Path) -> None:
    muxer = Muxer(tmp_path / "a.wav", audio=AudioTrack(RATE_HZ))
    muxer.write_audio(tone(0.5), 0.0)
    muxer.write_audio(tone(0.5), 3.0)
    muxer.close()
    samples, rate_hz = sound_of(tmp_path / "a.wav")
    assert (len(samples), rate_hz) == (round(3.5 * RATE_HZ), RATE_HZ)
    assert np.array_equal(samples[: RATE_HZ // 2], tone(0.5).samples)
    assert not samples[RATE_HZ // 2 : 3 * RATE_HZ].any()
    assert np.array_equal(samples[3 * RATE_HZ :], tone(0.5).samples)


def test_sound_that_overlaps_is_left_out_and_counted(tmp_path: Path) -> None:
    muxer = Muxer(tmp_path / "a.wav", audio=AudioTrack(RATE_HZ))
    muxer.write_audio(tone(1.0), 0.0)
    muxer.write_audio(tone(0.5), 0.8)
    muxer.close()
    assert len(sound_of(tmp_path / "a.wav")[0]) == round(1.3 * RATE_HZ)
    assert muxer.left_out_s == pytest.approx(0.2)
    assert muxer.sound_s == pytest.approx(1.3)


def test_rates_are_converted_to_the_tracks(tmp_path: Path) -> None:
    muxer = Muxer(tmp_path / "a.wav", audio=AudioTrack(48_000, channels=2))
    muxer.write_audio(tone(1.0, rate_hz=16_000), 0.0)
    muxer.close()
    samples, rate_hz = sound_of(tmp_path / "a.wav")
    assert (samples.shape, rate_hz) == ((48_000, 2), 48_000)


@pytest.mark.parametrize("source_rate_hz", [8_000, 16_000, 24_000, 44_100])
def test_frames_that_follow_are_joined_without_a_gap_while_rates_are_converted(
    tmp_path: Path, source_rate_hz: int
) -> None:
    muxer = Muxer(tmp_path / "a.wav", audio=AudioTrack(48_000))
    steps = np.arange(source_rate_hz) / source_rate_hz
    sound = np.rint(10_000 * np.cos(2 * np.pi * 200 * steps)).astype(np.int16)
    length = source_rate_hz // 50
    for start in range(0, source_rate_hz, length):
        frame = AudioFrame(sound[start : start + length], source_rate_hz)
        muxer.write_audio(frame, start / source_rate_hz)
    muxer.write_audio(AudioFrame(sound[:length], source_rate_hz), 1.5)
    muxer.close()
    samples, _ = sound_of(tmp_path / "a.wav")
    assert len(samples) == round(1.52 * 48_000)
    expected = 10_000 * np.cos(2 * np.pi * 200 * np.arange(48_000) / 48_000)
    # The filter rings at the edges of the sound; in between it is the same wave, at the same place.
    inner = slice(480, -480)
    assert np.abs(samples[:48_000, 0][inner] - expected[inner]).max() < 100
    assert not samples[48_000:72_000].any()
    assert muxer.left_out_s == 0.0


@pytest.mark.parametrize("name", ["a.ogg", "a.mkv"])
def test_opus_keeps_the_times_of_sound(tmp_path: Path, name: str) -> None:
    muxer = Muxer(tmp_path / name, audio=AudioTrack(RATE_HZ, channels=2))
    muxer.write_audio(tone(0.5, channels=2), 1.0)
    muxer.close()
    muxer.close()
    samples, rate_hz = sound_of(tmp_path / name)
    assert samples.shape[1] == 2
    first_s, last_s = loud_s(samples, rate_hz)
    assert (first_s, last_s) == (pytest.approx(1.0, abs=0.03), pytest.approx(1.5, abs=0.03))


def test_pictures_keep_their_times_and_one_out_of_order_is_left_out(tmp_path: Path) -> None:
    muxer = Muxer(tmp_path / "a.mkv", audio=AudioTrack(), video=VideoTrack(64, 48))
    times_s = [0.0, 0.033, 0.2, 1.5]
    for index, pts_s in enumerate(times_s):
        muxer.write_video(grey(40 + 50 * index), pts_s)
    muxer.write_video(grey(0), 0.1)
    muxer.write_audio(tone(1.6, rate_hz=48_000), 0.0)
    muxer.close()
    assert muxer.left_out_pictures == 1
    with av.open(str(tmp_path / "a.mkv")) as container:
        frames = list(container.decode(container.streams.video[0]))
    assert [float(frame.pts * Fraction(frame.time_base)) for frame in frames] == pytest.approx(times_s, abs=0.001)
    levels = [frame.to_ndarray(format="gray").mean() for frame in frames]
    assert levels == sorted(levels)


def test_picture_of_another_size_is_refused(tmp_path: Path) -> None:
    muxer = Muxer(tmp_path / "a.mkv", video=VideoTrack(64, 48))
    with pytest.raises(ValueError, match="64x48"):
        muxer.write_video(grey(0, 32, 32), 0.0)
    muxer.close()


@pytest.mark.parametrize(
    ("name", "video", "why"),
    [
        ("a.mp3", None, "ends in .wav, .ogg, .mkv"),
        ("missing/a.wav", None, "Choose another folder"),
        ("a.ogg", VideoTrack(64, 48), "ends in .mkv"),
    ],
)
def test_what_cannot_be_written_is_said(tmp_path: Path, name: str, video: VideoTrack | None, why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        Muxer(tmp_path / name, audio=AudioTrack(), video=video)
