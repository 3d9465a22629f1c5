"""Pre-rendered layers and how they are laid over an I420 picture: integers only, at quarter-pixel places."""

import numpy as np
import numpy.typing as npt

from avatar_core.avatar.generators.raster import Canvas, View
from avatar_core.media.frames import Pixels
from avatar_core.media.pixels import halve, i420_planes, rgb_to_i420, rgb_to_yuv

Weights = npt.NDArray[np.uint16]

_PHASES = 4
"""Places between two pixels of a plane at which a sprite can stand."""
_MARGIN = 4
"""Clear pixels around a drawing, so that moving it between pixels loses nothing; even, for the chroma."""


class Sprite:
    """A drawing with soft edges, at home at one place of a picture and laid over it anywhere near.

    Each plane is kept as colour times coverage and as what remains of the ground (both in 1/256), once for each of
    the 16 phases between pixels, made when first needed: about 4 bytes a pixel and phase.
    """

    def __init__(self, canvas: Canvas, x: int, y: int) -> None:
        """`canvas` stands with its left top pixel at (x, y) of the picture; both even, and its sizes too."""
        rows, columns = _even_bounds(canvas.alpha)
        colour = np.pad(canvas.colour[rows, columns], ((_MARGIN, _MARGIN), (_MARGIN, _MARGIN), (0, 0)))
        alpha = np.pad(canvas.alpha[rows, columns], _MARGIN)
        self._x = x + columns.start - _MARGIN
        self._y = y + rows.start - _MARGIN
        # The offsets of Y, U and V weigh as much as the colour covers.
        yuv = rgb_to_yuv(colour) - (1 - alpha[..., np.newaxis]) * rgb_to_yuv(np.zeros(3, dtype=np.float32))
        chroma = halve(np.concatenate((yuv[..., 1:], alpha[..., np.newaxis]), axis=-1))
        self._luma = _Phased(np.stack((yuv[..., 0], alpha)))
        self._chroma = _Phased(np.moveaxis(chroma, -1, 0))

    def draw(self, picture: Pixels, width: int, height: int, dx: float = 0.0, dy: float = 0.0) -> None:
        """Lay it over the flat I420 `picture`, in place, moved by (dx, dy) px from home; what lies outside is cut."""
        luma, blue, red = i420_planes(picture, width, height)
        self._luma.draw((luma,), self._x + dx, self._y + dy)
        self._chroma.draw((blue, red), (self._x + dx) / 2, (self._y + dy) / 2)


class _Phased:
    """Planes [planes + coverage, rows, columns] that can stand between pixels."""

    def __init__(self, planes: npt.NDArray[np.float32]) -> None:
        self._planes = planes
        self._phases: dict[tuple[int, int], Weights] = {}

    def draw(self, grounds: tuple[Pixels, ...], x: float, y: float) -> None:
        steps_x, steps_y = round(x * _PHASES), round(y * _PHASES)
        left, top = steps_x // _PHASES, steps_y // _PHASES
        weights = self._phase(steps_x % _PHASES, steps_y % _PHASES)
        rows = slice(max(0, top), min(grounds[0].shape[0], top + weights.shape[1]))
        columns = slice(max(0, left), min(grounds[0].shape[1], left + weights.shape[2]))
        if rows.start >= rows.stop or columns.start >= columns.stop:
            return
        cut = weights[:, rows.start - top : rows.stop - top, columns.start - left : columns.stop - left]
        for ground, colour in zip(grounds, cut, strict=False):
            part = ground[rows, columns]
            mixed = np.multiply(part, cut[-1], dtype=np.uint16)
            mixed += colour
            mixed >>= 8
            part[...] = mixed

    def _phase(self, step_x: int, step_y: int) -> Weights:
        if (step_x, step_y) not in self._phases:
            self._phases[step_x, step_y] = _weights(_shifted(self._planes, step_x / _PHASES, step_y / _PHASES))
        return self._phases[step_x, step_y]


def background(canvas: Canvas) -> Pixels:
    """A canvas that covers the whole picture, as flat I420."""
    noise = np.random.default_rng(0).random(canvas.alpha.shape, dtype=np.float32) - 0.5
    return rgb_to_i420(canvas.colour, dither=noise)


def canvas_for(left: int, top: int, right: int, bottom: int, view: View) -> tuple[Canvas, int, int]:
    """A canvas over left..right, top..bottom (drawing units) of a picture seen by `view`, and its place in pixels."""
    x = int((left - view.left) * view.scale) // 2 * 2
    y = int((top - view.top) * view.scale) // 2 * 2
    width = int((right - left) * view.scale) // 2 * 2 + 2
    height = int((bottom - top) * view.scale) // 2 * 2 + 2
    part = View(view.left + x / view.scale, view.top + y / view.scale, view.scale)
    return Canvas(width, height, part), x, y


def _weights(planes: npt.NDArray[np.float32]) -> Weights:
    """Colour in 1/256 with its rounding, and the ground's weight; their sum never passes 16 bits."""
    remains = 256 - np.rint(planes[-1] * 256)
    # Colour is weighed by the rounded coverage, or an opaque area would be a shade off.
    covered = np.where(planes[-1] > 0, (256 - remains) / np.maximum(planes[-1], 1e-6), 0)
    colour = np.clip(np.rint(planes[:-1] * covered), 0, 255 * (256 - remains)) + np.where(remains < 256, 127, 0)
    return np.concatenate((colour, remains[np.newaxis])).astype(np.uint16)


def _shifted(planes: npt.NDArray[np.float32], share_x: float, share_y: float) -> npt.NDArray[np.float32]:
    """Moved right and down by a part of a pixel; the clear margin makes room."""
    moved = planes.copy()
    moved[:, :, 1:] += share_x * (planes[:, :, :-1] - planes[:, :, 1:])
    down = moved.copy()
    down[:, 1:] += share_y * (moved[:, :-1] - moved[:, 1:])
    return down


def _even_bounds(alpha: npt.NDArray[np.float32]) -> tuple[slice, slice]:
    rows, columns = np.flatnonzero(alpha.any(axis=1)), np.flatnonzero(alpha.any(axis=0))
    if not len(rows):
        return slice(0, 2), slice(0, 2)
    top, left = int(rows[0]) // 2 * 2, int(columns[0]) // 2 * 2
    bottom, right = -(-(int(rows[-1]) + 1) // 2) * 2, -(-(int(columns[-1]) + 1) // 2) * 2
    return slice(top, bottom), slice(left, right)
