"""What the models of our tables have in common: columns with headers, numbers aligned right."""

from collections.abc import Collection
from typing import Any, ClassVar

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from avatar_gui.fonts import Type

Index = QModelIndex | QPersistentModelIndex
NO_PARENT = QModelIndex()


class HeadedTable(QAbstractTableModel):
    """A subclass names its HEADERS and the columns of numbers, NUMBERS; rows and cells are its own."""

    HEADERS: ClassVar[tuple[str, ...]]
    NUMBERS: ClassVar[Collection[int]] = ()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._head_font = Type.LABEL.font()

    def columnCount(self, parent: Index = NO_PARENT) -> int:
        """One column a header."""
        return 0 if parent.isValid() else len(self.HEADERS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """The headers."""
        if orientation is not Qt.Orientation.Horizontal:
            return None
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return self.HEADERS[section]
            case Qt.ItemDataRole.FontRole:
                return self._head_font
            case Qt.ItemDataRole.TextAlignmentRole:
                return self.alignment(section)
        return None

    def alignment(self, column: int) -> int:
        """How a column's header and cells are aligned."""
        side = Qt.AlignmentFlag.AlignRight if column in self.NUMBERS else Qt.AlignmentFlag.AlignLeft
        return int(side | Qt.AlignmentFlag.AlignVCenter)
