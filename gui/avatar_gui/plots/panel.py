"""One plot: a header with title and legend, a value axis, curves, and the layers under and over them."""

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from avatar_core.bench.states import SeriesName
from avatar_core.bench.timeline_snapshot import SeriesSnapshot, TimelineSnapshot
from avatar_gui.figures import MINUS, quantity
from avatar_gui.fonts import Type
from avatar_gui.plots.decimate import decimate
from avatar_gui.plots.layers import Overlay, OverlayContent, Reading, Underlay, UntrustedLayer
from avatar_gui.plots.spec import CurveSpec, PlotSpec
from avatar_gui.plots.time_axis import TimeAxis
from avatar_gui.plots.time_view import TimeView
from avatar_gui.theme import Theme
from avatar_gui.widgets.text import text_label

GUTTER_PX = 62
RIGHT_PX = 14
BUCKETS = 600
# One press of an arrow key, as a part of the stretch shown.
CURSOR_STEP = 1 / 120
# Further from the cursor than this, a sample is not the value under it.
_NEAR_S = 0.25


class LegendSample(QWidget):
    """A short stretch of a curve's line, as it is drawn."""

    def __init__(self, token: str, theme: Theme, *, dashed: bool = False) -> None:
        super().__init__()
        self._token, self._theme, self._dashed = token, theme, dashed
        self.setFixedSize(16, 10)

    def set_dashed(self, dashed: bool) -> None:
        """Show an estimated curve's line."""
        if dashed != self._dashed:
            self._dashed = dashed
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the line."""
        painter = QPainter(self)
        pen = QPen(self._theme.color(self._token), 2)
        if self._dashed:
            pen.setDashPattern([2.5, 1.5])
        painter.setPen(pen)
        painter.drawLine(0, 5, 16, 5)


class Graph(pg.PlotWidget):  # type: ignore[misc]
    """The drawing area: takes the focus, moves the cursor by arrow keys, gives way when room is short."""

    def __init__(self, view: TimeView, values: pg.AxisItem, axis: TimeAxis) -> None:
        super().__init__(viewBox=view, axisItems={"left": values}, background=None)
        self._axis = axis
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.viewport().setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setFrameStyle(0)
        self.setMinimumHeight(0)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)
        self.hideAxis("bottom")
        self.hideButtons()
        self.plotItem.layout.setContentsMargins(0, 6, RIGHT_PX, 6)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move the cursor by the arrow keys."""
        steps = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
        if event.key() in steps:
            self._axis.step_cursor(steps[Qt.Key(event.key())] * self._axis.window.span_s * CURSOR_STEP)
            event.accept()
        else:
            event.ignore()


