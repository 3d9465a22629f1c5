"""Icons: one family of SVGs, drawn in the colour of a token at whatever size is asked for."""

from importlib.resources import files

from PySide6.QtCore import QByteArray, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QIconEngine, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from avatar_gui.theme import Theme


class Icons:
    """Draws icons by their file name in assets/icons. Renderers are kept per name and colour."""

    def __init__(self, theme: Theme) -> None:
        self._theme = theme
        self._sources: dict[str, str] = {}
        self._renderers: dict[tuple[str, str], QSvgRenderer] = {}

    def paint(self, painter: QPainter, name: str, box: QRectF, token: str) -> None:
        """Draw `name` into `box` in the colour of `token`; FileNotFoundError if there is no such icon."""
        self._renderer(name, self._theme.color(token)).render(painter, box)

    def icon(self, name: str, token: str = "t1", disabled_token: str = "t3") -> QIcon:
        """An icon for Qt's own buttons and menus; it follows the theme."""
        return QIcon(_Engine(self, name, token, disabled_token))

    def _renderer(self, name: str, color: QColor) -> QSvgRenderer:
        key = (name, color.name())
        if key not in self._renderers:
            if name not in self._sources:
                path = files("avatar_assets") / "icons" / f"{name}.svg"
                self._sources[name] = path.read_text(encoding="utf-8")
            svg = self._sources[name].replace("currentColor", color.name())
            self._renderers[key] = QSvgRenderer(QByteArray(svg.encode()))
        return self._renderers[key]


class _Engine(QIconEngine):
    """Paints at the size and the theme of the moment, so that nothing is cached in the wrong colour."""

    def __init__(self, icons: Icons, name: str, token: str, disabled_token: str) -> None:
        super().__init__()
        self._icons, self._name, self._token, self._disabled_token = icons, name, token, disabled_token

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        token = self._disabled_token if mode is QIcon.Mode.Disabled else self._token
        self._icons.paint(painter, self._name, QRectF(rect), token)

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        pixmap = QPixmap(size)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        self.paint(painter, QRect(0, 0, size.width(), size.height()), mode, state)
        painter.end()
        return pixmap

    def clone(self) -> QIconEngine:
        return _Engine(self._icons, self._name, self._token, self._disabled_token)
