"""Seven-segment digits as outlines: numbers in a picture, without a font."""

from avatar_core.avatar.generators.raster import Canvas, Colour, Path, box, flat

WIDTH = 0.56
"""Of a digit's height."""
ADVANCE = 0.74
_THICK = 0.12

_LIT = {
    "0": "abcdef",
    "1": "bc",
    "2": "abged",
    "3": "abgcd",
    "4": "fgbc",
    "5": "afgcd",
    "6": "afgedc",
    "7": "abc",
    "8": "abcdefg",
    "9": "abcdfg",
    "-": "g",
}


def draw_digit(canvas: Canvas, digit: str, x: float, y: float, height: float, colour: Colour) -> None:
    """One of 0..9, "-", "." with its left top corner at (x, y)."""
    thick, width = _THICK * height, WIDTH * height
    if digit == ".":
        canvas.fill(box(x, y + height - thick, x + thick, y + height, thick * 0.2), flat(colour))
        return
    for segment in _LIT[digit]:
        canvas.fill(_segment(segment, x, y, width, height, thick), flat(colour))


def _segment(name: str, x: float, y: float, width: float, height: float, thick: float) -> Path:
    gap = thick * 0.12
    half = thick / 2
    middle = y + height / 2
    if name in "adg":
        line = {"a": y + half, "g": middle, "d": y + height - half}[name]
        left, right = x + half + gap, x + width - half - gap
        return (
            Path(left, line)
            .line(left + half, line - half)
            .line(right - half, line - half)
            .line(right, line)
            .line(right - half, line + half)
            .line(left + half, line + half)
        )
    column = x + half if name in "ef" else x + width - half
    top, bottom = (y + half + gap, middle - gap) if name in "fb" else (middle + gap, y + height - half - gap)
    return (
        Path(column, top)
        .line(column + half, top + half)
        .line(column + half, bottom - half)
        .line(column, bottom)
        .line(column - half, bottom - half)
        .line(column - half, top + half)
    )
