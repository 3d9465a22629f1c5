import numpy as np
import pytest

from avatar_core.avatar.generators.raster import Canvas, View, box, ellipse, flat
from avatar_core.avatar.generators.sprites import Sprite, background, canvas_for
from avatar_core.media.frames import Pixels
from avatar_core.media.pixels import i420_planes, rgb_to_i420

WIDTH, HEIGHT = 64, 48
BLUE, SKIN = (20.0, 40.0, 120.0), (244.0, 200.0, 171.0)


def ground() -> Pixels:
    return rgb_to_i420(np.full((HEIGHT, WIDTH, 3), BLUE, dtype=np.float32))


def sprite(path: object = None) -> Sprite:
    canvas = Canvas(WIDTH, HEIGHT, View(0, 0, 1))
    canvas.fill(path or box(20, 16, 40, 32), flat(SKIN))
    return Sprite(canvas, 0, 0)


def luma(picture: Pixels) -> np.ndarray:
    return i420_planes(picture, WIDTH, HEIGHT)[0].astype(int)


def test_opaque_parts_have_exactly_the_colour_and_the_rest_is_untouched() -> None:
    picture = ground()
    sprite().draw(picture, WIDTH, HEIGHT)
    wanted = rgb_to_i420(np.full((HEIGHT, WIDTH, 3), SKIN, dtype=np.float32))
    for plane, ours, empty, step in zip(
        i420_planes(picture, WIDTH, HEIGHT),
        i420_planes(wanted, WIDTH, HEIGHT),
        i420_planes(ground(), WIDTH, HEIGHT),
        (1, 2, 2),
        strict=True,
    ):
        inside = np.zeros(plane.shape, dtype=bool)
        inside[16 // step : 32 // step, 20 // step : 40 // step] = True
        assert np.abs(plane[inside].astype(int) - ours[inside]).max() <= 1
        assert np.array_equal(plane[~inside], empty[~inside])


def test_moving_by_whole_pixels_moves_the_picture() -> None:
    here, there = ground(), ground()
    sprite().draw(here, WIDTH, HEIGHT)
    sprite().draw(there, WIDTH, HEIGHT, 6, -4)
    assert np.array_equal(np.roll(luma(here), (-4, 6), axis=(0, 1)), luma(there))


@pytest.mark.parametrize("dx", [0.25, 0.5, 0.75])
def test_moving_by_parts_of_a_pixel_moves_the_centre_by_as_much(dx: float) -> None:
    layer = sprite(ellipse(30, 24, 9, 7))

    def centre(shift: float) -> float:
        picture = ground()
        layer.draw(picture, WIDTH, HEIGHT, shift)
        weight = luma(picture) - luma(ground())
        return float((weight.sum(axis=0) * np.arange(WIDTH)).sum() / weight.sum())

    assert centre(dx) - centre(0) == pytest.approx(dx, abs=0.03)


@pytest.mark.parametrize(("dx", "dy"), [(-30, 0), (40, 0), (0, -24), (0, 24), (-300, 0), (0, 300), (-27.3, 21.8)])
def test_what_leaves_the_picture_is_cut(dx: float, dy: float) -> None:
    picture = ground()
    sprite().draw(picture, WIDTH, HEIGHT, dx, dy)
    if abs(dx) + abs(dy) >= 300:
        assert np.array_equal(picture, ground())
    else:
        assert 0 < (luma(picture) != luma(ground())).sum() < 20 * 16


def test_every_blend_stays_between_its_colours() -> None:
    picture = rgb_to_i420(np.full((HEIGHT, WIDTH, 3), 255, dtype=np.float32))
    canvas = Canvas(WIDTH, HEIGHT, View(0, 0, 1))
    canvas.glow(32, 24, 30, 20, (255, 255, 255), opacity=1)
    Sprite(canvas, 0, 0).draw(picture, WIDTH, HEIGHT, 0.25, 0.75)
    assert luma(picture).min() >= 233
    assert luma(picture).max() <= 235


def test_an_empty_drawing_changes_nothing() -> None:
    picture = ground()
    Sprite(Canvas(WIDTH, HEIGHT, View(0, 0, 1)), 0, 0).draw(picture, WIDTH, HEIGHT)
    assert np.array_equal(picture, ground())


def test_a_part_of_the_picture_draws_in_the_same_place_as_the_whole() -> None:
    view = View(-3, 0, 1.5)
    part, x, y = canvas_for(10, 6, 32, 24, view)
    whole = Canvas(WIDTH, HEIGHT, view)
    for canvas in (part, whole):
        canvas.fill(ellipse(20, 15, 8, 6), flat(SKIN))
    ours, theirs = ground(), ground()
    Sprite(part, x, y).draw(ours, WIDTH, HEIGHT)
    Sprite(whole, 0, 0).draw(theirs, WIDTH, HEIGHT)
    assert np.abs(ours.astype(int) - theirs).max() <= 1


def test_a_background_is_the_colour_within_its_dither() -> None:
    canvas = Canvas(WIDTH, HEIGHT, View(0, 0, 1))
    canvas.paint_all(flat(BLUE))
    assert np.abs(background(canvas).astype(int) - ground()).max() <= 1
