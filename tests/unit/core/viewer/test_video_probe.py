import numpy as np
import pytest

from avatar_core.media.frames import VideoFrame
from avatar_core.media.sync_picture import BLACK, FLASH_AREA, WHITE, Counter, draw_counter
from avatar_core.viewer.video_probe import VideoProbe

WIDTH, HEIGHT = 320, 180


def picture(*, lit: bool = False, number: int | None = None) -> VideoFrame:
    pixels = np.full(WIDTH * HEIGHT * 3 // 2, BLACK, np.uint8)
    luma = pixels[: WIDTH * HEIGHT].reshape(HEIGHT, WIDTH)
    if lit:
        luma[FLASH_AREA.slices(HEIGHT, WIDTH)] = WHITE
    if number is not None:
        draw_counter(luma, Counter(number, None))
    return VideoFrame(pixels, WIDTH, HEIGHT, 0.0)


def test_the_rate_is_right_soon_after_the_first_frame() -> None:
    probe = VideoProbe()
    for index in range(6):
        probe.frame(picture(), 100 + index * 0.04)
    assert probe.fps(100.2) == pytest.approx(25.0)


def test_the_rate_is_of_the_last_two_seconds() -> None:
    probe = VideoProbe()
    for index in range(100):
        probe.frame(picture(), 100 + index * 0.04)
    for index in range(20):
        probe.frame(picture(), 104 + index * 0.1)
    assert probe.fps(106.0) == pytest.approx(10.0)


def test_the_rate_of_pictures_that_stopped_is_nothing() -> None:
    probe = VideoProbe()
    assert probe.fps(99.0) == 0.0
    for index in range(10):
        probe.frame(picture(), 100 + index * 0.04)
    assert probe.fps(103.0) == 0.0


def test_a_planted_freeze_is_told_with_its_length_once_it_is_over() -> None:
    probe = VideoProbe()
    times_s = [100.0, 100.04, 100.08, 100.5, 100.54]
    seen = [probe.frame(picture(), at_s) for at_s in times_s]
    assert [one.freeze_s for one in seen] == [None, None, None, pytest.approx(0.42), None]


def test_a_freeze_that_lasts_is_known() -> None:
    probe = VideoProbe()
    for index in range(10):
        probe.frame(picture(), 100 + index * 0.04)
    assert probe.freeze_s(100.5) is None
    assert probe.freeze_s(101.36) == pytest.approx(1.0)


def test_a_slow_picture_is_no_freeze() -> None:
    probe = VideoProbe()
    assert [probe.frame(picture(), 100 + index * 0.4).freeze_s for index in range(5)] == [None] * 5


def test_a_flash_is_told_once_at_its_first_picture() -> None:
    probe = VideoProbe()
    lit = [False, True, True, False, True]
    seen = [probe.frame(picture(lit=is_lit), 100 + index * 0.04) for index, is_lit in enumerate(lit)]
    assert [one.flash_s for one in seen] == [None, 100.04, None, None, 100.16]


def test_the_number_of_a_picture_that_flashes_is_told_where_it_can_be_read() -> None:
    probe = VideoProbe()
    pictures = [picture(number=41), picture(lit=True, number=42), picture(number=43), picture(lit=True)]
    seen = [probe.frame(one, 100 + index * 0.04) for index, one in enumerate(pictures)]
    assert [one.picture for one in seen] == [None, 42, None, None]
    assert seen[3].flash_s is not None


def test_the_size_is_that_of_the_newest_picture() -> None:
    probe = VideoProbe()
    probe.frame(picture(), 100.0)
    assert (probe.width_px, probe.height_px, probe.frames) == (WIDTH, HEIGHT, 1)
