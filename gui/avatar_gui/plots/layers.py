"""What lies under and over the curves of a plot, painted in pixels of its view: bands and grid, marks and cursor."""

from dataclasses import dataclass, field

import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QFontMetricsF, QPainter, QPen
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from avatar_core.bench.timeline_snapshot import TimelineSnapshot, UntrustedTime
from avatar_gui.fonts import Type
from avatar_gui.plots.flags import place_flags
from avatar_gui.plots.spec import PlotSpec
from avatar_gui.plots.time_axis import Window
from avatar_gui.theme import Theme

FLAG_HEIGHT_PX = 16.0
_SECONDS_A_LINE = 10.0
_WORDS_NEED_PX = 12.0
_TINT_ALPHA, _HATCH_ALPHA = 150, 90


class Layer(pg.GraphicsObject):  # type: ignore[misc]
    """A child of a ViewBox that is as large as it is; subclasses paint in its pixels."""

    def __init__(self, box: pg.ViewBox, z: float) -> None:
        super().__init__(box)
        self._box = box
        self.setZValue(z)
        box.sigResized.connect(self._resized)

    def boundingRect(self) -> QRectF:
        """The whole view."""
        return QRectF(0, 0, self._box.width(), self._box.height())

    def _resized(self) -> None:
        self.prepareGeometryChange()
        self.update()


