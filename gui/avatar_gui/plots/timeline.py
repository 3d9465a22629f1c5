"""The timeline: which segment was heard on which provider, on the same axis as the plots."""

from collections.abc import Sequence

from PySide6.QtCore import Property, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QBrush, QFontMetricsF, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from avatar_core.bench.snapshot import ProviderInfo
from avatar_core.bench.states import SegmentState
from avatar_core.bench.timeline_snapshot import SegmentSpan, TimelineSnapshot
from avatar_gui.fonts import Type
from avatar_gui.icons import Icons
from avatar_gui.plots.layers import OverlayContent, paint_marks
from avatar_gui.plots.panel import RIGHT_PX, plot_area
from avatar_gui.plots.time_axis import TimeAxis
from avatar_gui.theme import Theme
from avatar_gui.widgets.text import text_label

AXIS_PX = 18.0
LANE_PX, LEAST_LANE_PX = 24.0, 16.0
_SHORT_NAME = 5
_LEFT = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft


class _Swatch(QWidget):
    """A segment as the legend shows it."""

    def __init__(self, kind: str, theme: Theme) -> None:
        super().__init__()
        self._kind, self._theme = kind, theme
        self.setFixedSize(15, 12)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        box = QRectF(0.5, 1.5, 14, 9)
        if self._kind == "played":
            painter.fillRect(box, self._theme.color("s1"))
        elif self._kind == "sent":
            _paint_sent(painter, box, self._theme)
        else:
            _paint_dropped(painter, box, self._theme)


