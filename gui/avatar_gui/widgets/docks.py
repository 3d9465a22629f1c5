"""The docks under the plots: the event log and the segment ledger, and the one line they fold to."""

from collections.abc import Sequence

from PySide6.QtCore import QAbstractTableModel, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDockWidget,
    QFrame,
    QHBoxLayout,
    QHeaderView,
    QTableView,
    QToolButton,
    QWidget,
)

from avatar_core.bench.snapshot import LedgerBalance
from avatar_gui.fonts import Type
from avatar_gui.icons import Icons
from avatar_gui.theme import Theme
from avatar_gui.widgets.log_model import EventModel, LedgerModel
from avatar_gui.widgets.panel import HEADER_PX, PADDING_PX
from avatar_gui.widgets.tag import Tag
from avatar_gui.widgets.text import ElidedLabel, set_text, text_label

ROW_PX = 20
DOCK_PX = 134
# What a cell keeps free at its left and right by itself.
_CELL_PX = 4


class Table(QTableView):
    """Rows of 20 px, no grid, words where there is nothing yet."""

    def __init__(self, name: str, model: QAbstractTableModel, empty: str, theme: Theme) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setModel(model)
        self._empty, self._theme = empty, theme
        self.setShowGrid(False)
        self.setFrameStyle(QFrame.Shape.NoFrame)
        self.setIconSize(QSize(12, 12))
        self.setWordWrap(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTabKeyNavigation(False)
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.verticalHeader().setMinimumSectionSize(ROW_PX)
        self.verticalHeader().setDefaultSectionSize(ROW_PX)
        self.horizontalHeader().setHighlightSections(False)
        self.horizontalHeader().setMinimumSectionSize(16)
        self.setMinimumHeight(0)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the table, or the words of an empty one."""
        super().paintEvent(event)
        if self.model().rowCount() == 0:
            painter = QPainter(self.viewport())
            painter.setFont(Type.BODY.font())
            painter.setPen(self._theme.color("t3"))
            painter.drawText(QRectF(_CELL_PX, 4, self.width(), ROW_PX), Qt.AlignmentFlag.AlignVCenter, self._empty)

    def set_columns(self, widths: list[int], stretched: int) -> None:
        """Fixed widths, in pixels; one column takes the rest."""
        header = self.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        for column, width in enumerate(widths):
            self.setColumnWidth(column, width)
        header.setSectionResizeMode(stretched, QHeaderView.ResizeMode.Stretch)


class _TitleBar(QWidget):
    """The panel header as a dock's title bar; a dock asks for its size hint and not for its fixed height."""

    def __init__(self, left: QWidget, right: Sequence[QWidget]) -> None:
        super().__init__()
        self.setProperty("panel", "bar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(PADDING_PX, 0, PADDING_PX, 0)
        layout.addWidget(left)
        layout.addStretch()
        for widget in right:
            layout.addWidget(widget)

    def sizeHint(self) -> QSize:
        return QSize(160, HEADER_PX)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()


class Dock(QDockWidget):
    """A dock with the panel header as its title bar: it can be moved by it, floats on a double click."""

    def __init__(self, name: str, title: str, left: QWidget, content: QWidget, *right: QWidget) -> None:
        super().__init__(title)
        self.setObjectName(name)
        self.setFeatures(
            QDockWidget.DockWidgetFeature.DockWidgetMovable
            | QDockWidget.DockWidgetFeature.DockWidgetFloatable
            | QDockWidget.DockWidgetFeature.DockWidgetClosable
        )
        self.setTitleBarWidget(_TitleBar(left, right))
        frame = QWidget()
        frame.setProperty("panel", True)
        frame.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        layout = QHBoxLayout(frame)
        layout.setContentsMargins(PADDING_PX - _CELL_PX, 2, PADDING_PX - _CELL_PX, 0)
        layout.addWidget(content)
        self.setWidget(frame)

    def minimumSizeHint(self) -> QSize:
        """A header and one row."""
        return QSize(160, HEADER_PX + ROW_PX)


class FoldedLine(QWidget):
    """The newest event and the ledger's balance in one line, where height is short.

    Signals:
        opened: the user wants the docks.
    """

    opened = Signal()

    def __init__(self, icons: Icons, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("log.line")
        self.setProperty("panel", "foot")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedHeight(HEADER_PX)
        self._open = QToolButton()
        self._open.setObjectName("log.line.open")
        self._open.setIcon(icons.icon("chevron-up", "t2"))
        self._open.setFixedSize(24, 24)
        self._open.setToolTip("Show the event log and the ledger")
        self._open.setAccessibleName("Show the event log and the ledger")
        self._open.clicked.connect(self.opened)
        self._time = text_label("", Type.MONO, "t2")
        self._text = ElidedLabel("Nothing has happened yet.", Type.BODY, "t1", "log.line.text")
        self._balance = Tag(icons, theme, "ledger.line", Type.LABEL)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(6, 0, PADDING_PX, 0)
        layout.setSpacing(10)
        layout.addWidget(self._open)
        layout.addWidget(text_label("Events", Type.TITLE))
        layout.addWidget(self._time)
        layout.addWidget(self._text, 1)
        layout.addWidget(self._balance)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Open the docks."""
        self.opened.emit()

    def show_event(self, time: str, text: str) -> None:
        """Show the newest event."""
        set_text(self._time, time)
        self._text.setText(text)

    def show_balance(self, balance: LedgerBalance) -> None:
        """Show the ledger's counts."""
        if balance.balanced:
            self._balance.show_sign(
                "circle-check-filled", f"Ledger balanced, {balance.open} open", "ok", word_token="t1"
            )
        else:
            self._balance.show_sign("circle-x-filled", "Ledger not balanced", "fail")


class TableDock(Dock):
    """A dock of one table."""

    def __init__(self, name: str, title: str, table: Table, *right: QWidget) -> None:
        super().__init__(name, title, text_label(title, Type.TITLE), table, *right)
        self.table = table


def make_event_table(model: EventModel, theme: Theme) -> Table:
    """The event log."""
    table = Table("log.events", model, "Nothing has happened yet.", theme)
    table.horizontalHeader().hide()
    table.setAccessibleName("Event log")
    table.set_columns([96, 72, 20, 200], stretched=EventModel.TEXT)
    return table


def make_ledger_dock(model: LedgerModel, balance: Tag, theme: Theme) -> TableDock:
    """The segment ledger with its balance in the header."""
    table = Table("ledger.table", model, "No segment yet.", theme)
    table.horizontalHeader().setFixedHeight(ROW_PX + 2)
    table.setAccessibleName("Segment ledger")
    table.set_columns([42, 92, 64, 60, 64, 90], stretched=5)
    return TableDock("dock.ledger", "Ledger", table, balance)


def show_balance(tag: Tag, balance: LedgerBalance) -> None:
    """The law as a sum, and whether it holds."""
    counts = f"opened {balance.opened} = finished {balance.finished} + open {balance.open}"
    if balance.balanced:
        tag.show_sign("circle-check-filled", counts, "ok", word_token="t1")
    else:
        tag.show_sign("circle-x-filled", counts.replace("=", "is not"), "fail")
