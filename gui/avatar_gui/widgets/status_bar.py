"""The status bar: whether figures can be believed, what that rests on, and what was dropped."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QWidget

from avatar_core.bench.snapshot import SessionSnapshot
from avatar_gui.figures import number, quantity
from avatar_gui.fonts import Type
from avatar_gui.icons import Icons
from avatar_gui.theme import Theme
from avatar_gui.widgets.panel import divider
from avatar_gui.widgets.tag import Tag
from avatar_gui.widgets.text import set_text, set_tone, text_label

HEIGHT_PX = 26


class StatusBar(QWidget):
    """Trust light first; a figure that breaks trust takes its colour."""

    def __init__(self, icons: Icons, theme: Theme) -> None:
        super().__init__()
        self.setProperty("panel", "foot")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedHeight(HEIGHT_PX)
        self._trust = Tag(icons, theme, "status.trust", Type.VALUE)
        self._layout = QHBoxLayout(self)
        self._layout.setContentsMargins(12, 0, 12, 0)
        self._layout.setSpacing(10)
        self._layout.addWidget(self._trust)
        self._zero = self._figure("Zero block", "status.zero")
        self._load = self._figure("Host load", "status.load")
        self._lag = self._figure("Loop lag p99", "status.lag")
        self._clock = self._figure("Viewer clock p99", "status.clock")
        self._stall = text_label("", Type.LABEL, "t2", "status.stall")
        self._recording = Tag(icons, theme, "status.recording", Type.VALUE)
        self._recording.hide()
        self._room = text_label("", Type.LABEL, "t2", "status.room")
        self._dropped = text_label("", Type.LABEL, "t2", "status.dropped")
        self._layout.addStretch()
        for label in (self._recording, self._stall, self._room, self._dropped):
            self._layout.addWidget(label)
            self._layout.addSpacing(8)

    def set_short(self, short: bool) -> None:
        """Leave out what is told elsewhere, where width is short."""
        for widget in self._clock:
            widget.setVisible(not short)
        self._stall.setVisible(not short)

    def show_stall(self, duration_s: float, where: str) -> None:
        """Name what held the loop last."""
        set_text(self._stall, f"Last stall {quantity(duration_s * 1000, 'ms')}")
        self._stall.setToolTip(where)
        self._stall.setAccessibleDescription(where)

    def show_snapshot(self, snapshot: SessionSnapshot) -> None:
        """Show trust and its reasons."""
        trust = snapshot.trust
        if trust.trusted:
            self._trust.show_sign("circle-check-filled", "Trusted", "ok")
        else:
            self._trust.show_sign("ban", f"Not trusted: {trust.reason}", "broken", boxed=True)
        for widget in self._zero:
            widget.setVisible(trust.zero_ms is not None)
        set_text(self._zero[2], quantity(trust.zero_ms, "ms", signed=True))
        figures = (
            (self._load, quantity(trust.load_percent, "%")),
            (self._lag, quantity(trust.loop_lag_p99_ms, "ms")),
            (self._clock, quantity(trust.viewer_clock_p99_ms, "ms")),
        )
        for (_, _, value), text in figures:
            set_text(value, text)
        tone = "t1" if trust.trusted else "broken"
        set_tone(self._load[2], tone)
        set_tone(self._lag[2], tone)
        recording = snapshot.recording
        self._recording.setVisible(recording is not None)
        if recording is not None:
            minutes, seconds = divmod(int(snapshot.time_s - recording.since_s), 60)
            self._recording.show_sign("circle-dot", f"Recording {minutes:02}:{seconds:02}", "rec")
            self._recording.setToolTip(recording.path)
        set_text(self._room, f"{snapshot.room.kind} room")
        set_text(self._dropped, f"Frames dropped {number(float(snapshot.preview.frames_dropped))}")

    def _figure(self, label: str, name: str) -> tuple[QFrame, QLabel, QLabel]:
        line = divider(vertical=True)
        line.setFixedHeight(14)
        title, value = text_label(label, Type.LABEL, "t2"), text_label("", Type.TITLE, "t1", name)
        value.setAccessibleName(label)
        for widget in (line, title, value):
            self._layout.addWidget(widget)
        return line, title, value
