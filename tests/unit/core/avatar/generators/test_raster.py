import numpy as np
import pytest

from avatar_core.avatar.generators.raster import (
    Canvas,
    Path,
    View,
    box,
    coverage,
    ellipse,
    flat,
    linear,
    radial,
    rgb,
)

RED = (255.0, 0.0, 0.0)


def canvas(size: int = 20, scale: float = 1.0) -> Canvas:
    return Canvas(size, size, View(0, 0, scale))


def test_coverage_is_exact_for_edges_between_pixels() -> None:
    x, y = np.array([1.25, 3.5, 3.5, 1.25]), np.array([1.0, 1.0, 2.5, 2.5])
    assert coverage(x, y, 4, 5).tolist() == [
        [0, 0, 0, 0, 0],
        [0, 0.75, 1, 0.5, 0],
        [0, 0.375, 0.5, 0.25, 0],
        [0, 0, 0, 0, 0],
    ]


def test_either_direction_of_an_outline_is_filled() -> None:
    x, y = np.array([1.0, 3, 3, 1]), np.array([1.0, 1, 3, 3])
    assert np.array_equal(coverage(x, y, 4, 4), coverage(x[::-1], y[::-1], 4, 4))


def test_what_lies_outside_is_cut() -> None:
    x, y = np.array([-5.0, 2, 2, -5]), np.array([-5.0, -5, 2, 2])
    assert coverage(x, y, 3, 3).tolist() == [[1, 1, 0], [1, 1, 0], [0, 0, 0]]


@pytest.mark.parametrize("scale", [0.5, 1.0, 2.7])
def test_an_ellipse_has_its_area(scale: float) -> None:
    size = int(40 * scale)
    mask = Canvas(size, size, View(0, 0, scale)).mask(ellipse(20, 20, 15, 10))
    assert mask.sum() == pytest.approx(np.pi * 150 * scale**2, rel=0.01)


def test_rounded_boxes_lose_their_corners_alone() -> None:
    lost = canvas().mask(box(2, 2, 18, 18)).sum() - canvas().mask(box(2, 2, 18, 18, 4)).sum()
    assert lost == pytest.approx((4 - np.pi) * 16, rel=0.05)


def test_later_paint_covers_earlier_and_alpha_adds_up() -> None:
    drawing = canvas()
    drawing.paint_all(flat((0, 0, 200)))
    drawing.fill(box(5, 5, 10, 10), flat(RED), opacity=0.5)
    assert drawing.colour[7, 7].tolist() == [127.5, 0, 100]
    assert drawing.colour[2, 2].tolist() == [0, 0, 200]
    layer = canvas()
    layer.fill(box(5, 5, 10, 10), flat(RED), opacity=0.5)
    layer.fill(box(5, 5, 10, 10), flat(RED), opacity=0.5)
    assert layer.alpha[7, 7] == 0.75


def test_a_mask_confines_every_kind_of_drawing() -> None:
    drawing = canvas()
    within = drawing.mask(box(0, 0, 10, 20))
    drawing.fill(box(2, 2, 18, 6), flat(RED), within=within)
    drawing.glow(10, 10, 8, 8, RED, opacity=1, within=within)
    drawing.stroke([(2, 18), (18, 18)], 2, flat(RED), within=within)
    assert drawing.alpha[:, 10:].sum() == 0
    assert drawing.alpha[:, :10].sum() > 0


def test_a_stroke_has_its_width_and_round_ends() -> None:
    drawing = canvas(40)
    drawing.stroke([(10, 20), (30, 20)], 6, flat(RED))
    assert drawing.alpha[:, 20].sum() == pytest.approx(6, abs=0.01)
    assert drawing.alpha.sum() == pytest.approx(6 * 20 + np.pi * 9, rel=0.02)


def test_a_tapered_stroke_is_thin_at_its_ends() -> None:
    drawing = canvas(40)
    drawing.stroke([(x, 20) for x in range(10, 31)], 6, flat(RED), taper=0.2)
    assert drawing.alpha[:, 20].sum() > 2 * drawing.alpha[:, 11].sum()


def test_drawing_outside_the_canvas_changes_nothing() -> None:
    drawing = canvas()
    drawing.fill(box(100, 100, 120, 120), flat(RED))
    drawing.glow(-50, -50, 5, 5, RED, opacity=1)
    drawing.stroke([(50, 5), (60, 5)], 3, flat(RED))
    assert drawing.alpha.sum() == 0


def test_gradients_reach_their_stops() -> None:
    x, y = np.array([[0.0, 5, 10]], dtype=np.float32), np.array([[0.0]], dtype=np.float32)
    stops = [(0.0, (0.0, 0.0, 0.0)), (1.0, (100.0, 50.0, 0.0))]
    assert linear((0, 0), (10, 0), stops)(x, y)[0].tolist() == [[0, 0, 0], [50, 25, 0], [100, 50, 0]]
    assert radial((0, 0), 10, 10, stops)(x, y)[0].tolist() == [[0, 0, 0], [50, 25, 0], [100, 50, 0]]


def test_paths_can_be_mirrored_and_moved() -> None:
    path = Path(1, 2).line(3, 4)
    assert path.mirrored(10).points().tolist() == [[19, 2], [17, 4]]
    assert path.moved(1, -1).points().tolist() == [[2, 1], [4, 3]]


def test_colours_are_read_from_hex() -> None:
    assert rgb("#0a10ff") == (10, 16, 255)
