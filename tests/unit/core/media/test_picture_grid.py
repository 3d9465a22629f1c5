"""Pictures as coarse grids."""

import numpy as np
import pytest

from avatar_core.media.picture_grid import COLUMNS, ROWS, PictureGrid


@pytest.mark.parametrize(("width", "height"), [(320, 180), (1280, 720), (426, 240), (360, 640)])
def test_each_cell_is_the_mean_of_its_area(width: int, height: int) -> None:
    luma = np.random.default_rng(1).integers(16, 236, (height, width)).astype(np.uint8)
    grid = PictureGrid().shrink(luma) / 256
    assert grid.shape == (ROWS, COLUMNS)
    edges = np.linspace(0, height, ROWS + 1), np.linspace(0, width, COLUMNS + 1)
    middle = luma[round(edges[0][8]) : round(edges[0][9]), round(edges[1][15]) : round(edges[1][16])].mean()
    assert grid[8, 15] == pytest.approx(middle, abs=6)
    assert grid.mean() == pytest.approx(luma.mean(), abs=0.1)


def test_a_change_of_one_gray_in_a_tenth_of_a_cell_is_seen() -> None:
    luma = np.full((180, 320), 100, np.uint8)
    changed = luma.copy()
    changed[100, 160:170] += 1
    grid = PictureGrid()
    assert grid.shrink(changed).astype(int).sum() > grid.shrink(luma).astype(int).sum()
