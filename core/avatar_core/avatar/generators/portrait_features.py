"""The moving features of the talking head: brows, eyes, nose and mouth, in units of a 1280x720 picture."""

from dataclasses import dataclass

from avatar_core.avatar.generators.portrait import CENTRE_X
from avatar_core.avatar.generators.raster import Canvas, Path, Plane, ellipse, flat, linear, radial, rgb

BROWS_AREA = (540, 262, 740, 312)
EYES_AREA = (544, 292, 736, 356)
NOSE_AREA = (610, 380, 670, 416)
MOUTH_AREA = (572, 414, 708, 500)

_LINE = rgb("#43281f")
_BROW = rgb("#56342a")
_LID = rgb("#e6b091")
_LIP, _LIP_DARK = rgb("#c4655e"), rgb("#b05650")
_MOUTH_INSIDE = rgb("#5a1f22")
_TONGUE = rgb("#b4504f")
_EYE_Y = 326.0
_EYE_X = (586.0, 694.0)
_MOUTH_Y = 447.0


@dataclass(frozen=True, slots=True)
class Gaze:
    """Where the eyes look, in units from straight ahead."""

    x: float
    y: float


def draw_brows(canvas: Canvas) -> None:
    """Both brows at rest."""
    brow = Path(554, 294).curve(564, 280, 590, 275, 618, 289)
    for path in (brow, brow.mirrored(CENTRE_X)):
        canvas.stroke(path.points(), 8, flat(_BROW), taper=0.45)


def draw_nose(canvas: Canvas) -> None:
    """A short line under the tip."""
    canvas.stroke(Path(626, 394).curve(630, 404, 650, 404, 654, 394).points(), 4.2, flat(rgb("#cf9170")), taper=0.5)


def draw_eyes(canvas: Canvas, lid: float, gaze: Gaze) -> None:
    """Both eyes; `lid` 0 open to 1 closed."""
    for x, outward in zip(_EYE_X, (-1.0, 1.0), strict=True):
        _draw_eye(canvas, x, outward, lid, gaze)


def _draw_eye(canvas: Canvas, x: float, outward: float, lid: float, gaze: Gaze) -> None:
    y = _EYE_Y
    top = y - 22 + 36 * lid
    inner, outer = x - 28 * outward, x + 28 * outward
    corner = y + 4
    whole = Path(inner, corner).curve(x - 18 * outward, y - 22, x + 16 * outward, y - 24, outer, corner - 2)
    whole = whole.curve(x + 14 * outward, y + 19, x - 16 * outward, y + 18, inner, corner)
    upper = Path(inner, corner).curve(x - 18 * outward, top, x + 16 * outward, top - 2 + 2 * lid, outer, corner - 2)
    opening = Path(inner, corner).curve(x - 18 * outward, top, x + 16 * outward, top - 2 + 2 * lid, outer, corner - 2)
    opening = opening.curve(x + 14 * outward, y + 19, x - 16 * outward, y + 18, inner, corner)
    if lid > 0:
        canvas.fill(whole, flat(_LID))
    if lid < 1:
        seen = canvas.mask(opening)
        canvas.fill(
            opening,
            linear((0, y - 16), (0, y + 12), [(0.0, rgb("#d9dcdd")), (0.45, rgb("#ffffff")), (1.0, rgb("#f4f4f2"))]),
        )
        _draw_iris(canvas, x + gaze.x, y - 1 + gaze.y, seen)
    canvas.stroke(upper.points(), 5.2, flat(_LINE), taper=0.5)
    crease = Path(x - 22 * outward, y - 14).curve(
        x - 10 * outward, y - 27, x + 12 * outward, y - 28, x + 25 * outward, y - 13
    )
    canvas.stroke(crease.points(), 2.2, flat(rgb("#d79d7c")), taper=0.2)


