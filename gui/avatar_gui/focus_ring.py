"""The ring around what has the keyboard focus: two pixels, two pixels outside, never after a click."""

from collections.abc import Iterator

from PySide6.QtCore import QEvent, QObject, QPoint, QRectF, Qt
from PySide6.QtGui import QGuiApplication, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QApplication, QWidget

from avatar_gui.theme import Theme

_OUTSIDE_PX = 4


class FocusRing(QWidget):
    """One widget on top of the window, which follows the focus; nothing else draws a ring."""

    def __init__(self, app: QApplication, window: QWidget, theme: Theme) -> None:
        super().__init__(window)
        self._theme = theme
        self._target: QWidget | None = None
        self.setObjectName("main.focusRing")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAttribute(Qt.WidgetAttribute.WA_NoSystemBackground)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.hide()
        app.focusChanged.connect(self._focus_changed)

    @property
    def target(self) -> QWidget | None:
        """What the ring is around, if it is shown."""
        return self._target if self.isVisible() else None

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow the focused widget when it moves, grows or hides."""
        if event.type() in (QEvent.Type.Move, QEvent.Type.Resize, QEvent.Type.Hide, QEvent.Type.Show):
            self._place()
        return False

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the ring."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(self._theme.color("acc"), 2))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 8, 8)

    def _focus_changed(self, _old: QWidget | None, new: QWidget | None) -> None:
        for widget in self._followed():
            widget.removeEventFilter(self)
        # A pressed button means that the mouse moved the focus.
        by_mouse = QGuiApplication.mouseButtons() is not Qt.MouseButton.NoButton
        inside = new is not None and new is not self.window() and self.window().isAncestorOf(new)
        self._target = new if inside and not by_mouse else None
        for widget in self._followed():
            widget.installEventFilter(self)
        self._place()

    def _followed(self) -> Iterator[QWidget]:
        """The target and what it lies in: any of them may move it."""
        widget = self._target
        while widget is not None and widget is not self.window():
            yield widget
            widget = widget.parentWidget()

    def _place(self) -> None:
        target = self._target
        if target is None or not target.isVisible():
            self.hide()
            return
        corner = target.mapTo(self.window(), QPoint(0, 0))
        self.setGeometry(
            corner.x() - _OUTSIDE_PX,
            corner.y() - _OUTSIDE_PX,
            target.width() + 2 * _OUTSIDE_PX,
            target.height() + 2 * _OUTSIDE_PX,
        )
        self.raise_()
        self.show()
