"""The drawing of the talking head: room, body and head, in units of a 1280x720 picture. Features: portrait_features."""

from avatar_core.avatar.generators.raster import Canvas, Path, Plane, View, box, ellipse, flat, linear, radial, rgb

CENTRE_X = 640.0
DRAWING_WIDTH = 1280.0
DRAWING_HEIGHT = 720.0

_HAIR_LIGHT, _HAIR, _HAIR_DARK = rgb("#6d4535"), rgb("#5c392d"), rgb("#482a24")
_SKIN, _SKIN_SHADE, _NECK, _NECK_SHADE = rgb("#f4c8ab"), rgb("#eeb998"), rgb("#e1a786"), rgb("#cb9071")
_EAR = rgb("#e6ad8c")
_BLUSH = rgb("#e08f78")
_SHIRT_LIGHT, _SHIRT_DARK, _COLLAR = rgb("#437f90"), rgb("#2c5866"), rgb("#4b8ea6")


def view_of(width: int, height: int) -> View:
    """The drawing in a picture of that size: as high as the picture, in its middle."""
    scale = height / DRAWING_HEIGHT
    return View((DRAWING_WIDTH - width / scale) / 2, 0.0, scale)


def draw_room(canvas: Canvas) -> None:
    """A quiet room in the evening: a lamp out of focus on the left, a shelf with books on the right."""
    wall = [(0.0, rgb("#537388")), (0.35, rgb("#466275")), (0.75, rgb("#2f4350")), (1.0, rgb("#1f2d37"))]
    canvas.paint_all(radial((CENTRE_X, 250), 760, 640, wall))
    canvas.glow(180, 235, 210, 200, rgb("#d8c49a"), opacity=0.34)
    canvas.glow(180, 230, 74, 74, rgb("#f3dfae"), opacity=0.55)
    canvas.fill(box(976, 302, 1800, 309, 2), flat(rgb("#24333d")), opacity=0.75)
    canvas.fill(box(976, 309, 1800, 316, 0), flat(rgb("#1a262e")), opacity=0.25)
    books = (
        (1021, 159, "#5f8791"),
        (1053, 130, "#a3806f"),
        (1098, 173, "#b6b294"),
        (1130, 144, "#4f6b80"),
        (1168, 187, "#8c5558"),
    )
    for left, top, colour in books:
        canvas.fill(box(left, top, left + 28, 302, 3), flat(rgb(colour)), opacity=0.62)
        canvas.fill(box(left, top + 14, left + 28, top + 19), flat(rgb("#dfe6e8")), opacity=0.10)
        canvas.fill(box(left + 22, top + 2, left + 28, 302, 2), flat(rgb("#10181d")), opacity=0.14)


def draw_body(canvas: Canvas) -> None:
    """Neck and shirt, down past the lower edge so that breathing shows no gap."""
    neck = Path(579, 430).line(701, 430).line(701, 540).curve(701, 562, 716, 566, 740, 572).line(640, 680)
    neck = neck.line(540, 572).curve(564, 566, 579, 562, 579, 540)
    canvas.fill(neck, linear((579, 0), (701, 0), [(0.0, _NECK), (1.0, rgb("#d89c7b"))]))
    chin = Path(560, 430).curve(566, 500, 606, 528, 640, 528).curve(674, 528, 714, 500, 720, 430)
    canvas.fill(chin, flat(_NECK_SHADE), opacity=0.85, within=canvas.mask(neck))
    shirt = Path(548, 556).curve(500, 580, 380, 602, 336, 640).curve(306, 666, 292, 700, 282, 760)
    shirt = shirt.line(998, 760).curve(988, 700, 974, 666, 944, 640).curve(900, 602, 780, 580, 732, 556)
    shirt = shirt.curve(712, 602, 678, 627, 640, 627).curve(602, 627, 568, 602, 548, 556)
    cloth = canvas.mask(shirt)
    canvas.fill(
        shirt, linear((330, 560), (980, 760), [(0.0, _SHIRT_LIGHT), (0.45, rgb("#3b7383")), (1.0, _SHIRT_DARK)])
    )
    canvas.glow(470, 612, 170, 60, rgb("#6fb0c2"), opacity=0.20, within=cloth)
    canvas.glow(640, 690, 190, 66, rgb("#1d3f4b"), opacity=0.22, within=cloth)
    collar = Path(553, 558).curve(570, 604, 602, 627, 640, 627).curve(678, 627, 710, 604, 727, 558)
    canvas.stroke(collar.points(), 13, linear((560, 0), (730, 0), [(0.0, _COLLAR), (1.0, rgb("#3d7a90"))]))