def _draw_iris(canvas: Canvas, x: float, y: float, seen: Plane) -> None:
    canvas.fill(ellipse(x, y, 14.5, 14.5), flat(rgb("#2f4a3d")), within=seen)
    green = radial((x, y + 3), 13, 13, [(0.0, rgb("#8fb39a")), (0.7, rgb("#5f8a72")), (1.0, rgb("#476d5a"))])
    canvas.fill(ellipse(x, y, 12.8, 12.8), green, within=seen)
    canvas.fill(ellipse(x, y, 7, 7), flat(rgb("#161413")), within=seen)
    canvas.fill(ellipse(x + 4.8, y - 5, 3.3, 3.3), flat(rgb("#ffffff")), within=seen)


def draw_mouth(canvas: Canvas, opening: float, width: float) -> None:
    """`opening` 0 closed to 1 wide open; `width` 0 rounded (as in "oo") to 1 spread (as in "ee")."""
    x, y = CENTRE_X, _MOUTH_Y - 7 * opening
    reach = 34 + 14 * width - 2 * opening
    gap = 36 * opening * (1 - 0.12 * width)
    # The corners stand above the middle of the lips: at rest the face is friendly.
    corner = y - 8 + 5 * opening - 4 * width
    low = y + gap
    full, thick = 0.74 + 0.18 * opening, 8.0 + 1.5 * opening
    canvas.glow(x, low + 17, reach * 0.55, 7, rgb("#cd8f70"), opacity=0.5)
    outer = (
        Path(x - reach, corner)
        .curve(x - reach * 0.7, corner - 4, x - 22, y - 8.5, x - 11, y - 8.5)
        .curve(x - 6, y - 8.5, x - 4, y - 6.5, x, y - 6.5)
        .curve(x + 4, y - 6.5, x + 6, y - 8.5, x + 11, y - 8.5)
        .curve(x + 22, y - 8.5, x + reach * 0.7, corner - 4, x + reach, corner)
        .curve(x + reach * full, y + gap * 0.72 + 4, x + reach * 0.5, low + thick, x, low + thick)
        .curve(x - reach * 0.5, low + thick, x - reach * full, y + gap * 0.72 + 4, x - reach, corner)
    )
    lip = linear((x, y - 8), (x, low + 10), [(0.0, _LIP_DARK), (0.5, _LIP), (1.0, rgb("#c96a64"))])
    canvas.fill(outer, lip)
    canvas.glow(x, low + 5, reach * 0.4, 4, rgb("#e39b93"), opacity=0.5, within=canvas.mask(outer))
    side = reach - 5.5 + 3 * (1 - opening)
    edge = Path(x - side, corner + 0.5).curve(x - side * 0.55, y, x - side * 0.25, y + 0.5, x, y + 0.5)
    edge = edge.curve(x + side * 0.25, y + 0.5, x + side * 0.55, y, x + side, corner + 0.5)
    if gap < 1.5:
        canvas.stroke(edge.points(), 2.6, flat(rgb("#86393a")), taper=0.35)
        return
    inner = edge.curve(x + side * 0.9, y + gap * 0.72, x + side * 0.5, low + 1, x, low + 1)
    inner = inner.curve(x - side * 0.5, low + 1, x - side * 0.9, y + gap * 0.72, x - side, corner + 0.5)
    inside = canvas.mask(inner)
    canvas.fill(inner, linear((x, y), (x, low), [(0.0, rgb("#3c1216")), (1.0, _MOUTH_INSIDE)]))
    canvas.fill(ellipse(x, low + 5, side * 0.56, gap * 0.38), flat(_TONGUE), within=inside)
    teeth = Path(x - side, corner - 20).line(x + side, corner - 20).line(x + side, corner + 2)
    depth = min(10.0, 1.5 + gap * 0.42)
    teeth = teeth.curve(x + side * 0.7, y + depth, x + side * 0.3, y + depth, x, y + depth)
    teeth = teeth.curve(x - side * 0.3, y + depth, x - side * 0.7, y + depth, x - side, corner + 2)
    canvas.fill(teeth, flat(rgb("#fbf8f3")), within=inside)
    canvas.glow(x, y - 2, side, 5, rgb("#b9a9a4"), opacity=0.45, within=inside)
