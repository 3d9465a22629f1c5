"""The level meter: what the viewer hears, in steps of three decibels."""

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from avatar_core.bench.snapshot import Levels
from avatar_gui.figures import MINUS
from avatar_gui.icons import Icons

CELLS = 20
FLOOR_DBFS = -60.0
_CELL_PX, _GAP_PX = 4, 2
# Over a picture nothing of the theme can be relied on.
BACKING = "#0A0C0F"
_LIT, _DARK = "#5CB8F2", "#3A434D"


class LevelMeter(QWidget):
    """Lies over the picture, so its own colours do not follow the theme."""

    def __init__(self, icons: Icons, name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self._icons = icons
        self._lit = 0
        self._muted = False
        self.setFixedSize(30 + CELLS * (_CELL_PX + _GAP_PX) + 6, 18)
        self.show_levels(Levels(), muted=False)

    @property
    def lit(self) -> int:
        """How many cells are lit."""
        return self._lit

    def show_levels(self, levels: Levels, *, muted: bool) -> None:
        """Show this loudness; the meter shows the sound also while the loudspeaker is muted."""
        rms_dbfs = FLOOR_DBFS if levels.rms_dbfs is None else levels.rms_dbfs
        share = min(1.0, max(0.0, 1.0 - rms_dbfs / FLOOR_DBFS))
        lit = round(share * CELLS)
        if (lit, muted) == (self._lit, self._muted) and self.accessibleName():
            return
        self._lit, self._muted = lit, muted
        loud = "silence" if lit == 0 else f"{MINUS}{abs(rms_dbfs):.0f} dBFS"
        self.setAccessibleName(f"Level: {loud}{', muted' if muted else ''}")
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the cells."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(BACKING))
        painter.drawRoundedRect(QRectF(self.rect()), 3, 3)
        icon = "volume-off" if self._muted else "volume"
        self._icons.paint(painter, icon, QRectF(6, 2, 14, 14), "acctext")
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)
        for cell in range(CELLS):
            left = 26 + cell * (_CELL_PX + _GAP_PX)
            painter.fillRect(QRectF(left, 5, _CELL_PX, 8), QColor(_LIT if cell < self._lit else _DARK))
