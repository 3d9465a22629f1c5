"""The A/V offset on the scale of BT.1359: a needle that only moves when the figure does."""

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPolygonF
from PySide6.QtWidgets import QWidget

from avatar_gui.figures import MINUS
from avatar_gui.fonts import Type
from avatar_gui.theme import Theme

LOW_MS, HIGH_MS = -200.0, 110.0
_BANDS = (
    (LOW_MS, -185.0, "fail"),
    (-185.0, -125.0, "warn"),
    (-125.0, 45.0, "ok"),
    (45.0, 90.0, "warn"),
    (90.0, HIGH_MS, "fail"),
)
_TICKS = ((-185.0, f"{MINUS}185"), (-125.0, f"{MINUS}125"), (0.0, "0"), (45.0, "+45"), (90.0, "+90"))


class OffsetGauge(QWidget):
    """None hides the needle and takes the colours away: nothing is judged then."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("metrics.gauge")
        self._theme = theme
        self._value_ms: float | None = None
        self.setFixedHeight(34)
        self.show_value(None)

    def show_value(self, value_ms: float | None) -> None:
        """Point at this offset; beyond the ends the needle stays at the end."""
        self._value_ms = value_ms
        if value_ms is None:
            self.setAccessibleName("A/V offset: no figure")
        else:
            sign, leads = ("plus", "audio leads") if value_ms >= 0 else ("minus", "video leads")
            self.setAccessibleName(f"A/V offset {sign} {abs(value_ms):.0f} milliseconds, {leads}")
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw bands, ticks and needle."""
        painter = QPainter(self)
        for low, high, token in _BANDS:
            bar = QRectF(self._x(low), 10, self._x(high) - self._x(low) - 1, 5)
            painter.fillRect(bar, self._theme.color(token if self._value_ms is not None else "edge"))
        painter.setFont(Type.TICK.font())
        painter.setPen(self._theme.color("t2"))
        for value, label in _TICKS:
            painter.drawText(QRectF(self._x(value) - 24, 17, 48, 16), Qt.AlignmentFlag.AlignCenter, label)
        if self._value_ms is not None:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            x = self._x(min(HIGH_MS, max(LOW_MS, self._value_ms)))
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self._theme.color("t1"))
            painter.drawPolygon(QPolygonF([QPointF(x - 5, 3), QPointF(x + 5, 3), QPointF(x, 12)]))

    def _x(self, value_ms: float) -> float:
        return (value_ms - LOW_MS) / (HIGH_MS - LOW_MS) * self.width()
