"""A small antialiasing rasterizer: paths, gradients and a canvas of floats. Not for use per frame."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Plane = npt.NDArray[np.float32]
Points = npt.NDArray[np.float64]
Part = tuple[slice, slice]
"""Rows and columns of a canvas."""
Colour = tuple[float, float, float]
Paint = Callable[[Plane, Plane], Plane]
"""Colour [rows, columns, 3] of 0..255 at the points x, y (in drawing units)."""

_SUBLINES = 8
"""Lines weighed per pixel row; across, coverage is exact."""
_CURVE_STEPS = 24


class Path:
    """A closed outline of lines and cubic curves, in drawing units."""

    def __init__(self, x: float, y: float) -> None:
        self._points: list[tuple[float, float]] = [(x, y)]

    def line(self, x: float, y: float) -> "Path":
        """Straight on to a point."""
        self._points.append((x, y))
        return self

    def curve(self, x1: float, y1: float, x2: float, y2: float, x: float, y: float) -> "Path":
        """A cubic curve to (x, y) with two control points."""
        start = np.array(self._points[-1])
        t = np.linspace(0, 1, _CURVE_STEPS + 1)[1:, np.newaxis]
        points = (
            (1 - t) ** 3 * start
            + 3 * (1 - t) ** 2 * t * np.array((x1, y1))
            + 3 * (1 - t) * t**2 * np.array((x2, y2))
            + t**3 * np.array((x, y))
        )
        self._points.extend((float(px), float(py)) for px, py in points)
        return self

    def mirrored(self, axis: float) -> "Path":
        """The same outline on the other side of the upright line x = axis."""
        other = Path(0, 0)
        other._points = [(2 * axis - x, y) for x, y in self._points]
        return other

    def moved(self, dx: float, dy: float) -> "Path":
        """The same outline elsewhere."""
        other = Path(0, 0)
        other._points = [(x + dx, y + dy) for x, y in self._points]
        return other

    def points(self) -> Points:
        """The outline as a polygon [points, 2]."""
        return np.array(self._points)


def ellipse(x: float, y: float, radius_x: float, radius_y: float) -> Path:
    """An ellipse around (x, y)."""
    k = 0.5523
    return (
        Path(x - radius_x, y)
        .curve(x - radius_x, y - k * radius_y, x - k * radius_x, y - radius_y, x, y - radius_y)
        .curve(x + k * radius_x, y - radius_y, x + radius_x, y - k * radius_y, x + radius_x, y)
        .curve(x + radius_x, y + k * radius_y, x + k * radius_x, y + radius_y, x, y + radius_y)
        .curve(x - k * radius_x, y + radius_y, x - radius_x, y + k * radius_y, x - radius_x, y)
    )


def box(left: float, top: float, right: float, bottom: float, radius: float = 0.0) -> Path:
    """A rectangle with rounded corners."""
    r, k = radius, radius * 0.4477
    return (
        Path(left + r, top)
        .line(right - r, top)
        .curve(right - k, top, right, top + k, right, top + r)
        .line(right, bottom - r)
        .curve(right, bottom - k, right - k, bottom, right - r, bottom)
        .line(left + r, bottom)
        .curve(left + k, bottom, left, bottom - k, left, bottom - r)
        .line(left, top + r)
        .curve(left, top + k, left + k, top, left + r, top)
    )


def flat(colour: Colour) -> Paint:
    """One colour."""
    value = np.array(colour, dtype=np.float32)
    return lambda x, y: np.broadcast_to(value, (*np.broadcast_shapes(x.shape, y.shape), 3))


def linear(start: tuple[float, float], stop: tuple[float, float], stops: Sequence[tuple[float, Colour]]) -> Paint:
    """Colours along the line from start to stop; each stop is a share of the way and a colour."""
    dx, dy = stop[0] - start[0], stop[1] - start[1]
    length = dx * dx + dy * dy

    def paint(x: Plane, y: Plane) -> Plane:
        return _blend((((x - start[0]) * dx + (y - start[1]) * dy) / length).astype(np.float32), stops)

    return paint


def radial(
    centre: tuple[float, float], radius_x: float, radius_y: float, stops: Sequence[tuple[float, Colour]]
) -> Paint:
    """Colours outward from a centre; 1 is the ellipse's edge."""

    def paint(x: Plane, y: Plane) -> Plane:
        return _blend(np.hypot((x - centre[0]) / radius_x, (y - centre[1]) / radius_y).astype(np.float32), stops)

    return paint


def rgb(code: str) -> Colour:
    """A colour from "#rrggbb"."""
    return int(code[1:3], 16), int(code[3:5], 16), int(code[5:7], 16)


@dataclass(frozen=True, slots=True)
class View:
    """What part of the drawing a canvas shows: its left top corner in drawing units, and pixels per unit."""

    left: float
    top: float
    scale: float


