"""The figures over the picture: five rows, fixed in place and width."""

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from avatar_core.bench.snapshot import MetricRow, SessionSnapshot
from avatar_gui.figures import MISSING, bitrate, number, quantity
from avatar_gui.fonts import Type

_ROW_PX = 16
_WIDTH_PX = 138
_BACKING = QColor(10, 12, 15, 215)


class FigureOverlay(QWidget):
    """Offset, latency, frames, freezes and bitrate of what the viewer gets."""

    def __init__(self, parent: QWidget, name: str) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._rows: tuple[tuple[str, str], ...] = ()
        self.setFixedSize(_WIDTH_PX, 5 * _ROW_PX + 8)

    def show_snapshot(self, snapshot: SessionSnapshot) -> None:
        """Take the figures from the metrics; one that is not trusted says so."""
        metrics = {row.name: row for row in snapshot.metrics}
        rows = (
            ("Offset", _figure(metrics.get("av_offset_ms"), signed=True)),
            ("Latency", _figure(metrics.get("utterance_latency_ms"))),
            ("Frames", quantity(snapshot.preview.fps, "fps")),
            ("Freezes", _figure(metrics.get("freeze_count"))),
            ("Bitrate", bitrate(snapshot.preview.bitrate_bps)),
        )
        if rows != self._rows:
            self._rows = rows
            self.setAccessibleName(", ".join(f"{label} {value}" for label, value in rows))
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the five rows."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(_BACKING)
        painter.drawRoundedRect(QRectF(self.rect()), 3, 3)
        label_font, value_font = Type.LABEL.font(), Type.TITLE.font()
        painter.setPen(QColor("#FFFFFF"))
        for row, (label, value) in enumerate(self._rows):
            line = QRectF(8, 4 + row * _ROW_PX, _WIDTH_PX - 16, _ROW_PX)
            painter.setFont(label_font)
            painter.drawText(line, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, label)
            painter.setFont(value_font)
            painter.drawText(line, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, value)


def _figure(row: MetricRow | None, *, signed: bool = False) -> str:
    if row is None:
        return MISSING
    if not row.trusted:
        return "not trusted"
    return quantity(row.value, row.unit, signed=signed) if row.unit else number(row.value)
