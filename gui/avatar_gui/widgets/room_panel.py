"""The room: what kind and why, its name, how the connection does, and who is in it."""

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QVBoxLayout, QWidget

from avatar_core.bench.snapshot import Participant, RoomInfo
from avatar_core.bench.states import Role
from avatar_gui.figures import number, quantity
from avatar_gui.fonts import Type
from avatar_gui.icons import Icons
from avatar_gui.theme import Theme
from avatar_gui.widgets.panel import PADDING_PX, panel_header
from avatar_gui.widgets.text import ElidedLabel, set_text, text_label

ROW_PX = 20
# Room for agent, two avatars and viewer, so that a swap moves nothing.
_ROWS_KEPT = 4
_ROLE_ICONS = {
    Role.AGENT: "robot",
    Role.AVATAR: "user-scan",
    Role.STANDING_BY: "user-scan",
    Role.VIEWER: "eye",
    Role.OTHER: "user",
}


class Participants(QWidget):
    """A painted list: glyph, identity, role. As many as fit; the rest are counted."""

    def __init__(self, icons: Icons, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("room.participants")
        self._icons, self._theme = icons, theme
        self._shown: tuple[Participant, ...] = ()
        self.setFixedHeight(_ROWS_KEPT * ROW_PX)

    def show_participants(self, participants: tuple[Participant, ...]) -> None:
        """Show these."""
        if participants != self._shown:
            self._shown = participants
            self.setFixedHeight(max(_ROWS_KEPT, len(participants)) * ROW_PX)
            words = ", ".join(f"{one.identity} {one.role.value}" for one in participants)
            self.setAccessibleName(f"In the room: {words or 'nobody'}")
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw one row a participant."""
        painter = QPainter(self)
        role_font, name_font = Type.LABEL.font(), Type.MONO.font()
        for row, one in enumerate(self._shown):
            line = QRectF(0, row * ROW_PX, self.width(), ROW_PX)
            glyph = QRectF(0, line.center().y() - 7, 14, 14)
            self._icons.paint(painter, _ROLE_ICONS[one.role], glyph, "t2")
            painter.setFont(role_font)
            painter.setPen(self._theme.color("t2"))
            painter.drawText(line, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, one.role.value)
            room_px = self.width() - 22 - QFontMetricsF(role_font).horizontalAdvance(one.role.value) - 8
            painter.setFont(name_font)
            painter.setPen(self._theme.color("t1"))
            name = QFontMetricsF(name_font).elidedText(one.identity, Qt.TextElideMode.ElideRight, room_px)
            painter.drawText(
                line.adjusted(22, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, name
            )


class RoomPanel(QWidget):
    """Rows of label and value; three rows where width is short."""

    def __init__(self, icons: Icons, theme: Theme) -> None:
        super().__init__()
        grid = QGridLayout()
        grid.setContentsMargins(PADDING_PX, 0, PADDING_PX, 0)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(0)
        grid.setColumnMinimumWidth(0, 68)
        grid.setColumnStretch(1, 1)
        self._rows: dict[str, tuple[QLabel, ElidedLabel]] = {}
        for row, (key, label) in enumerate(
            (
                ("kind", "Kind"),
                ("why", "Why"),
                ("name", "Name"),
                ("joined", "Joined in"),
                ("loss", "Loss, jitter"),
                ("people", "People"),
            )
        ):
            value = ElidedLabel("", Type.BODY, "t1", f"room.{key}")
            title = text_label(label, Type.LABEL, "t2")
            for widget in (title, value):
                widget.setFixedHeight(ROW_PX)
            grid.addWidget(title, row, 0)
            grid.addWidget(value, row, 1)
            self._rows[key] = (title, value)
        self._count = text_label("", Type.LABEL, "t2")
        self._people_header = QWidget()
        header = panel_header("In the room", self._count)
        self._people_header.setLayout(header)
        self._participants = Participants(icons, theme)
        self._people = QWidget()
        people = QVBoxLayout(self._people)
        people.setContentsMargins(PADDING_PX, 0, PADDING_PX, 0)
        people.addWidget(self._participants)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 8)
        layout.setSpacing(0)
        layout.addLayout(panel_header("Room"))
        layout.addLayout(grid)
        layout.addWidget(self._people_header)
        layout.addWidget(self._people)
        self.set_short(False)

    def set_short(self, short: bool) -> None:
        """Three rows: kind, people, loss."""
        for key, widgets in self._rows.items():
            shown = key in ("kind", "people", "loss") if short else key != "people"
            for widget in widgets:
                widget.setVisible(shown)
        self._people_header.setVisible(not short)
        self._people.setVisible(not short)

    def show_room(self, room: RoomInfo) -> None:
        """Show this room."""
        loss, jitter = number(room.loss_percent), quantity(room.jitter_ms, "ms")
        values = {
            "kind": room.kind,
            "why": room.why,
            "name": room.name,
            "joined": quantity(room.joined_s, "s"),
            "loss": loss if room.loss_percent is None else f"{loss} %, {jitter}",
            "people": str(len(room.participants)),
        }
        for key, value in values.items():
            self._rows[key][1].setText(value)
        set_text(self._count, values["people"])
        self._participants.show_participants(room.participants)
