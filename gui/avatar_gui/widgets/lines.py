"""Lines on keys: the first speech sources, each said at once by its function key."""

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QHBoxLayout, QVBoxLayout, QWidget

from avatar_core.bench.snapshot import SessionSnapshot, SourceInfo
from avatar_gui.fonts import Type
from avatar_gui.theme import Theme
from avatar_gui.widgets.panel import panel_header
from avatar_gui.widgets.text import ElidedLabel, key_cap

LINES = 4


class LineButton(QAbstractButton):
    """A function key and what it says."""

    def __init__(self, index: int, theme: Theme) -> None:
        super().__init__()
        self.setObjectName(f"lines.{index}")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setFixedHeight(24)
        self._theme = theme
        self._label = ElidedLabel("", Type.BODY)
        cap = key_cap(f"F{index}")
        cap.setFixedHeight(18)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 0, 12, 0)
        layout.setSpacing(10)
        layout.addWidget(cap)
        layout.addWidget(self._label, 1)
        for child in (cap, self._label):
            child.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def show_source(self, source: SourceInfo, key: str) -> None:
        """Say this one."""
        self._label.setText(source.name)
        self.setText(source.name)
        self.setAccessibleName(f"Say {source.name}")
        self.setToolTip(f"Say {source.name} ({key})")

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw nothing but the hover: the children write."""
        if self.underMouse() or self.isDown():
            painter = QPainter(self)
            painter.fillRect(QRectF(self.rect()), self._theme.color("hover"))


class Lines(QWidget):
    """The rows.

    Signals:
        line_wanted: say the source of this id now.
    """

    line_wanted = Signal(str)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._buttons = [LineButton(index, theme) for index in range(1, LINES + 1)]
        self._source_ids: list[str] = []
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 8)
        layout.setSpacing(0)
        layout.addLayout(panel_header("Lines on keys"))
        for index, button in enumerate(self._buttons):
            button.clicked.connect(lambda _=False, row=index: self.say(row))
            layout.addWidget(button)

    def show_snapshot(self, snapshot: SessionSnapshot) -> None:
        """Put the first sources that can be used on the keys."""
        sources = [source for source in snapshot.sources if source.available][:LINES]
        self._source_ids = [source.id for source in sources]
        for index, button in enumerate(self._buttons):
            button.setVisible(index < len(sources))
            if index < len(sources):
                button.show_source(sources[index], f"F{index + 1}")

    def say(self, index: int) -> None:
        """Ask for the line of this key, counted from 0; nothing if it has none."""
        if index < len(self._source_ids):
            self.line_wanted.emit(self._source_ids[index])
