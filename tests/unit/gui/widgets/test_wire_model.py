from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester

from avatar_core.bench.contract import WireEvent
from avatar_gui.icons import Icons
from avatar_gui.theme import Theme
from avatar_gui.widgets import wire_model
from avatar_gui.widgets.wire_model import WireModel

BEGIN = WireEvent(1.0, "sent", "stream_begin", "lk.audio_stream", "avatar-1")
CLEAR = WireEvent(2.0, "sent", "rpc", "lk.clear_buffer", "avatar-1", 0, "1502 Response timeout", 2000.0)
REPORT = WireEvent(3.0, "received", "packet", "bench.avatar_report", "avatar-1", 148)


def column(model: WireModel, which: int) -> list[object]:
    return [model.index(row, which).data() for row in range(model.rowCount())]


def filled(icons: Icons, theme: Theme, *events: WireEvent) -> WireModel:
    model = WireModel(icons, theme)
    for event in events:
        model.add(event, 0.0)
    model.flush()
    return model


def test_events_come_newest_first_many_at_once(icons: Icons, theme: Theme) -> None:
    model = WireModel(icons, theme)
    checker = QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    inserts: list[int] = []
    model.rowsInserted.connect(lambda _, first, last: inserts.append(last - first + 1))
    for event in (BEGIN, CLEAR, REPORT):
        model.add(event, 0.0)
    assert model.rowCount() == 0
    model.flush()
    model.flush()
    assert column(model, WireModel.NAME) == ["bench.avatar_report", "lk.clear_buffer", "lk.audio_stream"]
    assert column(model, WireModel.KIND) == ["Packet", "Call", "Stream"]
    assert column(model, WireModel.SIZE) == ["148", "0", ""]
    assert inserts == [3]
    assert checker.model() is model


def test_what_failed_is_told_by_a_glyph_a_word_and_how_long_it_took(icons: Icons, theme: Theme) -> None:
    model = filled(icons, theme, CLEAR)
    assert model.index(0, WireModel.OUTCOME).data() == "1502 Response timeout, 2,000\u00a0ms"
    glyph = model.index(0, WireModel.GLYPH)
    assert glyph.data(Qt.ItemDataRole.AccessibleTextRole) == "failed"
    assert not glyph.data(Qt.ItemDataRole.DecorationRole).isNull()
    assert model.index(0, WireModel.WAY).data(Qt.ItemDataRole.AccessibleTextRole) == "sent"


def test_words_filter_and_a_minus_leaves_out(icons: Icons, theme: Theme) -> None:
    model = filled(icons, theme, BEGIN, CLEAR, REPORT)
    for text, shown in (
        ("", [REPORT, CLEAR, BEGIN]),
        ("sent", [CLEAR, BEGIN]),
        ("CALL timeout", [CLEAR]),
        ("-avatar_report", [CLEAR, BEGIN]),
        ("sent -call", [BEGIN]),
        ("-", [REPORT, CLEAR, BEGIN]),
    ):
        model.set_filter(text)
        assert list(model.events) == shown, text
    model.set_filter("-packet")
    model.add(REPORT, 0.0)
    model.flush()
    assert list(model.events) == [CLEAR, BEGIN]


def test_a_table_that_stands_still_counts_what_comes_and_shows_it_later(icons: Icons, theme: Theme) -> None:
    model = filled(icons, theme, BEGIN)
    model.set_still(True)
    model.add(CLEAR, 0.0)
    model.flush()
    assert (list(model.events), model.waiting, model.still) == ([BEGIN], 1, True)
    model.set_filter("call")
    assert list(model.events) == []
    model.set_filter("")
    model.set_still(False)
    assert (list(model.events), model.waiting, model.still) == ([CLEAR, BEGIN], 0, False)


def test_old_events_are_dropped_and_counted(icons: Icons, theme: Theme) -> None:
    model = WireModel(icons, theme)
    checker = QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    for number in range(wire_model.KEPT + 3):
        model.add(WireEvent(float(number), "sent", "packet", str(number), "avatar-1"), 0.0)
        if number % 2_000 == 0:
            model.flush()
    model.flush()
    assert (model.rowCount(), model.dropped) == (wire_model.KEPT, 3)
    assert model.events[0].name == str(wire_model.KEPT + 2)
    assert model.events[-1].name == "3"
    assert checker.model() is model


def test_a_line_for_elsewhere_has_every_column(icons: Icons, theme: Theme) -> None:
    model = filled(icons, theme, CLEAR)
    time, *rest = model.line(CLEAR).split("\t")
    assert len(time) == len("12:00:00.000")
    assert rest == ["sent", "Call", "lk.clear_buffer", "avatar-1", "0", "1502 Response timeout, 2,000\u00a0ms"]
