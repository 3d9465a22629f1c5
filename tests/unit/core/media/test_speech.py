import numpy as np

from avatar_core.media.beeps import BeepDetector
from avatar_core.media.file_source import FileSource
from avatar_core.media.speech import bundled_speech


async def test_every_recording_is_there_and_at_speaking_level() -> None:
    recordings = bundled_speech()
    assert len({recording.title for recording in recordings}) == len(recordings) >= 5
    for recording in recordings[:-1]:
        frames = [frame async for frame in FileSource(recording.path)]
        sound = np.concatenate([frame.samples for frame in frames])[:, 0] / 32768
        rate = frames[0].sample_rate_hz
        assert 10 <= len(sound) / rate <= 32, recording.title
        spoken = sound[np.abs(sound) > 0]
        assert -21 < 10 * np.log10(np.mean(spoken**2)) < -19, recording.title
        assert np.abs(sound).max() < 0.9
        assert np.abs(sound[[0, -1]]).max() == 0
        assert recording.text


async def test_the_sync_pattern_comes_last_and_beeps_each_second() -> None:
    recording = bundled_speech()[-1]
    detector, beeps = None, []
    async for frame in FileSource(recording.path):
        detector = detector or BeepDetector(frame.sample_rate_hz)
        beeps += detector.push(frame.samples)
    assert [round(beep.onset_s, 3) for beep in beeps] == [index + 0.5 for index in range(30)]


def test_the_folder_stays_small() -> None:
    folder = bundled_speech()[0].path.parent
    assert sum(path.stat().st_size for path in folder.iterdir()) < 6_000_000
