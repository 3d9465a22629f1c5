"""The faults that can be planted as a table: which, at which level, how strong, what is planted, what must catch it."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QObject, Qt

from avatar_core.bench.settings.faults import FAULTS, FaultKind
from avatar_gui.fonts import Type
from avatar_gui.theme import Theme
from avatar_gui.widgets.headed_table import NO_PARENT, HeadedTable, Index


class FaultModel(HeadedTable):
    """One row a fault, in the order in which they are offered."""

    HEADERS = ("Fault", "Level", "Planted", "May be", "Caught by", "What goes wrong")
    NAME, LEVEL, PLANTED, RANGE, CHECK, SAYS = range(6)

    def __init__(self, theme: Theme, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._kinds = tuple(FAULTS.values())
        self._planted: Mapping[str, float] = {}
        self._fonts = {self.NAME: Type.MONO.font(), self.PLANTED: Type.VALUE.font(), self.CHECK: Type.MONO.font()}
        self._body = Type.BODY.font()

    def kind(self, row: int) -> FaultKind:
        """The fault of a row."""
        return self._kinds[row]

    def show_planted(self, planted: Mapping[str, float]) -> None:
        """Show what is planted from the next start on."""
        if planted != self._planted:
            self._planted = dict(planted)
            last = len(self._kinds) - 1
            self.dataChanged.emit(self.index(0, self.NAME), self.index(last, self.SAYS))

    def rowCount(self, parent: Index = NO_PARENT) -> int:
        """One row a fault."""
        return 0 if parent.isValid() else len(self._kinds)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """What a cell shows, by role."""
        kind, column = self._kinds[index.row()], index.column()
        is_planted = kind.name in self._planted
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return self._text(kind, column)
            case Qt.ItemDataRole.FontRole:
                return self._fonts.get(column, self._body)
            case Qt.ItemDataRole.ForegroundRole:
                return self._theme.color("t1" if is_planted else "t2")
            case Qt.ItemDataRole.ToolTipRole:
                return f"{kind.name}, {kind.range_text}: {kind.says}. {kind.check} must catch it."
        return None

    def _text(self, kind: FaultKind, column: int) -> str:
        value = self._planted.get(kind.name)
        planted = "\u2013" if value is None else "planted" if kind.is_flag else f"{value:g} {kind.unit}"
        may_be = "planted or not" if kind.is_flag else kind.range_text
        check = kind.check.partition(":")[2] or kind.check
        return (kind.name, kind.level.value, planted, may_be, check, kind.says)[column]
