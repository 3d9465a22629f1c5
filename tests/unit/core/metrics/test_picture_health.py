"""The rhythm, size and darkness of pictures."""

import numpy as np
import pytest

from avatar_core.metrics.observations import Picture
from avatar_core.metrics.picture_health import (
    INTERVAL_EDGES_MS,
    black_s,
    freezes_s,
    interval_histogram,
    intervals_ms,
    resolution_changes,
)
from avatar_core.metrics.thumbnails import THUMBNAIL, Thumbnailer


def pictures(
    count: int, *, start_s: float = 0.0, luma: int = 120, width_px: int = 640, fps: float = 30
) -> list[Picture]:
    thumbnail = np.full(THUMBNAIL, luma, np.uint8)
    return [Picture(start_s + index / fps, width_px, 360, thumbnail) for index in range(count)]


def test_black_pictures_count_for_as_long_as_they_are_shown() -> None:
    seen = [*pictures(30), *pictures(45, start_s=1.0, luma=17), *pictures(30, start_s=2.5)]
    assert black_s(seen) == pytest.approx(1.5)
    assert black_s(pictures(60)) == 0


def test_dark_picture_with_something_in_it_is_not_black() -> None:
    seen = pictures(60, luma=17)
    for picture in seen:
        picture.thumbnail[10, 10] = 90
    assert black_s(seen) == 0


def test_every_change_of_size_counts() -> None:
    seen = [*pictures(3), *pictures(3, width_px=320), *pictures(3), *pictures(1, width_px=320)]
    assert resolution_changes(seen) == 3
    assert resolution_changes(seen[:3]) == 0


def test_histogram_has_every_interval_in_its_class() -> None:
    seen = [*pictures(10), *pictures(5, start_s=1.0, fps=10)]
    intervals = intervals_ms(seen)
    counts = interval_histogram(intervals)
    assert len(counts) == len(INTERVAL_EDGES_MS) + 1 and sum(counts) == len(intervals) == 14
    assert counts[INTERVAL_EDGES_MS.index(40)] == 9  # 30 to 40 ms
    assert counts[-1] == 1  # the hole between the two
    assert interval_histogram([]) == [0] * len(counts)


def test_freezes_are_those_of_the_rule() -> None:
    assert freezes_s([*pictures(30), *pictures(30, start_s=2.0)]) == pytest.approx([1 + 1 / 30])
    assert freezes_s(pictures(60)) == []


def test_thumbnail_keeps_the_place_of_what_is_bright_at_any_size() -> None:
    thumbnail_of = Thumbnailer()
    for height, width in ((720, 1280), (90, 160), (180, 320), (999, 501)):
        luma = np.full((height, width), 20, np.uint8)
        luma[: height // 2, width // 2 :] = 200
        thumbnail = thumbnail_of(luma)
        assert thumbnail.shape == THUMBNAIL
        assert np.abs(thumbnail[:17, 33:].astype(int) - 200).max() <= 1
        assert np.abs(thumbnail[19:].astype(int) - 20).max() <= 1 >= np.abs(thumbnail[:, :31].astype(int) - 20).max()


@pytest.mark.parametrize("size_px", [(180, 320), (360, 640), (720, 1280)])
def test_each_cell_is_the_mean_of_all_that_it_covers(size_px: tuple[int, int]) -> None:
    luma = np.random.default_rng(3).integers(16, 236, size_px, dtype=np.uint8)
    rows, columns = (length // cells for length, cells in zip(size_px, THUMBNAIL, strict=True))
    means = luma.reshape(THUMBNAIL[0], rows, THUMBNAIL[1], columns).mean(axis=(1, 3))
    assert np.abs(Thumbnailer()(luma) - means).max() <= 1.0