def draw_hair_behind(canvas: Canvas) -> None:
    """The hair that falls behind neck and shoulders."""
    outline = _hair_outline()
    canvas.fill(outline, linear((470, 140), (815, 420), [(0.0, _HAIR_LIGHT), (0.45, _HAIR), (1.0, _HAIR_DARK)]))
    hair = canvas.mask(outline)
    canvas.glow(640, 470, 150, 200, rgb("#2c1815"), opacity=0.55, within=hair)
    canvas.glow(640, 580, 190, 60, rgb("#2c1815"), opacity=0.35, within=hair)


def draw_head(canvas: Canvas) -> None:
    """Ears, face, and the hair that frames it."""
    for ear in (ellipse(516, 343, 15, 33), ellipse(764, 343, 15, 33)):
        canvas.fill(ear, flat(_EAR))
    for inner in (ellipse(517, 345, 7, 20), ellipse(763, 345, 7, 20)):
        canvas.fill(inner, flat(rgb("#cf916f")), opacity=0.5)
    outline = (
        Path(600, 200)
        .line(513, 262)
        .line(513, 330)
        .curve(515, 424, 572, 500, 640, 500)
        .curve(708, 500, 765, 424, 767, 330)
        .line(775, 262)
        .line(706, 190)
    )
    canvas.fill(outline, linear((513, 250), (767, 470), [(0.0, _SKIN), (1.0, _SKIN_SHADE)]))
    face = canvas.mask(outline)
    canvas.glow(776, 380, 66, 190, rgb("#d69a7a"), opacity=0.35, within=face)
    canvas.glow(640, 512, 92, 34, rgb("#d69a7a"), opacity=0.38, within=face)
    canvas.glow(640, 300, 90, 60, rgb("#ffe3cc"), opacity=0.35, within=face)
    for cheek in (565, 715):
        canvas.glow(cheek, 400, 46, 42, _BLUSH, opacity=0.34, within=face)
    _draw_fringe(canvas, face)


def _draw_fringe(canvas: Canvas, face: Plane) -> None:
    fringe = (
        Path(498, 330)
        .curve(492, 200, 540, 112, 640, 109)
        .curve(742, 112, 790, 200, 782, 330)
        .curve(778, 318, 774, 308, 770, 300)
        .curve(752, 258, 724, 222, 683, 205)
        .curve(640, 244, 570, 254, 521, 284)
        .curve(511, 292, 506, 312, 498, 330)
    )
    canvas.fill(fringe.moved(0, 9), flat(rgb("#b9795c")), opacity=0.28, within=face)
    canvas.fill(fringe, linear((490, 120), (800, 330), [(0.0, _HAIR_LIGHT), (0.5, _HAIR), (1.0, _HAIR_DARK)]))
    hair = canvas.mask(fringe)
    for dx, opacity in ((0, 0.5), (26, 0.35), (54, 0.25)):
        strand = Path(520 + dx, 262 - dx * 0.3).curve(540 + dx, 216, 590 + dx, 190, 660 + dx * 0.4, 190 - dx * 0.5)
        canvas.stroke(strand.points(), 6, flat(rgb("#8a5b47")), taper=0.05, within=hair * opacity)


def _hair_outline() -> Path:
    return (
        Path(504, 578)
        .curve(474, 540, 462, 470, 462, 355)
        .curve(462, 190, 540, 107, 640, 107)
        .curve(740, 107, 818, 190, 818, 355)
        .curve(818, 470, 806, 540, 776, 578)
        .curve(740, 600, 540, 600, 504, 578)
    )
