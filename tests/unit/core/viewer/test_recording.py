"""A recording holds what was seen and heard at the times it was received, and survives what befalls it."""

from pathlib import Path

import numpy as np
import pytest

from avatar_core.errors import ConfigError
from avatar_core.media.frames import AudioFrame, VideoFrame
from avatar_core.media.recording_reader import RecordedPicture, RecordedSound, RecordingReader
from avatar_core.viewer.recording import Recording
from tests.fakes.heard_speech import played, speech

BEGAN_S = 500.0
RATE = 48_000


def picture(level: int, width: int = 64, height: int = 48) -> VideoFrame:
    return VideoFrame(np.full(width * height * 3 // 2, level, np.uint8), width, height, 0.0)


def read(path: Path) -> tuple[np.ndarray, float, list[RecordedPicture], bool]:
    """Its sound, when that begins, its pictures, and whether it breaks off."""
    reader = RecordingReader(path, sample_rate_hz=RATE)
    parts = list(reader.read())
    sounds = [part for part in parts if isinstance(part, RecordedSound)]
    reader.close()
    samples = np.concatenate([sound.samples for sound in sounds]) if sounds else np.zeros(0, np.int16)
    begins_s = sounds[0].at_s if sounds else 0.0
    return samples, begins_s, [part for part in parts if isinstance(part, RecordedPicture)], reader.torn


def recorded(path: Path, *, scatter_s: float = 0.0, seconds: float = 3.0) -> np.ndarray:
    """Pictures that grow brighter at 25 fps and speech in pieces of 10 ms, whose times scatter; the speech."""
    failures: list[str] = []
    recording = Recording(path, BEGAN_S, picture(20), failures.append)
    samples, random = played(speech("ada-welcome", seconds)), np.random.default_rng(2)
    for index in range(round(seconds * 100)):
        at_s = BEGAN_S + index / 100
        if index % 4 == 0:
            recording.add(picture(20 + index // 2), at_s)
        piece = samples[index * 480 : (index + 1) * 480]
        recording.add(AudioFrame(piece, RATE), at_s + float(random.uniform(-scatter_s, scatter_s)) * (index > 0))
        while recording._queue.qsize() > 90:
            pass
    recording.close()
    recording.close()
    assert failures == [] and recording.dropped == 0
    return samples


@pytest.mark.parametrize("scatter_s", [0.0, 0.004])
def test_sound_comes_back_sample_by_sample_and_pictures_at_their_times(tmp_path: Path, scatter_s: float) -> None:
    samples = recorded(tmp_path / "recording.mkv", scatter_s=scatter_s)
    sound, begins_s, pictures, torn = read(tmp_path / "recording.mkv")
    assert (begins_s, torn) == (0.0, False)
    assert np.array_equal(sound, samples)
    assert [one.at_s for one in pictures] == pytest.approx([index / 25 for index in range(75)], abs=0.001)
    assert [float(one.luma.mean()) for one in pictures] == pytest.approx([20 + 2 * i for i in range(75)], abs=4)


def test_sound_that_was_taken_late_and_at_once_is_whole_and_what_stood_still_is_silent(tmp_path: Path) -> None:
    recording = Recording(tmp_path / "recording.mkv", BEGAN_S, None, lambda _: None)
    samples = played(speech("ada-welcome", 2.0))[: 2 * RATE]
    for index in range(200):
        taken_late_s = 0.25 - (index - 60) * 0.01 if 60 <= index < 85 else 0.0
        stood_still_s = 0.5 if index >= 195 else 0.0
        frame = AudioFrame(samples[index * 480 : (index + 1) * 480, None], RATE)
        recording.add(frame, BEGAN_S + index / 100 + taken_late_s + stood_still_s)
    recording.close()
    recorded_samples, _, _, _ = read(tmp_path / "recording.mkv")
    assert (recorded_samples[: 195 * 480] == samples[: 195 * 480]).all()
    assert not recorded_samples[195 * 480 : 245 * 480].any()
    assert (recorded_samples[245 * 480 :] == samples[195 * 480 :]).all()


def test_what_a_killed_process_leaves_can_be_read(tmp_path: Path) -> None:
    recorded(tmp_path / "whole.mkv")
    content = (tmp_path / "whole.mkv").read_bytes()
    (tmp_path / "torn.mkv").write_bytes(content[: len(content) * 2 // 3])
    sound, _, pictures, _ = read(tmp_path / "torn.mkv")
    assert 1.5 < len(sound) / RATE < 2.2
    assert 35 < len(pictures) < 60


def test_picture_of_another_size_is_fitted_in(tmp_path: Path) -> None:
    recording = Recording(tmp_path / "a.mkv", BEGAN_S, picture(50), lambda why: pytest.fail(why))
    for index, size in enumerate([(64, 48), (128, 96), (32, 24)]):
        recording.add(picture(100, *size), BEGAN_S + index / 10)
    recording.close()
    assert [one.luma.shape for one in read(tmp_path / "a.mkv")[2]] == [(48, 64)] * 3


def test_large_pictures_are_recorded_small(tmp_path: Path) -> None:
    recording = Recording(tmp_path / "a.mkv", BEGAN_S, picture(50, 1280, 720), lambda why: pytest.fail(why))
    recording.add(picture(100, 1280, 720), BEGAN_S)
    recording.close()
    assert [one.luma.shape for one in read(tmp_path / "a.mkv")[2]] == [(360, 640)]


def test_pictures_are_dropped_before_sound_and_counted(tmp_path: Path) -> None:
    recording = Recording(tmp_path / "a.mkv", BEGAN_S, picture(50), lambda why: pytest.fail(why))
    large = picture(100, 640, 480)
    for index in range(400):
        recording.add(large, BEGAN_S + index / 100)
        recording.add(AudioFrame(np.full(480, 7, np.int16), RATE), BEGAN_S + index / 100)
    recording.close()
    sound, _, pictures, _ = read(tmp_path / "a.mkv")
    assert len(sound) == 400 * 480
    assert 0 < len(pictures) < 400 and recording.dropped == 400 - len(pictures)


def test_voice_without_a_face_is_recorded_alone(tmp_path: Path) -> None:
    recording = Recording(tmp_path / "a.mkv", BEGAN_S, None, lambda why: pytest.fail(why))
    recording.add(picture(100), BEGAN_S)
    recording.add(AudioFrame(np.full(4_800, 7, np.int16), RATE), BEGAN_S)
    recording.add(AudioFrame(np.full(480, 7, np.int16), RATE), BEGAN_S - 1)
    recording.close()
    sound, _, pictures, _ = read(tmp_path / "a.mkv")
    assert (len(sound), pictures) == (4_800, [])


def test_file_that_can_not_be_written_is_told_before_anything_is_recorded(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="can't be written"):
        Recording(tmp_path / "no folder" / "a.mkv", BEGAN_S, picture(50), lambda why: None)


@pytest.mark.parametrize("content", [b"", b"no recording at all" * 50])
def test_file_that_is_no_recording_is_told_with_what_to_choose(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "bad.mkv").write_bytes(content)
    with pytest.raises(ConfigError, match=r"bad\.mkv can't be read as a recording.*Choose"):
        RecordingReader(tmp_path / "bad.mkv", sample_rate_hz=RATE)
    with pytest.raises(ConfigError, match="can't be read as a recording"):
        RecordingReader(tmp_path / "none.mkv", sample_rate_hz=RATE)
