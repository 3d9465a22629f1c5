"""The view box of every plot: it never scales by itself, and turns mouse and wheel into moves of the time axis."""

from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import Qt

from avatar_gui.plots.time_axis import TimeAxis

_WHEEL_NOTCH = 120
_ZOOM_A_NOTCH = 0.8


class TimeView(pg.ViewBox):  # type: ignore[misc]
    """X runs from 0 to 1 over the shown stretch. Drag pans, wheel zooms time, click pins, double click follows."""

    def __init__(self, axis: TimeAxis) -> None:
        super().__init__(enableMenu=False, enableMouse=False, defaultPadding=0)
        self._axis = axis
        self.setXRange(0.0, 1.0, padding=0)

    def mouseDragEvent(self, ev: Any, axis: int | None = None) -> None:
        """Pan."""
        ev.accept()
        moved_px = ev.pos().x() - ev.lastPos().x()
        self._axis.pan(moved_px / max(1.0, self.width()) * self._axis.window.span_s)

    def wheelEvent(self, ev: Any, axis: int | None = None) -> None:
        """Zoom time around the pointer."""
        ev.accept()
        at = ev.pos().x() / max(1.0, self.width())
        self._axis.zoom(_ZOOM_A_NOTCH ** (ev.delta() / _WHEEL_NOTCH), at)

    def mouseClickEvent(self, ev: Any) -> None:
        """Pin the cursor, or follow again."""
        if ev.button() != Qt.MouseButton.LeftButton:
            return
        ev.accept()
        if ev.double():
            self._axis.follow()
        else:
            self._axis.pin(self._time_at(ev.pos().x()))

    def hoverEvent(self, ev: Any) -> None:
        """Put the cursor under the pointer."""
        self._axis.point_at(None if ev.isExit() else self._time_at(ev.pos().x()))

    def _time_at(self, x_px: float) -> float:
        window = self._axis.window
        share = x_px / max(1.0, float(self.width()))
        return window.start_s + share * window.span_s
