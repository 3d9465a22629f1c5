"""What is kept of pictures and sound, and what of it can be compared."""

import numpy as np
import pytest

from avatar_core.metrics.lip_sync.history import HISTORY_S, History
from avatar_core.metrics.lip_sync.signals import RATE_HZ

SOUND_HZ = 16_000


def watched(seconds: float, *, start_s: float = 0.0, gray: int = 100, history: History | None = None) -> History:
    """A picture of one gray with noise, and noise to hear, for so long."""
    rng = np.random.default_rng(1)
    history = history or History(SOUND_HZ)
    for number in range(round(seconds * 25)):
        at_s = start_s + number / 25
        history.picture(rng.integers(gray * 256, (gray + 4) * 256, (18, 32)).astype(np.uint16), at_s)
        history.sound(rng.integers(-5000, 5000, SOUND_HZ // 25).astype(np.int16), at_s)
    return history


def test_each_lag_finds_its_sound() -> None:
    stretch = watched(6).stretch()
    assert stretch is not None
    assert stretch.sounds.shape == (len(stretch.cells) + RATE_HZ, 11)
    assert stretch.cells.shape[1] == 18 * 32


def test_a_long_watch_keeps_no_more_than_the_history() -> None:
    history = watched(3 * HISTORY_S)
    stretch = history.stretch()
    assert stretch is not None and stretch.length_s <= HISTORY_S
    assert stretch.start_s + stretch.length_s == pytest.approx(3 * HISTORY_S, abs=0.7)


def test_too_little_is_nothing() -> None:
    assert History(SOUND_HZ).stretch() is None
    assert watched(2).stretch() is None


def test_another_scene_begins_anew() -> None:
    history = watched(10, gray=60)
    stretch = watched(6, start_s=10, gray=160, history=history).stretch()
    assert stretch is not None and stretch.cut
    assert stretch.start_s == pytest.approx(10, abs=1)


def test_a_cut_away_and_back_is_none() -> None:
    history = watched(10, gray=60)
    history = watched(2, start_s=10, gray=160, history=history)
    stretch = watched(6, start_s=12, gray=60, history=history).stretch()
    assert stretch is not None and not stretch.cut


def test_a_picture_from_before_the_last_is_left_out() -> None:
    history = watched(6)
    history.picture(np.zeros((18, 32), np.uint16), 1.0)
    stretch = history.stretch()
    assert stretch is not None and not stretch.cut