class PlotPanel(QWidget):
    """Shows what it is given; the stack that owns it pulls the data."""

    def __init__(self, spec: PlotSpec, axis: TimeAxis, theme: Theme, *, with_flags: bool) -> None:
        super().__init__()
        self.spec = spec
        self._axis, self._theme = axis, theme
        self._low, self._high = spec.low, spec.high
        self._shown: dict[SeriesName, SeriesSnapshot] = {}
        self._samples: dict[SeriesName, LegendSample] = {}

        self.header = QHBoxLayout()
        self.header.setContentsMargins(12, 0, RIGHT_PX, 0)
        self.header.setSpacing(8)
        self.header.addWidget(text_label(spec.title, Type.TITLE))
        self.header.addWidget(text_label(spec.subtitle, Type.LABEL, "t2"))
        self.header.addStretch()
        for curve in spec.curves:
            self._samples[curve.series] = LegendSample(curve.token, theme)
            self.header.addWidget(self._samples[curve.series])
            self.header.addWidget(text_label(curve.label, Type.LABEL, "t2"))

        self._view = TimeView(axis)
        self._view.setYRange(spec.low, spec.high, padding=0)
        self._values = pg.AxisItem("left")
        self.graph = Graph(self._view, self._values, axis)
        self.graph.setObjectName(f"plots.{spec.name}")
        self.graph.setAccessibleName(f"{spec.title}, {spec.subtitle}")
        self._values.setWidth(GUTTER_PX)
        self._values.setStyle(tickLength=0, tickTextOffset=8, tickFont=Type.TICK.font(), hideOverlappingLabels=False)
        self._values.setTicks([list(spec.ticks)])
        self._underlay = Underlay(self._view, spec, theme)
        self._untrusted = UntrustedLayer(self._view, theme, with_words=with_flags)
        self._overlay = Overlay(self._view, theme, with_flags=with_flags)
        self._curves = {curve.series: self._new_curve() for curve in spec.curves}

        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 2, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(self.header)
        layout.addWidget(self.graph, 1)
        theme.changed.connect(self._take_theme)
        self._take_theme()

    @property
    def value_range(self) -> tuple[float, float]:
        """The values at the bottom and at the top."""
        return self._low, self._high

    def show_data(self, series: dict[SeriesName, SeriesSnapshot], timeline: TimelineSnapshot) -> None:
        """Draw the curves of this plot over the stretch that the time axis shows."""
        window = self._axis.window
        for curve in self.spec.curves:
            snapshot = series[curve.series]
            if curve.series not in self._shown or self._shown[curve.series].estimated != snapshot.estimated:
                self._set_pen(curve, snapshot.estimated)
            self._shown[curve.series] = snapshot
            time_s, value = decimate(snapshot.time_s, snapshot.value, window.span_s, BUCKETS)
            self._curves[curve.series].setData((time_s - window.start_s) / window.span_s, value)
        cursor_s = self._axis.cursor_s
        readings = [] if cursor_s is None else self._readings(cursor_s)
        self._untrusted.show_times(window, timeline.untrusted)
        self._overlay.set_content(OverlayContent(window, timeline, cursor_s, readings))

    def fit(self) -> None:
        """Set the range to what is shown now, with a margin; without data nothing changes."""
        values = [snapshot.value[~np.isnan(snapshot.value)] for snapshot in self._shown.values()]
        found = np.concatenate(values) if values else np.empty(0)
        if found.size:
            margin = max(1.0, 0.1 * float(np.ptp(found)))
            self._set_range(float(found.min()) - margin, float(found.max()) + margin)

    def unfit(self) -> None:
        """Back to the fixed range."""
        self._set_range(self.spec.low, self.spec.high)

    def newest(self) -> str:
        """The newest value of each curve as a sentence for a screen reader."""
        parts = []
        for curve in self.spec.curves:
            snapshot = self._shown.get(curve.series)
            value = None
            if snapshot is not None and snapshot.value.size and not np.isnan(snapshot.value[-1]):
                value = float(snapshot.value[-1])
            parts.append(f"{curve.label} {quantity(value, self.spec.unit, signed=self.spec.signed)}")
        return f"{self.spec.title}: {', '.join(parts)}"

    def _readings(self, cursor_s: float) -> list[Reading]:
        before_s = self._axis.window.now_s - cursor_s
        readings = [Reading(f"{MINUS}{before_s:.1f} s", "t2")] if self.spec.signed else []
        for curve in self.spec.curves:
            snapshot = self._shown[curve.series]
            value = None
            if snapshot.time_s.size:
                index = min(int(np.searchsorted(snapshot.time_s, cursor_s)), snapshot.time_s.size - 1)
                if abs(snapshot.time_s[index] - cursor_s) <= _NEAR_S and not np.isnan(snapshot.value[index]):
                    value = float(snapshot.value[index])
            words = quantity(value, self.spec.unit, signed=self.spec.signed)
            height = None if value is None else (value - self._low) / (self._high - self._low)
            name = "" if len(self.spec.curves) == 1 else f"{curve.label} "
            readings.append(Reading(name + words, curve.token, height))
        return readings

    def _new_curve(self) -> pg.PlotCurveItem:
        curve = pg.PlotCurveItem(connect="finite", skipFiniteCheck=False)
        self._view.addItem(curve, ignoreBounds=True)
        return curve

    def _set_range(self, low: float, high: float) -> None:
        self._low, self._high = low, high
        self._view.setYRange(low, high, padding=0)
        self._underlay.set_range(low, high)

    def _set_pen(self, curve: CurveSpec, estimated: bool) -> None:
        style = Qt.PenStyle.DashLine if estimated else Qt.PenStyle.SolidLine
        self._curves[curve.series].setPen(pg.mkPen(self._theme.color(curve.token), width=1, style=style))
        self._samples[curve.series].set_dashed(estimated)

    def _take_theme(self) -> None:
        self.graph.setBackground(self._theme.color("panel"))
        self._view.setBackgroundColor(self._theme.color("well"))
        self._values.setPen(pg.mkPen(None))
        self._values.setTextPen(self._theme.color("t2"))
        for curve in self.spec.curves:
            shown = self._shown.get(curve.series)
            self._set_pen(curve, shown is not None and shown.estimated)


def plot_area(widget: QWidget) -> QRectF:
    """The rectangle between gutter and right margin, for what is painted beside the plots on the same axis."""
    return QRectF(GUTTER_PX, 0, max(1, widget.width() - GUTTER_PX - RIGHT_PX), widget.height())
