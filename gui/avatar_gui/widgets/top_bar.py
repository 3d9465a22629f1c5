"""The top bar: menus, the room in use, the state of the session, the name of the run."""

from collections.abc import Callable

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QIcon, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu, QToolButton, QWidget

from avatar_core.bench.snapshot import SessionSnapshot
from avatar_core.bench.states import SessionState
from avatar_gui.figures import duration
from avatar_gui.fonts import Type
from avatar_gui.icons import Icons
from avatar_gui.theme import Theme
from avatar_gui.tokens import Sign
from avatar_gui.widgets.tag import Tag
from avatar_gui.widgets.text import key_cap, set_text, text_label

HEIGHT_PX = 40
_LONGEST_NAME = 28

_STATE_SIGNS = {
    SessionState.IDLE: Sign("circle", "Not connected", "t2"),
    SessionState.CONNECTING: Sign("hourglass", "Connecting", "t1"),
    SessionState.READY: Sign("access-point", "Live", "ok"),
    SessionState.SPEAKING: Sign("access-point", "Live", "ok"),
    SessionState.PAUSED: Sign("player-pause-filled", "Paused", "t1"),
    SessionState.SWAPPING: Sign("arrows-left-right", "Swapping", "t1"),
    SessionState.WAITING: Sign("hourglass", "Avatar away", "warn"),
    SessionState.CLOSING: Sign("hourglass", "Closing", "t1"),
    SessionState.FAILED: Sign("circle-x-filled", "No room", "fail"),
}


def _shortened(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}\u2026"


class _Logo(QWidget):
    def __init__(self, icons: Icons, theme: Theme) -> None:
        super().__init__()
        self._icons, self._theme = icons, theme
        self.setFixedSize(20, 20)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.color("accfill"))
        painter.drawRoundedRect(QRectF(0, 0, 20, 20), 4, 4)
        self._icons.paint(painter, "activity-heartbeat", QRectF(3, 3, 14, 14), "acctext")


class _RoomChip(QWidget):
    """The kind of room, in a frame with a link's glyph."""

    def __init__(self, icons: Icons, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("main.topbar.room")
        self._theme = theme
        self.tag = Tag(icons, theme, use=Type.VALUE)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(8, 0, 8, 0)
        layout.addWidget(self.tag)
        self.setFixedHeight(24)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(self._theme.color("edge"))
        painter.setBrush(self._theme.color("raised"))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 5, 5)


class TopBar(QWidget):
    """Menus are made by the window and put in here."""

    def __init__(self, icons: Icons, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("main.topbar")
        self.setProperty("panel", "bar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedHeight(HEIGHT_PX)
        self._room = _RoomChip(icons, theme)
        self._state = Tag(icons, theme, "main.topbar.state", Type.VALUE)
        self._run = text_label("", Type.MONO, "t2", "main.topbar.run")
        self._left, self._right = QHBoxLayout(), QHBoxLayout()
        self._left.setSpacing(2)
        self._left.addWidget(_Logo(icons, theme))
        self._left.addSpacing(6)
        centre = QHBoxLayout()
        centre.setSpacing(12)
        for widget in (self._room, self._state, self._run):
            centre.addWidget(widget, 0, Qt.AlignmentFlag.AlignVCenter)
        left, right = QWidget(), QWidget()
        left.setLayout(self._left)
        right.setLayout(self._right)
        self._left.setContentsMargins(0, 0, 0, 0)
        self._right.setContentsMargins(0, 0, 0, 0)
        self._left.addStretch()
        self._right.addStretch()
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 0, 12, 0)
        layout.addWidget(left, 1)
        layout.addLayout(centre)
        layout.addWidget(right, 1)

    def add_menu(self, title: str, menu: QMenu) -> None:
        """Put a menu at the left, after those that are there."""
        button = QToolButton()
        button.setObjectName(f"main.topbar.menu.{title.lower()}")
        button.setProperty("menu", True)
        button.setText(title)
        button.setFont(Type.BODY.font())
        button.setAccessibleName(f"{title} menu")
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        button.setMenu(menu)
        self._left.insertWidget(self._left.count() - 1, button)

    def add_tool(self, name: str, title: str, key: str, icon: QIcon, call: Callable[[], None]) -> None:
        """Put a button with its key at the right end."""
        button = QToolButton()
        button.setObjectName(name)
        button.setProperty("menu", True)
        button.setText(title)
        button.setFont(Type.BODY.font())
        button.setIcon(icon)
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        button.setToolTip(f"{title} ({key})")
        button.setAccessibleName(title)
        button.clicked.connect(call)
        self._right.addWidget(button)
        cap = key_cap(key)
        cap.setFixedHeight(18)
        self._right.addWidget(cap, 0, Qt.AlignmentFlag.AlignVCenter)

    def show_snapshot(self, snapshot: SessionSnapshot) -> None:
        """Room, state with running time, run."""
        self._room.tag.show_sign("link", f"{snapshot.room.kind} room", "t1")
        self._room.setToolTip(f"{snapshot.room.kind}: {snapshot.room.why}")
        self._room.setAccessibleName(f"{snapshot.room.kind} room, {snapshot.room.why}")
        sign = _STATE_SIGNS[snapshot.state]
        live = snapshot.live_since_s is not None
        running = f" {duration(snapshot.time_s - snapshot.live_since_s)}" if snapshot.live_since_s is not None else ""
        if snapshot.observing and snapshot.state is SessionState.READY:
            sign = Sign("eye", f"Observing {_shortened(snapshot.observing)}", "ok")
        self._state.show_sign(sign.icon, sign.word + (running if live else ""), sign.token)
        self._state.setToolTip(f"Somebody else drives {snapshot.observing}" if snapshot.observing else "")
        set_text(self._run, snapshot.run_id)
