"""Planted faults as a page of the log: the table, and in the header the strength of the row that is chosen.

Faults are planted in what is started from then on: a swap to the same avatar shows them.
"""

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHBoxLayout, QLineEdit, QPushButton, QWidget

from avatar_core.bench.contract import CommandResult
from avatar_core.bench.snapshot import SessionSnapshot
from avatar_core.bench.states import Command
from avatar_gui.actions import Actions
from avatar_gui.fonts import Type
from avatar_gui.theme import Theme
from avatar_gui.widgets.docks import ROW_PX, Table
from avatar_gui.widgets.fault_model import FaultModel
from avatar_gui.widgets.text import ElidedLabel

_RANGE_FROM_PX, _CHECK_FROM_PX = 700, 540
_VALUE_PX, _STATUS_PX = 52, 110
_PLANT = "Plant the chosen fault, or take it away again"
_CLEAR = "Plant nothing from the next start on"
_HINT = "Choose a row. What is planted holds from the next start on."


class FaultTable(Table):
    """Every fault; its range and its check where there is room: the tooltip has it all."""

    def __init__(self, model: FaultModel, theme: Theme) -> None:
        super().__init__("faults.table", model, "", theme)
        self.horizontalHeader().setFixedHeight(ROW_PX + 2)
        self.setAccessibleName("Faults that can be planted")
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.set_columns([172, 46, 82, 130, 172, 100], stretched=FaultModel.SAYS)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Show what there is room for."""
        super().resizeEvent(event)
        self.setColumnHidden(FaultModel.RANGE, event.size().width() < _RANGE_FROM_PX)
        self.setColumnHidden(FaultModel.CHECK, event.size().width() < _CHECK_FROM_PX)


class FaultTools(QWidget):
    """Strength, Plant, Clear; and in words what came of the last use."""

    def __init__(self, model: FaultModel, table: FaultTable, actions: Actions) -> None:
        super().__init__()
        self._model, self._table, self._action = model, table, actions[Command.PLANT]
        self._planted: dict[str, float | bool] = {}
        self._why_not = ""
        self._status = ElidedLabel(_HINT, Type.LABEL, "t2", "faults.status")
        self._status.setMaximumWidth(_STATUS_PX)
        self._value = QLineEdit()
        self._value.setObjectName("faults.value")
        self._value.setFont(Type.LABEL.font())
        self._value.setAccessibleName("Strength of the fault")
        self._value.setFixedSize(_VALUE_PX, 22)
        self._value.returnPressed.connect(self.plant)
        self._plant = self._button("faults.plant", "Plant", _PLANT)
        self._plant.clicked.connect(self.plant)
        self._clear = self._button("faults.clear", "Clear", _CLEAR)
        self._clear.clicked.connect(self.clear)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addWidget(self._status, 1)
        for widget in (self._value, self._plant, self._clear):
            layout.addWidget(widget)
        table.selectionModel().currentRowChanged.connect(lambda *_: self._choose())
        self._action.finished.connect(self._came)
        self._choose()

    def show_snapshot(self, snapshot: SessionSnapshot) -> None:
        """Show what is planted."""
        self._planted = {name: True if self._is_flag(name) else value for name, value in snapshot.faults.items()}
        self._model.show_planted(snapshot.faults)
        self._why_not = snapshot.blocked.get(Command.PLANT, "")
        self._clear.setEnabled(bool(self._planted) and not self._why_not)
        self._allow()
        self._name_button()

    def plant(self) -> None:
        """Plant the chosen fault at the strength that is written; one that is planted so is taken away."""
        row = self._table.currentIndex().row()
        if row < 0:
            self._status.setText("Choose a row first.")
            return
        kind, wanted = self._model.kind(row), dict(self._planted)
        text = self._value.text().strip().replace("\u2212", "-")
        try:
            value: float | bool = True if kind.is_flag else float(text)
        except ValueError:
            self._status.setText(f"{text or 'Nothing'} is no number. {kind.name} may be {kind.range_text}.")
            return
        if wanted.get(kind.name) == value:
            del wanted[kind.name]
        else:
            wanted[kind.name] = value
        self._action.trigger(wanted)

    def clear(self) -> None:
        """Plant nothing."""
        self._action.trigger({})

    def _choose(self) -> None:
        row = self._table.currentIndex().row()
        kind = self._model.kind(row) if row >= 0 else None
        self._allow()
        if kind is not None:
            self._value.setText(
                "" if kind.is_flag else f"{self._planted.get(kind.name, next(iter(kind.strengths), kind.low)):g}"
            )
            self._value.setToolTip(f"{kind.name}: {kind.range_text}")
            self._value.setPlaceholderText(kind.unit)
        self._name_button()

    def _allow(self) -> None:
        row = self._table.currentIndex().row()
        kind = self._model.kind(row) if row >= 0 else None
        self._value.setEnabled(kind is not None and not kind.is_flag and not self._why_not)
        self._plant.setEnabled(kind is not None and not self._why_not)
        self._plant.setToolTip(self._why_not or _PLANT)
        self._clear.setToolTip(self._why_not or _CLEAR)
        if self._why_not:
            self._status.setText(self._why_not)

    def _name_button(self) -> None:
        row = self._table.currentIndex().row()
        flag_is_planted = row >= 0 and self._model.kind(row).is_flag and self._model.kind(row).name in self._planted
        self._plant.setText("Take away" if flag_is_planted else "Plant")

    def _came(self, result: CommandResult) -> None:
        self._status.setText(result.text)

    def _is_flag(self, name: str) -> bool:
        kinds = (self._model.kind(row) for row in range(self._model.rowCount()))
        return next(kind.is_flag for kind in kinds if kind.name == name)

    @staticmethod
    def _button(name: str, words: str, why: str) -> QPushButton:
        button = QPushButton(words)
        button.setObjectName(name)
        button.setFont(Type.LABEL.font())
        button.setFixedHeight(22)
        button.setToolTip(why)
        button.setAccessibleName(why)
        button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        return button
