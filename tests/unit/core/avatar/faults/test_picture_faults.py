"""Pictures that are spoilt: as long, as often and as much as was asked for."""

import numpy as np
import pytest

from avatar_core.avatar.faults.pictures import FIRST_S, PictureFaults
from avatar_core.avatar.faults.planted import Faults
from avatar_core.media.frames import VideoFrame

FPS = 30
SIZE = (64, 36)


def numbered(index: int) -> VideoFrame:
    """A picture of its own brightness."""
    width, height = SIZE
    return VideoFrame(np.full(width * height * 3 // 2, 60 + index % 100, dtype=np.uint8), width, height, index / FPS)


def shown(seconds: float, **planted: float) -> list[VideoFrame | None]:
    faults = PictureFaults(Faults(planted))
    return [faults.push(numbered(index), 100 + index / FPS) for index in range(round(seconds * FPS))]


def test_without_a_fault_every_picture_goes_through_as_it_is() -> None:
    frames = shown(5.0)
    assert [frame.luma[0, 0] for frame in frames if frame] == [60 + index % 100 for index in range(150)]


def test_a_freeze_is_a_hole_of_its_length() -> None:
    missing = [index for index, frame in enumerate(shown(8.0, freeze_s=1.5)) if frame is None]
    assert missing[0] == round(FIRST_S * FPS)
    assert len(missing) == pytest.approx(1.5 * FPS, abs=1)


@pytest.mark.parametrize("percent", [20, 40])
def test_so_many_pictures_are_dropped_here_and_there(percent: int) -> None:
    frames = shown(60.0, dropped_frames_percent=percent)
    assert sum(frame is None for frame in frames) / len(frames) == pytest.approx(percent / 100, abs=0.03)


@pytest.mark.parametrize("fps", [20, 10, 7])
def test_a_low_rate_is_kept_whatever_the_pictures_own(fps: int) -> None:
    assert sum(frame is not None for frame in shown(20.0, low_fps=fps)) == pytest.approx(20 * fps, abs=1)


def test_a_smaller_picture_shows_the_same() -> None:
    last = shown(5.0, resolution_percent=50)[-1]
    assert last is not None
    assert (last.width, last.height) == (32, 18)
    assert last.luma.mean() == pytest.approx(numbered(149).luma.mean(), abs=1)


def test_a_mouth_that_is_still_shows_one_picture_at_the_full_rate() -> None:
    frames = shown(8.0, mouth_still_s=2)
    start = round(FIRST_S * FPS)
    assert {frame.luma[0, 0] for frame in frames[start : start + 2 * FPS - 1] if frame} == {60 + start % 100}
    assert all(frames)


def test_a_black_picture_is_black_for_its_time() -> None:
    black = [frame for frame in shown(8.0, black_s=0.5) if frame and frame.luma.max() == 16]
    assert len(black) == pytest.approx(0.5 * FPS, abs=1)
