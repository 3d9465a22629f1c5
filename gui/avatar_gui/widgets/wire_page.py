"""The record of the agent's wire as a page of the log: its table, and filter, pause and copy in the header."""

from PySide6.QtGui import QGuiApplication, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QToolButton, QWidget

from avatar_gui.fonts import Type
from avatar_gui.icons import Icons
from avatar_gui.theme import Theme
from avatar_gui.widgets.docks import ROW_PX, Table
from avatar_gui.widgets.text import set_text, text_label
from avatar_gui.widgets.wire_model import WireModel

REPORTS_LEFT_OUT = "-avatar_report"
"""Ten reports a second would push everything else out of sight; the words stand in the field, to be taken out."""
_PEER_FROM_PX, _SIZE_FROM_PX = 600, 440
_FILTER_PX = (80, 150)
_AGENTS_SIDE = "the agent's side"


class WireTable(Table):
    """Streams, calls and packets; with whom, and how much, where there is room: the tooltip has it all."""

    def __init__(self, model: WireModel, theme: Theme) -> None:
        super().__init__("log.wire", model, "Nothing went over the agent's connection yet.", theme)
        self.horizontalHeader().setFixedHeight(ROW_PX + 2)
        self.setAccessibleName("Wire record, the agent's side")
        self.set_columns([92, 20, 52, 120, 130, 60, 20, 80], stretched=WireModel.NAME)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Show what there is room for."""
        super().resizeEvent(event)
        width_px = event.size().width()
        self.setColumnHidden(WireModel.PEER, width_px < _PEER_FROM_PX)
        self.setColumnHidden(WireModel.SIZE, width_px < _SIZE_FROM_PX)
        self.setColumnWidth(WireModel.OUTCOME, max(80, (width_px - _PEER_FROM_PX) // 2))


class WireTools(QWidget):
    """Filter, pause or follow, copy; and in words what came of the last use."""

    def __init__(self, model: WireModel, table: WireTable, icons: Icons) -> None:
        super().__init__()
        self._model, self._table, self._icons = model, table, icons
        self._result = ""
        self._status = text_label(_AGENTS_SIDE, Type.LABEL, "t2", "log.wire.status")
        self._status.setToolTip("What the agent's connection sent and received; what a worker sees is not in it.")
        self._filter = QLineEdit(REPORTS_LEFT_OUT)
        self._filter.setObjectName("log.wire.filter")
        self._filter.setFont(Type.LABEL.font())
        self._filter.setPlaceholderText("Filter, -word leaves out")
        self._filter.setAccessibleName("Filter of the wire record")
        self._filter.setToolTip("Words that must be in a row; a word after a minus must not.")
        self._filter.setFixedHeight(22)
        self._filter.setMinimumWidth(_FILTER_PX[0])
        self._filter.setMaximumWidth(_FILTER_PX[1])
        self._filter.textChanged.connect(self._set_filter)
        self._pause = self._button("log.wire.pause", checkable=True)
        self._pause.toggled.connect(self._set_still)
        self._copy = self._button("log.wire.copy")
        self._copy.setIcon(icons.icon("copy", "t2"))
        self._copy.clicked.connect(self.copy)
        self._name(self._copy, "Copy the rows selected, or all that are shown")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        for widget in (self._status, self._filter, self._pause, self._copy):
            layout.addWidget(widget)
        self._set_still(False)
        model.set_filter(REPORTS_LEFT_OUT)

    def tick(self) -> None:
        """Show what came, and how much waits."""
        self._model.flush()
        if self._model.still:
            set_text(self._status, f"paused, {self._model.waiting:,} new")
        else:
            set_text(self._status, self._result or _AGENTS_SIDE)

    def copy(self) -> None:
        """Put the selected rows, or all that are shown, on the clipboard: columns between tabs, oldest first."""
        events = self._model.events
        rows = sorted({index.row() for index in self._table.selectedIndexes()}) or range(len(events))
        lines = [self._model.line(events[row]) for row in reversed(rows)]
        QGuiApplication.clipboard().setText("\n".join(lines))
        self._result = f"{len(lines):,} {'row' if len(lines) == 1 else 'rows'} copied"
        self.tick()

    def _set_filter(self, text: str) -> None:
        self._result = ""
        self._model.set_filter(text)

    def _set_still(self, still: bool) -> None:
        self._model.set_still(still)
        self._pause.setIcon(self._icons.icon("player-play-filled" if still else "player-pause-filled", "t2"))
        self._name(self._pause, "Follow the wire again" if still else "Let the rows stand still")
        self._result = ""
        self.tick()

    @staticmethod
    def _button(name: str, *, checkable: bool = False) -> QToolButton:
        button = QToolButton()
        button.setObjectName(name)
        button.setCheckable(checkable)
        button.setFixedSize(24, 24)
        return button

    @staticmethod
    def _name(button: QToolButton, words: str) -> None:
        button.setToolTip(words)
        button.setAccessibleName(words)
