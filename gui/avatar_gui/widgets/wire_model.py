"""What went over the agent's wire, as a table's model: newest first, filtered, bounded, still on request."""

from collections import deque
from typing import Any

from PySide6.QtCore import QObject, Qt

from avatar_core.bench.contract import WireEvent
from avatar_gui.figures import NARROW_SPACE, clock_time, number
from avatar_gui.fonts import Type
from avatar_gui.icons import Icons
from avatar_gui.theme import Theme
from avatar_gui.widgets.headed_table import NO_PARENT, HeadedTable, Index

KEPT = 5000
_KINDS = {"stream_begin": "Stream", "stream_end": "End", "rpc": "Call", "packet": "Packet"}


class WireModel(HeadedTable):
    """One row an event. What came is shown by `flush`, many at once: a speech is a burst of them.

    Kept are the newest KEPT; `dropped` counts the others, `waiting` what came while the table stood still.
    """

    HEADERS = ("Time", "", "What", "Topic or method", "With", "Bytes", "", "Outcome")
    TIME, WAY, KIND, NAME, PEER, SIZE, GLYPH, OUTCOME = range(8)
    NUMBERS = (SIZE,)

    def __init__(self, icons: Icons, theme: Theme, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._icons, self._theme = icons, theme
        self._kept: deque[WireEvent] = deque(maxlen=KEPT)
        self._shown: list[WireEvent] = []
        self._came: list[WireEvent] = []
        self._words: tuple[str, ...] = ()
        self._without: tuple[str, ...] = ()
        self._wall_offset_s = 0.0
        # What was kept when the table began to stand still; None while it follows.
        self._frozen: tuple[WireEvent, ...] | None = None
        self._fonts = {
            self.TIME: Type.MONO.font(),
            self.KIND: Type.VALUE.font(),
            self.NAME: Type.MONO.font(),
            self.SIZE: Type.LABEL.font(),
            self.OUTCOME: Type.BODY.font(),
        }
        self._body_font = Type.LABEL.font()
        self.dropped = 0
        self.waiting = 0

    @property
    def events(self) -> tuple[WireEvent, ...]:
        """What is shown, newest first."""
        return tuple(self._shown)

    @property
    def still(self) -> bool:
        """Whether the table stands still."""
        return self._frozen is not None

    def add(self, event: WireEvent, wall_offset_s: float) -> None:
        """Keep an event; it is shown by the next `flush`."""
        self._wall_offset_s = wall_offset_s
        self.dropped += len(self._kept) == KEPT
        self._kept.appendleft(event)
        if self.still:
            self.waiting += 1
        elif len(self._came) < KEPT:
            self._came.append(event)

    def flush(self) -> None:
        """Show what came since the last time. Cheap where nothing did."""
        if not self._came:
            return
        fresh = [event for event in reversed(self._came) if self._passes(event)]
        self._came.clear()
        if not fresh:
            return
        self.beginInsertRows(NO_PARENT, 0, len(fresh) - 1)
        self._shown[:0] = fresh
        self.endInsertRows()
        if (over := len(self._shown) - KEPT) > 0:
            self.beginRemoveRows(NO_PARENT, KEPT, KEPT + over - 1)
            del self._shown[KEPT:]
            self.endRemoveRows()

    def set_filter(self, text: str) -> None:
        """Show events that have every word in some column; a word after a minus is one that none may have."""
        words = text.casefold().split()
        self._words = tuple(word for word in words if not word.startswith("-"))
        self._without = tuple(word[1:] for word in words if len(word) > 1 and word.startswith("-"))
        self._show_all()

    def set_still(self, still: bool) -> None:
        """Let the rows stand, or follow again, with all that came meanwhile."""
        self.flush()
        self._frozen, self.waiting = (tuple(self._kept) if still else None), 0
        self._show_all()

    def line(self, event: WireEvent) -> str:
        """One event as text for elsewhere: the columns between tabs."""
        time, _, kind, name, peer, *_, outcome = self._texts(event)
        return "\t".join((time, event.direction, kind, name, peer, str(event.size_bytes), outcome))

    def rowCount(self, parent: Index = NO_PARENT) -> int:
        """One row an event."""
        return 0 if parent.isValid() else len(self._shown)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """What a cell shows, by role."""
        event, column = self._shown[index.row()], index.column()
        failed = event.outcome != "ok"
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return self._texts(event)[column]
            case Qt.ItemDataRole.FontRole:
                return self._fonts.get(column, self._body_font)
            case Qt.ItemDataRole.ForegroundRole:
                if failed and column == self.OUTCOME:
                    return self._theme.color("fail")
                return self._theme.color("t1" if column in (self.KIND, self.NAME) else "t2")
            case Qt.ItemDataRole.DecorationRole:
                if column == self.GLYPH and failed:
                    return self._icons.icon("circle-x-filled", "fail")
                if column == self.WAY:
                    return self._icons.icon("arrow-up" if event.direction == "sent" else "arrow-down", "t2")
            case Qt.ItemDataRole.ToolTipRole:
                return self.line(event).replace("\t", "  ")
            case Qt.ItemDataRole.AccessibleTextRole:
                return event.direction if column == self.WAY else "failed" if column == self.GLYPH and failed else None
            case Qt.ItemDataRole.TextAlignmentRole:
                return self.alignment(column)
        return None

    def _show_all(self) -> None:
        self._came.clear()
        self.beginResetModel()
        source = self._kept if self._frozen is None else self._frozen
        self._shown = [event for event in source if self._passes(event)]
        self.endResetModel()

    def _passes(self, event: WireEvent) -> bool:
        if not self._words and not self._without:
            return True
        text = f"{event.direction} {_KINDS[event.kind]} {event.name} {event.peer} {event.outcome}".casefold()
        return all(word in text for word in self._words) and not any(word in text for word in self._without)

    def _texts(self, event: WireEvent) -> tuple[str, ...]:
        time = clock_time(event.at_s + self._wall_offset_s)
        size = "" if event.kind == "stream_begin" else number(event.size_bytes)
        took = "" if event.took_ms is None else f"{number(event.took_ms, 'ms')}{NARROW_SPACE}ms"
        outcome = took or ("" if event.outcome == "ok" else event.outcome)
        if took and event.outcome != "ok":
            outcome = f"{event.outcome}, {took}"
        return time, "", _KINDS[event.kind], event.name, event.peer, size, "", outcome
