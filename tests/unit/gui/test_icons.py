import gc
from importlib.resources import files
from pathlib import Path

import pytest
from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QColor, QIcon, QImage, QPainter

import avatar_gui
from avatar_gui.icons import Icons
from avatar_gui.theme import Theme

NAMES = sorted(entry.name[:-4] for entry in (files("avatar_assets") / "icons").iterdir() if entry.name.endswith(".svg"))


def colors_of(image: QImage) -> set[str]:
    opaque = [image.pixelColor(x, y) for x in range(image.width()) for y in range(image.height())]
    return {color.name() for color in opaque if color.alpha() == 255}


def channel_distance(one: QColor, other: QColor) -> int:
    pairs = zip(one.getRgb()[:3], other.getRgb()[:3], strict=True)
    return max(abs(a - b) for a, b in pairs)


def test_every_shipped_icon_is_used() -> None:
    code = "".join(path.read_text(encoding="utf-8") for path in Path(avatar_gui.__file__).parent.rglob("*.py"))
    assert [name for name in NAMES if f'"{name}"' not in code] == []


@pytest.mark.parametrize("name", NAMES)
def test_each_icon_is_drawn_in_the_colour_of_its_token(name: str, icons: Icons, theme: Theme) -> None:
    image = QImage(48, 48, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(0)
    painter = QPainter(image)
    icons.paint(painter, name, QRectF(0, 0, 48, 48), "warn")
    painter.end()
    wanted = QColor(theme.tokens.warn)
    drawn = colors_of(image)
    # Blending at an edge may round a channel by one.
    assert drawn and all(channel_distance(QColor(color), wanted) <= 1 for color in drawn)


def test_an_icon_follows_the_theme_and_survives_copies(icons: Icons, theme: Theme) -> None:
    icon = QIcon(icons.icon("flag", "t1"))
    gc.collect()
    dark = colors_of(icon.pixmap(QSize(32, 32)).toImage())
    theme.choose("light")
    light = colors_of(icon.pixmap(QSize(32, 32)).toImage())
    disabled = colors_of(icon.pixmap(QSize(32, 32), QIcon.Mode.Disabled).toImage())
    assert (dark, light) == ({"#e8ebee"}, {"#14191e"})
    assert disabled == {"#5f6b76"}


def test_an_unknown_icon_is_an_error(icons: Icons) -> None:
    image = QImage(8, 8, QImage.Format.Format_ARGB32)
    painter = QPainter(image)
    with pytest.raises(FileNotFoundError):
        icons.paint(painter, "no-such-icon", QRectF(0, 0, 8, 8), "t1")
    painter.end()