class Lanes(QWidget):
    """A lane for each provider that spoke in the stretch shown; below them the ticks of the time axis."""

    def __init__(self, axis: TimeAxis, icons: Icons, theme: Theme) -> None:
        super().__init__()
        self._axis, self._icons, self._theme = axis, icons, theme
        self._timeline = TimelineSnapshot()
        self._providers: dict[str, tuple[int, str]] = {}
        self.setObjectName("timeline")
        self.setAccessibleName("Timeline, segments by provider")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)

    def sizeHint(self) -> QSize:
        """Two lanes and the ticks."""
        return QSize(400, int(2 * LANE_PX + AXIS_PX))

    def set_providers(self, providers: Sequence[ProviderInfo]) -> None:
        """Numbers and names for the lanes."""
        self._providers = {provider.id: (number, provider.name) for number, provider in enumerate(providers, 1)}

    def set_timeline(self, timeline: TimelineSnapshot) -> None:
        """Show these segments and marks."""
        self._timeline = timeline
        self.setAccessibleDescription(self.describe())
        self.update()

    def describe(self) -> str:
        """The newest segment in a sentence."""
        if not self._timeline.spans:
            return "No segment yet"
        newest = max(self._timeline.spans, key=lambda span: span.start_s)
        return f"{len({span.segment_id for span in self._timeline.spans})} segments, newest {newest.segment_id}"

    def _segment_ids(self) -> list[str]:
        return [span.segment_id for span in self._timeline.spans]

    segments = Property(list, _segment_ids)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw lanes, segments, marks and ticks."""
        painter = QPainter(self)
        area = plot_area(self).adjusted(0, 2, 0, -AXIS_PX)
        lanes = self._lanes(int(area.height() // LEAST_LANE_PX))
        height = min(LANE_PX + 6, area.height() / max(1, len(lanes)))
        painter.fillRect(area, self._theme.color("well"))
        painter.setFont(Type.TITLE.font())
        for index, provider_id in enumerate(lanes):
            lane = QRectF(area.left(), area.top() + index * height, area.width(), height)
            self._paint_lane(painter, lane, provider_id)
        paint_marks(painter, area, OverlayContent(self._axis.window, self._timeline), self._theme)
        self._paint_axis(painter, area)

    def _lanes(self, at_most: int) -> list[str]:
        newest = sorted(self._timeline.spans, key=lambda span: span.start_s, reverse=True)
        heard = list(dict.fromkeys(span.provider_id for span in newest))[: max(1, at_most)]
        return sorted(heard, key=lambda provider_id: self._providers.get(provider_id, (99, ""))[0])

    def _paint_lane(self, painter: QPainter, lane: QRectF, provider_id: str) -> None:
        number, name = self._providers.get(provider_id, (0, provider_id))
        label = QRectF(4, lane.top(), lane.left() - 12, lane.height())
        words = f"{number} {name}"
        if QFontMetricsF(painter.font()).horizontalAdvance(words) > label.width():
            words = f"{number} {name[:_SHORT_NAME]}."
        painter.setPen(self._theme.color("t1"))
        painter.drawText(label, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, words)
        painter.setPen(QPen(self._theme.color("line"), 0))
        painter.drawLine(lane.bottomLeft(), lane.bottomRight())
        painter.save()
        painter.setClipRect(lane)
        for span in self._timeline.spans:
            if span.provider_id == provider_id:
                self._paint_span(painter, lane.adjusted(0, 2, 0, -3), span)
        painter.restore()

    def _paint_span(self, painter: QPainter, lane: QRectF, span: SegmentSpan) -> None:
        window = self._axis.window

        def stretch(start_s: float, end_s: float) -> QRectF:
            left = lane.left() + window.fraction(start_s) * lane.width()
            return QRectF(left, lane.top(), window.fraction(end_s) * lane.width() + lane.left() - left, lane.height())

        if span.sent_until_s > span.played_until_s:
            beyond = stretch(span.played_until_s, span.sent_until_s)
            if span.state is SegmentState.INTERRUPTED:
                _paint_dropped(painter, beyond, self._theme)
            else:
                _paint_sent(painter, beyond.intersected(lane), self._theme)
        played = stretch(span.start_s, span.played_until_s)
        painter.fillRect(played, self._theme.color("s1"))
        painter.setPen(self._theme.color("invtext"))
        words = played.intersected(lane).adjusted(6, 0, -4, 0)
        if words.width() > QFontMetricsF(painter.font()).horizontalAdvance(span.segment_id):
            text = QFontMetricsF(painter.font()).elidedText(span.label, Qt.TextElideMode.ElideRight, words.width())
            painter.drawText(words, _LEFT, text)
        if span.carried:
            arrow = QRectF(played.right() + 4, lane.center().y() - 6, 12, 12)
            self._icons.paint(painter, "corner-down-right", arrow, "t1")

    def _paint_axis(self, painter: QPainter, area: QRectF) -> None:
        painter.setFont(Type.TICK.font())
        painter.setPen(self._theme.color("t2"))
        for fraction, label in self._axis.window.ticks():
            box = QRectF(area.left() + fraction * area.width() - 30, area.bottom(), 60, AXIS_PX)
            align = Qt.AlignmentFlag.AlignCenter
            if box.right() > self.width() - RIGHT_PX / 2:
                box.moveRight(area.right())
                align = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
            painter.drawText(box, align, label)


class TimelineView(QWidget):
    """The timeline with its header and legend."""

    def __init__(self, axis: TimeAxis, icons: Icons, theme: Theme) -> None:
        super().__init__()
        self.lanes = Lanes(axis, icons, theme)
        header = QHBoxLayout()
        header.setContentsMargins(12, 0, RIGHT_PX, 0)
        header.setSpacing(6)
        header.addWidget(text_label("Timeline", Type.TITLE))
        header.addWidget(text_label("segments by provider", Type.LABEL, "t2"))
        header.addStretch()
        for kind in ("played", "sent", "interrupted"):
            header.addSpacing(4)
            header.addWidget(_Swatch(kind, theme))
            header.addWidget(text_label(kind, Type.LABEL, "t2"))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 2, 0, 2)
        layout.setSpacing(2)
        layout.addLayout(header)
        layout.addWidget(self.lanes, 1)


def _paint_sent(painter: QPainter, box: QRectF, theme: Theme) -> None:
    painter.fillRect(box, theme.color("sel"))
    painter.setPen(QPen(theme.color("s1"), 1))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRect(box.adjusted(0.5, 0.5, -0.5, -0.5))


def _paint_dropped(painter: QPainter, box: QRectF, theme: Theme) -> None:
    painter.fillRect(box, theme.color("raised"))
    painter.fillRect(box, QBrush(theme.color("t2"), Qt.BrushStyle.BDiagPattern))
    painter.setPen(QPen(theme.color("t3"), 1))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRect(QRectF(QPointF(box.left() + 0.5, box.top() + 0.5), QPointF(box.right() - 0.5, box.bottom() - 0.5)))
