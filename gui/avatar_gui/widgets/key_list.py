"""The list of keys: a sheet over the window, closed by Escape or a click. It blocks nothing."""

from collections.abc import Sequence

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QGridLayout, QWidget

from avatar_gui.fonts import Type
from avatar_gui.keys import Key
from avatar_gui.theme import Theme
from avatar_gui.widgets.text import key_cap, text_label


class KeyList(QWidget):
    """Hidden until asked for."""

    def __init__(self, parent: QWidget, theme: Theme) -> None:
        super().__init__(parent)
        self.setObjectName("main.keys")
        self.setAccessibleName("Keys")
        self._over, self._theme = parent, theme
        grid = QGridLayout(self)
        grid.setContentsMargins(16, 12, 16, 16)
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(6)
        grid.addWidget(text_label("Keys", Type.HEADING), 0, 0, 1, 2)
        self._grid = grid
        self.hide()

    def fill(self, keys: Sequence[Key]) -> None:
        """List these; a key without words belongs to the line above it."""
        for row, key in enumerate((key for key in keys if key.words), 1):
            self._grid.addWidget(key_cap(key.shown_as or key.sequence), row, 0, Qt.AlignmentFlag.AlignLeft)
            self._grid.addWidget(text_label(key.words, Type.BODY), row, 1)

    def toggle(self) -> None:
        """Show it in the middle of the window, or hide it."""
        if self.isVisible():
            self.hide()
            return
        self.adjustSize()
        area = self._over.rect()
        self.move(area.center() - self.rect().center())
        self.raise_()
        self.show()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Close the sheet."""
        self.hide()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the sheet."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(self._theme.color("field"), 1))
        painter.setBrush(self._theme.color("raised"))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)
