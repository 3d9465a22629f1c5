import asyncio
import wave
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from avatar_core.media.file_source import FileSource
from avatar_core.media.source import SourceError

RATE = 16000


def sound(count: int) -> np.ndarray:
    return np.rint(np.sin(np.arange(count) / 7) * 8000).astype(np.int16)


def write_wav(path: Path, samples: np.ndarray, channels: int = 1) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(samples.astype("<i2").tobytes())
    return path


async def read(source: FileSource) -> np.ndarray:
    return np.concatenate([frame.samples async for frame in source])[:, 0]


async def test_wav_comes_out_as_it_was_written(tmp_path: Path) -> None:
    samples = sound(33333)
    source = FileSource(write_wav(tmp_path / "a.wav", samples))
    assert np.array_equal(await read(source), samples)
    assert source.duration_s == pytest.approx(33333 / RATE)
    assert source.name == "a"


async def test_frames_are_short_and_timed(tmp_path: Path) -> None:
    frames = [frame async for frame in FileSource(write_wav(tmp_path / "a.wav", sound(3 * RATE)))]
    assert all(frame.duration_s < 1 for frame in frames)
    starts = np.cumsum([0, *(frame.duration_s for frame in frames)])[:-1]
    assert [frame.pts_s for frame in frames] == pytest.approx(starts.tolist())


async def test_another_rate_gives_the_exact_length(tmp_path: Path) -> None:
    source = FileSource(write_wav(tmp_path / "a.wav", sound(12345)), sample_rate_hz=24000)
    assert len(await read(source)) == round(12345 * 1.5)


async def test_stereo_becomes_mono_unless_asked_for(tmp_path: Path) -> None:
    stereo = np.stack((np.full(1000, 100), np.full(1000, 300)), axis=1).astype(np.int16)
    path = write_wav(tmp_path / "a.wav", stereo, channels=2)
    assert set(await read(FileSource(path))) == {200}
    frames = [frame async for frame in FileSource(path, channels=2)]
    assert frames[0].samples[0].tolist() == [100, 300]


async def test_compressed_files_are_read(tmp_path: Path) -> None:
    path = tmp_path / "a.ogg"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libopus", rate=48000, layout="mono")
        frame = av.AudioFrame.from_ndarray(sound(48000)[np.newaxis], format="s16", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = 48000, 0, Fraction(1, 48000)
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            container.mux(packet)
    assert len(await read(FileSource(path, sample_rate_hz=24000))) == pytest.approx(24000, abs=480)


async def test_reading_again_starts_anew_and_closing_ends_it(tmp_path: Path) -> None:
    source = FileSource(write_wav(tmp_path / "a.wav", sound(3 * RATE)))
    assert len(await read(source)) == len(await read(source))
    count = 0
    async for _ in source:
        count += 1
        await source.aclose()
    assert count == 1


async def test_cancelled_reading_lets_go_of_the_file(tmp_path: Path) -> None:
    source = FileSource(write_wav(tmp_path / "a.wav", sound(60 * RATE)))
    reading = asyncio.create_task(read(source))
    await asyncio.sleep(0)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading


@pytest.mark.parametrize("content", [None, b"", b"this is no sound at all"])
async def test_what_is_no_sound_file_is_said(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "a.wav"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SourceError, match=r"a\.wav cannot be opened"):
        await read(FileSource(path))


async def test_a_film_without_sound_is_said(tmp_path: Path) -> None:
    path = tmp_path / "a.avi"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mjpeg", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuvj420p"
        frame = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), dtype=np.uint8), format="rgb24")
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            container.mux(packet)
    with pytest.raises(SourceError, match="holds no sound"):
        await read(FileSource(path))
