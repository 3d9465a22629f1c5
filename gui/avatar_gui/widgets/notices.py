"""Messages that stay: a strip under the top bar which pushes the content; two at most, the rest is counted."""

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QAccessible,
    QAccessibleAnnouncementEvent,
    QGuiApplication,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QToolButton, QVBoxLayout, QWidget

from avatar_core.bench.snapshot import Notice
from avatar_core.bench.states import Severity
from avatar_gui.fonts import Type
from avatar_gui.icons import Icons
from avatar_gui.theme import Theme
from avatar_gui.tokens import SEVERITY_SIGNS
from avatar_gui.widgets.tag import Tag
from avatar_gui.widgets.text import ElidedLabel, text_label

SHOWN_AT_MOST = 2
NOTICE_PX = 54
GAP_PX = 7
_STRIPE_PX = 3
_ACTIONS = 2


class NoticeCard(QWidget):
    """One notice: glyph, title, body, its actions, Copy details, close.

    Signals:
        acted: notice id, action id.
        closed: notice id.
    """

    acted = Signal(str, str)
    closed = Signal(str)

    def __init__(self, notice: Notice, icons: Icons, theme: Theme) -> None:
        super().__init__()
        name = f"notice.{notice.id}"
        self.setObjectName(name)
        self.setFixedHeight(NOTICE_PX)
        self._notice, self._theme = notice, theme
        self._sign = SEVERITY_SIGNS[notice.severity]
        glyph = Tag(icons, theme)
        glyph.show_sign(self._sign.icon, "", self._token)
        self._title = ElidedLabel("", Type.HEADING, "t1", f"{name}.title")
        self._body = ElidedLabel("", Type.BODY, "t2", f"{name}.body")
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addStretch()
        words.addWidget(self._title)
        words.addWidget(self._body)
        words.addStretch()
        layout = QHBoxLayout(self)
        layout.setContentsMargins(16, 4, 8, 4)
        layout.setSpacing(6)
        layout.addWidget(glyph, 0, Qt.AlignmentFlag.AlignVCenter)
        layout.addSpacing(4)
        layout.addLayout(words, 1)
        for index, action in enumerate(notice.actions[:_ACTIONS]):
            button = QPushButton(action.label)
            button.setObjectName(f"{name}.action{index}")
            button.setProperty("primary", index == 0)
            button.clicked.connect(lambda _=False, chosen=action.id: self.acted.emit(notice.id, chosen))
            layout.addWidget(button)
        if notice.details:
            copy = QPushButton("Copy details")
            copy.setObjectName(f"{name}.copy")
            copy.clicked.connect(self._copy)
            layout.addWidget(copy)
        close = QToolButton()
        close.setObjectName(f"{name}.close")
        close.setIcon(icons.icon("x", "t2"))
        close.setIconSize(QSize(14, 14))
        close.setFixedSize(24, 24)
        close.setAccessibleName("Close this message")
        close.setToolTip("Close this message")
        close.clicked.connect(lambda: self.closed.emit(notice.id))
        layout.addWidget(close)
        self.show_notice(notice)

    @property
    def _token(self) -> str:
        # A plain message has no verdict's colour; its border is the accent's.
        return "acc" if self._notice.severity is Severity.INFO else self._sign.token

    def show_notice(self, notice: Notice) -> None:
        """Show it again: the count may have grown, the body moved on."""
        self._notice = notice
        times = f" ({notice.count} times)" if notice.count > 1 else ""
        self._title.setText(notice.title + times)
        self._body.setText(notice.body)
        self.setAccessibleName(f"{self._sign.word} {notice.title}{times}. {notice.body}".strip())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw tint, border and stripe in the severity's colour."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        color = self._theme.color(self._token)
        fill = "sel" if self._notice.severity is Severity.INFO else f"{self._token}_tint"
        box = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.setPen(QPen(color, 1))
        painter.setBrush(self._theme.color(fill))
        painter.drawRoundedRect(box, 5, 5)
        painter.fillRect(QRectF(0, 4, _STRIPE_PX, self.height() - 8), color)

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self._notice.details)


class NoticeStrip(QWidget):
    """Shows the newest two.

    Signals:
        acted: notice id, action id.
        closed: notice id.
    """

    acted = Signal(str, str)
    closed = Signal(str)

    def __init__(self, icons: Icons, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("main.notices")
        self._icons, self._theme = icons, theme
        self._cards: dict[str, NoticeCard] = {}
        self._more: QLabel = text_label("", Type.LABEL, "t2", "main.notices.more")
        self._stack = QVBoxLayout(self)
        self._stack.setContentsMargins(8, GAP_PX, 8, GAP_PX)
        self._stack.setSpacing(GAP_PX)
        self._stack.addWidget(self._more)
        self.hide()

    @property
    def height_px(self) -> int:
        """What the strip takes away from the content."""
        if not self._cards:
            return 0
        more_px = 0 if self._more.isHidden() else 16 + GAP_PX
        return GAP_PX + len(self._cards) * (NOTICE_PX + GAP_PX) + more_px

    def show_notices(self, notices: tuple[Notice, ...]) -> bool:
        """Show the newest two of these; True if the height of the strip changed."""
        before_px = self.height_px
        shown = {notice.id: notice for notice in notices[-SHOWN_AT_MOST:]}
        for notice_id in [one for one in self._cards if one not in shown]:
            card = self._cards.pop(notice_id)
            self._stack.removeWidget(card)
            card.hide()
            card.deleteLater()
        for row, notice in enumerate(shown.values()):
            if notice.id in self._cards:
                self._cards[notice.id].show_notice(notice)
            else:
                self._add(row, notice)
        more = len(notices) - len(shown)
        self._more.setText(f"{more} more")
        self._more.setVisible(more > 0)
        self.setVisible(bool(shown))
        return self.height_px != before_px

    def _add(self, row: int, notice: Notice) -> None:
        card = NoticeCard(notice, self._icons, self._theme)
        card.acted.connect(self.acted)
        card.closed.connect(self.closed)
        self._cards[notice.id] = card
        self._stack.insertWidget(row, card)
        announcement = QAccessibleAnnouncementEvent(self, card.accessibleName())
        QAccessible.updateAccessibility(announcement)