class Canvas:
    """Premultiplied colour and coverage, seen through a view; later drawing covers earlier."""

    def __init__(self, width: int, height: int, view: View) -> None:
        self.view = view
        self.colour = np.zeros((height, width, 3), dtype=np.float32)
        self.alpha = np.zeros((height, width), dtype=np.float32)
        x = ((np.arange(width) + 0.5) / view.scale + view.left).astype(np.float32)
        y = ((np.arange(height) + 0.5) / view.scale + view.top).astype(np.float32)
        self._x, self._y = x[np.newaxis, :], y[:, np.newaxis]

    def fill(self, path: Path, paint: Paint, *, opacity: float = 1.0, within: Plane | None = None) -> None:
        """Fill an outline; `within` is a mask (from `mask`) that confines it."""
        points = path.points()
        part = self._part(points.min(axis=0), points.max(axis=0))
        self._cover(part, self._inside(points, part) * opacity, paint, within)

    def glow(
        self,
        x: float,
        y: float,
        radius_x: float,
        radius_y: float,
        colour: Colour,
        *,
        opacity: float,
        within: Plane | None = None,
    ) -> None:
        """A soft ellipse that fades from its centre to its edge."""
        part = self._part((x - radius_x, y - radius_y), (x + radius_x, y + radius_y))
        distance = np.hypot((self._x[:, part[1]] - x) / radius_x, (self._y[part[0]] - y) / radius_y)
        fall = np.clip(1 - distance, 0, 1)
        self._cover(part, fall * fall * (3 - 2 * fall) * opacity, flat(colour), within)

    def stroke(
        self,
        points: Sequence[tuple[float, float]] | Points,
        width: float,
        paint: Paint,
        *,
        taper: float = 1.0,
        within: Plane | None = None,
    ) -> None:
        """A line along points with round ends; towards both ends its width shrinks to `taper` of it."""
        line = np.asarray(points, dtype=np.float64)
        share = np.linspace(-1, 1, len(line))
        radius = width / 2 * (taper + (1 - taper) * (1 - share**2))
        part = self._part(line.min(axis=0) - width, line.max(axis=0) + width)
        x, y = self._x[:, part[1]], self._y[part[0]]
        edge = np.full((y.shape[0], x.shape[1]), -np.inf, dtype=np.float32)
        for (x1, y1), (x2, y2), r1, r2 in zip(line, line[1:], radius, radius[1:], strict=False):
            dx, dy = x2 - x1, y2 - y1
            t = np.clip(((x - x1) * dx + (y - y1) * dy) / (dx * dx + dy * dy), 0, 1)
            edge = np.maximum(edge, r1 + t * (r2 - r1) - np.hypot(x - x1 - t * dx, y - y1 - t * dy))
        self._cover(part, np.clip(edge * self.view.scale + 0.5, 0, 1), paint, within)

    def mask(self, path: Path) -> Plane:
        """How much of each pixel lies inside an outline, 0..1."""
        return self._inside(path.points(), (slice(0, self.alpha.shape[0]), slice(0, self.alpha.shape[1])))

    def paint_all(self, paint: Paint) -> None:
        """Cover everything."""
        self.colour[...] = paint(self._x, self._y)
        self.alpha[...] = 1

    def _part(self, low: tuple[float, float] | Points, high: tuple[float, float] | Points) -> Part:
        """Rows and columns of the pixels that (x, y) from `low` to `high` touch, one to spare on each side."""
        height, width = self.alpha.shape
        left, top = (int((low[0] - self.view.left) * self.view.scale), int((low[1] - self.view.top) * self.view.scale))
        right, bottom = (high[0] - self.view.left) * self.view.scale, (high[1] - self.view.top) * self.view.scale
        return (
            slice(min(max(0, top - 1), height), min(max(0, int(bottom) + 2), height)),
            slice(min(max(0, left - 1), width), min(max(0, int(right) + 2), width)),
        )

    def _inside(self, points: Points, part: Part) -> Plane:
        rows, columns = part
        x = (points[:, 0] - self.view.left) * self.view.scale - columns.start
        y = (points[:, 1] - self.view.top) * self.view.scale - rows.start
        return coverage(x, y, rows.stop - rows.start, columns.stop - columns.start)

    def _cover(self, part: Part, mask: Plane, paint: Paint, within: Plane | None) -> None:
        if within is not None:
            mask = mask * within[part]
        rows, columns = part
        self.colour[part] *= 1 - mask[..., np.newaxis]
        self.colour[part] += paint(self._x[:, columns], self._y[rows]) * mask[..., np.newaxis]
        self.alpha[part] += mask * (1 - self.alpha[part])


def coverage(x: Points, y: Points, height: int, width: int) -> Plane:
    """Share of each pixel [height, width] inside the closed polygon (x, y), given in pixels; it must not cross itself.

    On each of _SUBLINES lines per row every edge that crosses it adds its direction from the crossing rightwards;
    summed along the row that is 1 inside, 0 outside, and the exact share in the pixel of a crossing.
    """
    next_x, next_y = np.roll(x, -1), np.roll(y, -1)
    lines = (np.arange(height * _SUBLINES) + 0.5) / _SUBLINES
    crossed = (y[:, np.newaxis] <= lines) != (next_y[:, np.newaxis] <= lines)
    edge, line = np.nonzero(crossed)
    slope = (next_x[edge] - x[edge]) / (next_y[edge] - y[edge])
    crossing = np.clip(x[edge] + (lines[line] - y[edge]) * slope, 0, width)
    direction = np.where(next_y[edge] > y[edge], 1.0, -1.0)
    column = np.minimum(crossing.astype(np.int64), width)
    share = crossing - column
    place = (line // _SUBLINES) * (width + 2) + column
    size = height * (width + 2)
    steps = np.bincount(place, direction * (1 - share), size) + np.bincount(place + 1, direction * share, size)
    summed = np.cumsum(steps.reshape(height, width + 2), axis=1)[:, :width] / _SUBLINES
    return np.clip(np.abs(summed), 0, 1).astype(np.float32)


def _blend(share: Plane, stops: Sequence[tuple[float, Colour]]) -> Plane:
    places = [place for place, _ in stops]
    channels = [np.interp(share, places, [colour[channel] for _, colour in stops]) for channel in range(3)]
    return np.stack(channels, axis=-1).astype(np.float32)
