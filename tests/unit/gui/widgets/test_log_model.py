from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester

from avatar_core.bench.contract import SessionEvent
from avatar_core.bench.snapshot import LedgerRow
from avatar_core.bench.states import SegmentState, Severity
from avatar_gui.icons import Icons
from avatar_gui.theme import Theme
from avatar_gui.widgets import log_model
from avatar_gui.widgets.log_model import EventModel, LedgerModel


def test_events_come_newest_first_with_glyph_and_word(icons: Icons, theme: Theme) -> None:
    model = EventModel(icons, theme)
    checker = QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    model.add(SessionEvent(1.0, "Mark", "one"), 0.0)
    model.add(SessionEvent(2.0, "Swap", "two", Severity.FAIL), 0.0)
    assert [model.index(row, EventModel.TEXT).data() for row in range(2)] == ["two", "one"]
    assert model.index(0, EventModel.GLYPH).data(Qt.ItemDataRole.AccessibleTextRole) == "Failed"
    assert model.index(1, EventModel.GLYPH).data(Qt.ItemDataRole.DecorationRole) is None
    assert checker.model() is model


def test_old_events_are_dropped_and_counted(icons: Icons, theme: Theme) -> None:
    model = EventModel(icons, theme)
    for number in range(log_model.EVENTS_KEPT + 3):
        model.add(SessionEvent(float(number), "Mark", str(number)), 0.0)
    assert (model.rowCount(), model.dropped) == (log_model.EVENTS_KEPT, 3)
    assert model.newest is not None and model.newest.text == str(log_model.EVENTS_KEPT + 2)


def test_ledger_rows_show_seconds_and_how_a_segment_ended(theme: Theme) -> None:
    model = LedgerModel(theme)
    checker = QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    resets: list[None] = []
    model.modelReset.connect(lambda: resets.append(None))
    playing = LedgerRow("s2", "Northlight", SegmentState.PLAYING, 4.0, 1.5)
    ended = LedgerRow("s1", "Talking head", SegmentState.INTERRUPTED, 17.38, 15.38, "interrupted")
    model.show_rows((playing, ended))
    assert [model.index(1, column).data() for column in range(6)] == [
        "s1",
        "Talking head",
        "finished",
        "17.38",
        "15.38",
        "interrupted",
    ]
    assert model.index(1, LedgerModel.ENDED).data(Qt.ItemDataRole.ToolTipRole) == "interrupted"
    assert model.index(1, LedgerModel.SENT).data(Qt.ItemDataRole.ToolTipRole) is None
    model.show_rows((LedgerRow("s2", "Northlight", SegmentState.PLAYING, 4.2, 1.8), ended))
    assert (model.index(0, LedgerModel.PLAYED).data(), len(resets)) == ("1.80", 1)
    assert checker.model() is model
