"""What is kept of pictures and sound, and what of it can be compared."""

import numpy as np
import pytest

from avatar_core.metrics.lip_sync.history import HISTORY_S, History
from avatar_core.metrics.lip_sync.signals import RATE_HZ
from avatar_core.metrics.observations import Observation, Picture, Sound
from avatar_core.metrics.thumbnails import THUMBNAIL

SOUND_HZ = 16_000


def seen(seconds: float, *, start_s: float = 0.0, gray: int = 100) -> Observation:
    """A picture of one gray with noise, and noise to hear, for so long."""
    rng = np.random.default_rng(1)
    pictures = [
        Picture(start_s + number / 25, 320, 180, rng.integers(gray, gray + 4, THUMBNAIL).astype(np.uint8))
        for number in range(round(seconds * 25))
    ]
    samples = rng.integers(-5000, 5000, round(seconds * SOUND_HZ)).astype(np.int16)
    return Observation(Sound(samples, SOUND_HZ, start_s), tuple(pictures))


def watched(*observations: Observation) -> History:
    history = History()
    for observation in observations:
        history.add(observation)
    return history


def test_each_lag_finds_its_sound() -> None:
    stretch = watched(seen(6)).stretch()
    assert stretch is not None
    assert stretch.sounds.shape == (len(stretch.cells) + RATE_HZ, 11)
    assert stretch.cells.shape[1] == 18 * 32


def test_a_long_watch_keeps_no_more_than_the_history() -> None:
    history = watched(*(seen(4, start_s=start_s) for start_s in np.arange(0, 3 * HISTORY_S, 4)))
    stretch = history.stretch()
    assert stretch is not None and stretch.length_s <= HISTORY_S
    assert stretch.start_s + stretch.length_s == pytest.approx(3 * HISTORY_S, abs=0.7)


def test_too_little_is_nothing() -> None:
    assert History().stretch() is None
    assert watched(seen(2)).stretch() is None


def test_another_scene_begins_anew() -> None:
    stretch = watched(seen(10, gray=60), seen(6, start_s=10, gray=160)).stretch()
    assert stretch is not None and stretch.cut
    assert stretch.start_s == pytest.approx(10, abs=1)


def test_a_cut_away_and_back_is_none() -> None:
    away = (seen(10, gray=60), seen(2, start_s=10, gray=160), seen(6, start_s=12, gray=60))
    stretch = watched(*away).stretch()
    assert stretch is not None and not stretch.cut


def test_what_an_observation_repeats_counts_once() -> None:
    whole = seen(10)
    assert whole.sound is not None
    late = Observation(whole.sound.between(3, 10), whole.pictures[75:])
    twice, once = watched(whole, late).stretch(), watched(whole).stretch()
    assert once is not None and twice is not None
    assert np.array_equal(once.cells, twice.cells) and np.array_equal(once.sounds, twice.sounds)
