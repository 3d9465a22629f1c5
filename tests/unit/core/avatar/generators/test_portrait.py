import numpy as np
import pytest

from avatar_core.avatar.generators.portrait import draw_body, draw_hair_behind, draw_head, draw_room, view_of
from avatar_core.avatar.generators.portrait_features import (
    BROWS_AREA,
    EYES_AREA,
    MOUTH_AREA,
    NOSE_AREA,
    Gaze,
    draw_brows,
    draw_eyes,
    draw_mouth,
    draw_nose,
)
from avatar_core.avatar.generators.raster import Canvas
from avatar_core.avatar.generators.sprites import canvas_for

VIEW = view_of(1280, 720)


def area(*bounds: int) -> Canvas:
    return canvas_for(*bounds, VIEW)[0]


@pytest.mark.parametrize("size", [(640, 360), (640, 480), (360, 640)])
def test_the_drawing_stands_in_the_middle_at_full_height(size: tuple[int, int]) -> None:
    view = view_of(*size)
    assert (640 - view.left) * view.scale == pytest.approx(size[0] / 2)
    assert 720 * view.scale == pytest.approx(size[1])


def test_the_room_covers_everything_and_is_darkest_at_its_corners() -> None:
    room = Canvas(320, 180, view_of(320, 180))
    draw_room(room)
    assert room.alpha.min() == 1
    assert room.colour[0, 0].mean() < room.colour[60, 160].mean()


@pytest.mark.parametrize("draw", [draw_hair_behind, draw_head])
def test_head_and_hair_are_whole_inside_their_areas(draw) -> None:
    canvas = Canvas(1280, 720, VIEW)
    draw(canvas)
    rows, columns = np.flatnonzero(canvas.alpha.any(axis=1)), np.flatnonzero(canvas.alpha.any(axis=0))
    assert 96 < rows[0] < rows[-1] < 620
    assert 450 < columns[0] < columns[-1] < 830


def test_the_body_reaches_below_the_picture() -> None:
    canvas = area(260, 420, 1020, 780)
    draw_body(canvas)
    assert canvas.alpha[720 - 420 + 10].max() == 1


@pytest.mark.parametrize(
    ("bounds", "draw"),
    [
        (BROWS_AREA, draw_brows),
        (NOSE_AREA, draw_nose),
        *((EYES_AREA, lambda canvas, lid=lid: draw_eyes(canvas, lid, Gaze(4.5, -2.5))) for lid in (0, 0.5, 1)),
        *((MOUTH_AREA, lambda canvas, o=o, w=w: draw_mouth(canvas, o, w)) for o in (0, 1) for w in (0, 1)),
    ],
)
def test_no_feature_is_cut_by_the_edge_of_its_area(bounds: tuple[int, int, int, int], draw) -> None:
    canvas = area(*bounds)
    draw(canvas)
    assert canvas.alpha.max() > 0.9
    for edge in (canvas.alpha[0], canvas.alpha[-1], canvas.alpha[:, 0], canvas.alpha[:, -1]):
        assert edge.max() < 0.02


def test_an_open_mouth_is_larger_and_darker_than_a_closed_one() -> None:
    openings = (0.0, 0.25, 0.5, 0.75, 1.0)
    canvases = [area(*MOUTH_AREA) for _ in openings]
    for canvas, opening in zip(canvases, openings, strict=True):
        draw_mouth(canvas, opening, 0.6)
    sizes = [canvas.alpha.sum() for canvas in canvases]
    dark = [int(((canvas.colour[..., 0] < 100) & (canvas.alpha > 0.9)).sum()) for canvas in canvases]
    assert sizes == sorted(sizes)
    assert dark == sorted(dark)
    assert dark[0] == 0 < dark[-1]


def test_a_closed_eye_shows_no_white() -> None:
    white = []
    for lid in (0.0, 0.5, 1.0):
        canvas = area(*EYES_AREA)
        draw_eyes(canvas, lid, Gaze(0, 0))
        white.append(int((canvas.colour.min(axis=2) > 210).sum()))
    assert white[0] > white[1] > white[2] == 0
