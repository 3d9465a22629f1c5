import numpy as np

from avatar_core.avatar.generator import AvatarOptions
from avatar_core.avatar.generators.audio_wave import AudioWave
from avatar_core.media.pixels import i420_planes
from tests.fakes.clock import ManualClock

OPTIONS = AvatarOptions(640, 360, 30, 24000)
SILENCE = np.zeros((800, 1), dtype=np.int16)
LOUD = np.full((800, 1), 20000, dtype=np.int16)


def lit(picture: np.ndarray) -> np.ndarray:
    """Bright pixels of each column."""
    return (i420_planes(picture, 640, 360)[0] > 90).sum(axis=0)


def play(sounds: list[np.ndarray | None]) -> list[np.ndarray]:
    wave = AudioWave(OPTIONS, ManualClock())
    return [lit(wave.draw(sound, index / 30)) for index, sound in enumerate(sounds)]


def test_idle_is_a_row_of_dots() -> None:
    columns = play([None] * 3)[-1]
    assert 0 < columns.max() <= 8
    assert (columns == 0).sum() > 150


def test_loud_sound_comes_in_at_the_right_and_moves_left() -> None:
    shown = play([SILENCE] * 10 + [LOUD] * 3 + [SILENCE] * 40)
    assert shown[9].max() <= 8
    assert shown[12][580:].max() > 100
    centres = [
        float((tall * np.arange(640)).sum() / tall.sum()) for tall in (np.maximum(s - 8, 0) for s in shown[15:45])
    ]
    steps = -np.diff(centres)
    assert steps.mean() == np.float64(steps.mean()) > 0
    assert abs(steps.mean() - 640 / 2.4 / 30) < 0.5


def test_height_follows_the_level() -> None:
    heights = [
        play([np.full((800, 1), level, dtype=np.int16)] * 20)[-1][300:620].max() for level in (500, 4000, 16000, 32000)
    ]
    assert heights == sorted(set(heights))


def test_bars_are_mirrored_up_and_down() -> None:
    wave = AudioWave(OPTIONS, ManualClock())
    for index in range(20):
        picture = wave.draw(LOUD, index / 30)
    luma = i420_planes(picture, 640, 360)[0][:, 300:600].astype(int)
    middle = 180
    assert np.abs(luma[middle - 90 : middle][::-1] - luma[middle : middle + 90]).max() <= 12


def test_a_burst_shorter_than_a_bar_is_seen() -> None:
    click = SILENCE.copy()
    click[400] = 30000
    assert play([SILENCE] * 5 + [click] + [SILENCE] * 10)[-1].max() > 100
