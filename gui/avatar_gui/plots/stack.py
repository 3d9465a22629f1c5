"""All plots over one time axis. It alone pulls series, on the window's one timer, and only what is shown."""

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QToolButton, QVBoxLayout, QWidget

from avatar_core.bench.contract import Session
from avatar_core.bench.snapshot import SessionSnapshot
from avatar_gui.icons import Icons
from avatar_gui.plots.panel import PlotPanel
from avatar_gui.plots.spec import BUFFER, DRIFT, SENT
from avatar_gui.plots.time_axis import TimeAxis
from avatar_gui.plots.timeline import TimelineView
from avatar_gui.theme import Theme

# Shares of the height (UI.md, grid).
_DRIFT_SHARE, _BUFFER_SHARE, _SENT_SHARE, _TIMELINE_SHARE = 40, 20, 14, 26


class PlotStack(QWidget):
    """Drift, buffer, sent and timeline."""

    def __init__(self, session: Session, icons: Icons, theme: Theme) -> None:
        super().__init__()
        self.axis = TimeAxis(self)
        self.drift = PlotPanel(DRIFT, self.axis, theme, with_flags=True)
        self.buffer = PlotPanel(BUFFER, self.axis, theme, with_flags=False)
        self.sent = PlotPanel(SENT, self.axis, theme, with_flags=False)
        self.timeline = TimelineView(self.axis, icons, theme)
        self._session = session
        self._panels = (self.drift, self.buffer, self.sent)

        self._fit = self._tool("plots.fit", "arrows-vertical", "Fit", icons, checkable=True)
        self._pause = self._tool("plots.pause", "player-pause-filled", "Pause the plots", icons, checkable=True)
        self._follow = self._tool("plots.follow", "player-track-next", "Follow now", icons)
        self._fit.toggled.connect(self._fit_toggled)
        self._pause.toggled.connect(self.axis.set_paused)
        self._follow.clicked.connect(self.axis.follow)
        self.axis.changed.connect(self._axis_changed)

        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 2, 0, 0)
        layout.setSpacing(0)
        shares = (_DRIFT_SHARE, _BUFFER_SHARE, _SENT_SHARE, _TIMELINE_SHARE)
        for widget, share in zip((*self._panels, self.timeline), shares, strict=True):
            layout.addWidget(widget, share)
        self.setMinimumHeight(120)

    def fold(self, *, buffer: bool, sent: bool) -> None:
        """Show these, or give their room to the others."""
        self.buffer.setVisible(buffer)
        self.sent.setVisible(sent)

    def refresh(self) -> None:
        """Pull and draw the stretch that the axis shows; called twenty times a second."""
        self.axis.advance(self._session.clock.now())
        if not self.axis.paused:
            self._draw()

    def show_snapshot(self, snapshot: SessionSnapshot) -> None:
        """Take over the providers' names, and tell screen readers the newest values."""
        self.timeline.lanes.set_providers(snapshot.providers)
        for panel in self._panels:
            panel.graph.setAccessibleDescription(panel.newest())

    def _draw(self) -> None:
        window = self.axis.window
        timeline = self._session.timeline(window.start_s)
        for panel in self._panels:
            if panel.isVisible():
                names = [curve.series for curve in panel.spec.curves]
                panel.show_data({name: self._session.series(name, window.start_s) for name in names}, timeline)
        self.timeline.lanes.set_timeline(timeline)

    def _axis_changed(self) -> None:
        self._pause.setChecked(self.axis.paused)
        self._draw()

    def _fit_toggled(self, wanted: bool) -> None:
        for panel in self._panels:
            if wanted:
                panel.fit()
            else:
                panel.unfit()

    def _tool(self, name: str, icon: str, text: str, icons: Icons, *, checkable: bool = False) -> QToolButton:
        button = QToolButton()
        button.setObjectName(name)
        button.setIcon(icons.icon(icon, "t2"))
        button.setIconSize(QSize(14, 14))
        button.setFixedSize(24, 24)
        button.setCheckable(checkable)
        button.setToolTip(text)
        button.setAccessibleName(text)
        self.drift.header.addWidget(button)
        return button