class Underlay(Layer):
    """Bands with their words, grid lines every ten seconds, and the zero line."""

    def __init__(self, box: pg.ViewBox, spec: PlotSpec, theme: Theme) -> None:
        super().__init__(box, -100)
        self._spec, self._theme = spec, theme
        self._low, self._high = spec.low, spec.high

    def set_range(self, low: float, high: float) -> None:
        """The values at the bottom and at the top."""
        self._low, self._high = low, high
        self.update()

    def paint(self, painter: QPainter, _option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """Draw bands, grid, zero line and words."""
        rect = self.boundingRect()
        painter.setClipRect(rect)
        font = Type.TICK.font()
        painter.setFont(font)
        for band in self._spec.bands:
            top, bottom = max(0.0, self._y(band.high)), min(rect.height(), self._y(band.low))
            if bottom <= top:
                continue
            painter.fillRect(QRectF(0, top, rect.width(), bottom - top), self._theme.color(band.token))
        painter.setPen(QPen(self._theme.color("grid"), 0))
        for value, _ in self._spec.ticks:
            painter.drawLine(QPointF(0, self._y(value)), QPointF(rect.width(), self._y(value)))
        lines = int(60 / _SECONDS_A_LINE)
        for line in range(1, lines):
            x = rect.width() * line / lines
            painter.drawLine(QPointF(x, 0), QPointF(x, rect.height()))
        if self._spec.signed:
            painter.setPen(QPen(self._theme.color("edge"), 0))
            painter.drawLine(QPointF(0, self._y(0)), QPointF(rect.width(), self._y(0)))
        painter.setPen(QPen(self._theme.color("line"), 0))
        painter.drawRect(rect.adjusted(0, 0, -1, -1))
        painter.setPen(self._theme.color("t2"))
        for band in self._spec.bands:
            top, bottom = max(0.0, self._y(band.high)), min(rect.height(), self._y(band.low))
            if band.words and bottom - top >= _WORDS_NEED_PX:
                box = QRectF(8, top, rect.width(), min(bottom - top, 18.0))
                painter.drawText(box, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, band.words)

    def _y(self, value: float) -> float:
        return float(self._box.height() * (self._high - value) / (self._high - self._low))


class UntrustedLayer(Layer):
    """Hatches the times whose figures can't be believed, behind the curves; says why where `with_words`."""

    def __init__(self, box: pg.ViewBox, theme: Theme, *, with_words: bool) -> None:
        super().__init__(box, -50)
        self._theme, self._with_words = theme, with_words
        self._window: Window | None = None
        self._untrusted: tuple[UntrustedTime, ...] = ()

    def show_times(self, window: Window, untrusted: tuple[UntrustedTime, ...]) -> None:
        """Hatch these."""
        if untrusted or self._untrusted:
            self._window, self._untrusted = window, untrusted
            self.update()

    def paint(self, painter: QPainter, _option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """Draw tint, hatch and words."""
        rect = self.boundingRect()
        window = self._window
        if window is None:
            return
        for time in self._untrusted:
            left = max(0.0, window.fraction(time.start_s))
            right = min(1.0, window.fraction(window.end_s if time.end_s is None else time.end_s))
            if right > left:
                area = QRectF(left * rect.width(), 1, (right - left) * rect.width(), rect.height() - 2)
                self._paint_area(painter, area, f"Not trusted: {time.reason}")

    def _paint_area(self, painter: QPainter, area: QRectF, words: str) -> None:
        tint, hatch = QColor(self._theme.color("broken_tint")), QColor(self._theme.color("broken"))
        tint.setAlpha(_TINT_ALPHA)
        hatch.setAlpha(_HATCH_ALPHA)
        painter.fillRect(area, tint)
        painter.fillRect(area, QBrush(hatch, Qt.BrushStyle.BDiagPattern))
        font = Type.TITLE.font()
        width = QFontMetricsF(font).horizontalAdvance(words) + 12
        if not self._with_words or area.width() < width + 8:
            return
        box = QRectF(area.right() - width - 8, area.bottom() - 24, width, 18)
        painter.setPen(QPen(self._theme.color("broken"), 1))
        painter.setBrush(self._theme.color("panel"))
        painter.drawRoundedRect(box, 3, 3)
        painter.setFont(font)
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, words)


@dataclass(slots=True)
class Reading:
    """A curve's value under the cursor: what is written, in which colour, and how high it is (0 bottom, 1 top)."""

    text: str
    token: str
    height: float | None = None


@dataclass(slots=True)
class OverlayContent:
    """What one refresh puts over the curves."""

    window: Window
    timeline: TimelineSnapshot = field(default_factory=TimelineSnapshot)
    cursor_s: float | None = None
    readings: list[Reading] = field(default_factory=list)


class Overlay(Layer):
    """Marks with their flags, and the cursor with its values."""

    def __init__(self, box: pg.ViewBox, theme: Theme, *, with_flags: bool) -> None:
        super().__init__(box, 100)
        self._theme, self._with_flags = theme, with_flags
        self._content: OverlayContent | None = None

    def set_content(self, content: OverlayContent) -> None:
        """Show this."""
        self._content = content
        self.update()

    def paint(self, painter: QPainter, _option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """Draw marks, flags and cursor."""
        if self._content is None:
            return
        painter.setClipRect(self.boundingRect())
        paint_marks(painter, self.boundingRect(), self._content, self._theme)
        if self._with_flags:
            self._paint_flags(painter, self._content)
        if self._content.cursor_s is not None:
            self._paint_cursor(painter, self._content, self._content.cursor_s)

    def _paint_flags(self, painter: QPainter, content: OverlayContent) -> None:
        font = Type.TICK.font()
        metrics = QFontMetricsF(font)
        painter.setFont(font)
        width_px = self.boundingRect().width()
        marks = sorted(content.timeline.marks, key=lambda mark: mark.time_s)
        words = [f"{mark.label}  {mark.result}".rstrip() for mark in marks]
        marks_px = [content.window.fraction(mark.time_s) * width_px for mark in marks]
        letter_px = 18.0
        full_px = [letter_px + metrics.horizontalAdvance(text) + 7 for text in words]
        for mark, text, full, place in zip(
            marks, words, full_px, place_flags(marks_px, full_px, letter_px, width_px), strict=True
        ):
            if place is None:
                continue
            flag = QRectF(place.left_px, place.row * FLAG_HEIGHT_PX, letter_px if place.letter_only else full, 15.0)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self._theme.color("hover"))
            painter.drawRoundedRect(flag, 3, 3)
            painter.setPen(self._theme.color("t2"))
            left = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
            painter.drawText(flag.adjusted(5, 0, 0, 0), left, mark.key)
            if not place.letter_only:
                painter.setPen(self._theme.color("t1"))
                painter.drawText(flag.adjusted(letter_px, 0, 0, 0), left, text)

    def _paint_cursor(self, painter: QPainter, content: OverlayContent, cursor_s: float) -> None:
        rect = self.boundingRect()
        x = content.window.fraction(cursor_s) * rect.width()
        painter.setPen(QPen(self._theme.color("t2"), 0))
        painter.drawLine(QPointF(x, 0), QPointF(x, rect.height()))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(self._theme.color("well"))
        for reading in content.readings:
            if reading.height is not None:
                painter.setPen(QPen(self._theme.color(reading.token), 1.2))
                painter.drawEllipse(QPointF(x, rect.height() * (1 - reading.height)), 3, 3)
        font = Type.TITLE.font()
        metrics = QFontMetricsF(font)
        painter.setFont(font)
        line_px = 14.0
        width = max((metrics.horizontalAdvance(reading.text) for reading in content.readings), default=0.0) + 14
        height = line_px * len(content.readings) + 6
        left = x + 8 if x + 8 + width <= rect.width() else x - 8 - width
        box = QRectF(left, max(0.0, rect.height() - height - 4), width, height)
        painter.setPen(QPen(self._theme.color("edge"), 1))
        painter.setBrush(self._theme.color("raised"))
        painter.drawRoundedRect(box, 4, 4)
        for index, reading in enumerate(content.readings):
            painter.setPen(self._theme.color(reading.token))
            line = QRectF(box.left() + 7, box.top() + 3 + index * line_px, width, line_px)
            painter.drawText(line, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, reading.text)


def paint_marks(painter: QPainter, rect: QRectF, content: OverlayContent, theme: Theme) -> None:
    """A dashed line of one pixel for each mark, from top to bottom."""
    pen = QPen(theme.color("t3"), 1)
    pen.setDashPattern([3, 3])
    painter.setPen(pen)
    for mark in content.timeline.marks:
        x = rect.left() + round(content.window.fraction(mark.time_s) * rect.width()) + 0.5
        if rect.left() <= x <= rect.right():
            painter.drawLine(QPointF(x, rect.top()), QPointF(x, rect.bottom()))
