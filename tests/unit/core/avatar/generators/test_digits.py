import numpy as np

from avatar_core.avatar.generators.digits import WIDTH, draw_digit
from avatar_core.avatar.generators.raster import Canvas, View

WHITE = (255.0, 255.0, 255.0)


def shape(digit: str) -> np.ndarray:
    canvas = Canvas(60, 60, View(0, 0, 1))
    draw_digit(canvas, digit, 10, 5, 50, WHITE)
    return canvas.alpha


def test_every_digit_looks_different_and_stays_in_its_box() -> None:
    shapes = {digit: shape(digit) for digit in "0123456789-."}
    assert len({pixels.tobytes() for pixels in shapes.values()}) == 12
    for pixels in shapes.values():
        rows, columns = np.nonzero(pixels > 0.01)
        assert 5 <= rows.min() <= rows.max() <= 55
        assert 10 <= columns.min() <= columns.max() <= 10 + 50 * WIDTH


def test_eight_lights_every_segment_of_the_others() -> None:
    eight = shape("8")
    for digit in "012345679-":
        assert (shape(digit) <= eight + 0.01).all()
