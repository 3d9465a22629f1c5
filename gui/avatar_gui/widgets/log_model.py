"""The tables under the plots as models: events, newest first, and the segment ledger. Bounded; drops are counted."""

from collections import deque
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QObject, Qt

from avatar_core.bench.contract import SessionEvent
from avatar_core.bench.snapshot import LedgerRow
from avatar_core.bench.states import SegmentState
from avatar_gui.figures import clock_time
from avatar_gui.fonts import Type
from avatar_gui.icons import Icons
from avatar_gui.theme import Theme
from avatar_gui.tokens import SEVERITY_SIGNS
from avatar_gui.widgets.headed_table import NO_PARENT, HeadedTable, Index

EVENTS_KEPT = 5000


class EventModel(QAbstractTableModel):
    """Time of day, kind, glyph, text."""

    TIME, KIND, GLYPH, TEXT = range(4)

    def __init__(self, icons: Icons, theme: Theme, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._icons, self._theme = icons, theme
        self._events: deque[SessionEvent] = deque(maxlen=EVENTS_KEPT)
        self._wall_offset_s = 0.0
        self._fonts = {self.TIME: Type.MONO.font(), self.KIND: Type.VALUE.font(), self.TEXT: Type.BODY.font()}
        self.dropped = 0

    @property
    def events(self) -> tuple[SessionEvent, ...]:
        """All events that are kept, newest first."""
        return tuple(self._events)

    @property
    def newest(self) -> SessionEvent | None:
        """The event that came last."""
        return self._events[0] if self._events else None

    def add(self, event: SessionEvent, wall_offset_s: float) -> None:
        """Put an event on top."""
        self._wall_offset_s = wall_offset_s
        if len(self._events) == EVENTS_KEPT:
            self.beginRemoveRows(NO_PARENT, EVENTS_KEPT - 1, EVENTS_KEPT - 1)
            self._events.pop()
            self.endRemoveRows()
            self.dropped += 1
        self.beginInsertRows(NO_PARENT, 0, 0)
        self._events.appendleft(event)
        self.endInsertRows()

    def time_of(self, event: SessionEvent) -> str:
        """Time of day."""
        return clock_time(event.time_s + self._wall_offset_s)

    def rowCount(self, parent: Index = NO_PARENT) -> int:
        """One row an event."""
        return 0 if parent.isValid() else len(self._events)

    def columnCount(self, parent: Index = NO_PARENT) -> int:
        """Four columns."""
        return 0 if parent.isValid() else 4

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """What a cell shows, by role."""
        event, column = self._events[index.row()], index.column()
        sign = SEVERITY_SIGNS[event.severity]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return {self.TIME: self.time_of(event), self.KIND: event.kind, self.TEXT: event.text}.get(column)
            case Qt.ItemDataRole.FontRole:
                return self._fonts.get(column)
            case Qt.ItemDataRole.ForegroundRole:
                return self._theme.color("t2") if column == self.TIME else None
            case Qt.ItemDataRole.DecorationRole:
                return self._icons.icon(sign.icon, sign.token) if column == self.GLYPH and sign.icon else None
            case Qt.ItemDataRole.ToolTipRole:
                return event.text if column == self.TEXT else None
            case Qt.ItemDataRole.AccessibleTextRole:
                return sign.word if column == self.GLYPH else None
        return None


class LedgerModel(HeadedTable):
    """One row a segment, newest first."""

    HEADERS = ("Seg.", "Provider", "State", "Sent s", "Played s", "Ended")
    STATE, SENT, PLAYED, ENDED = 2, 3, 4, 5
    NUMBERS = (SENT, PLAYED)

    def __init__(self, theme: Theme, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._rows: tuple[LedgerRow, ...] = ()
        self._fonts = {"body": Type.BODY.font(), "value": Type.VALUE.font()}

    def show_rows(self, rows: tuple[LedgerRow, ...]) -> None:
        """Show these; rows that only changed are not made anew, so that a selection stays."""
        if rows == self._rows:
            return
        added = len(rows) - len(self._rows)
        if added:
            self.beginResetModel()
            self._rows = rows
            self.endResetModel()
        else:
            self._rows = rows
            self.dataChanged.emit(self.index(0, 0), self.index(len(rows) - 1, len(self.HEADERS) - 1))

    def rowCount(self, parent: Index = NO_PARENT) -> int:
        """One row a segment."""
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """What a cell shows, by role."""
        row, column = self._rows[index.row()], index.column()
        sounds = column == self.STATE and row.state is SegmentState.PLAYING
        match role:
            case Qt.ItemDataRole.DisplayRole:
                sent, played = f"{row.pushed_s:.2f}", f"{row.played_s:.2f}"
                state = "finished" if row.state.ended else row.state.value
                return (row.segment_id, row.provider, state, sent, played, row.ended)[column]
            case Qt.ItemDataRole.ToolTipRole:
                # The last column is narrow: what is cut there can be read whole.
                return row.ended if column == self.ENDED else None
            case Qt.ItemDataRole.FontRole:
                return self._fonts["value" if sounds or column in self.NUMBERS else "body"]
            case Qt.ItemDataRole.ForegroundRole:
                return self._theme.color("ok") if sounds else None
            case Qt.ItemDataRole.TextAlignmentRole:
                return self.alignment(column)
        return None
