from collections.abc import Iterable
from dataclasses import replace

import pytest
from PySide6.QtWidgets import QAbstractButton, QLabel
from pytestqt.qtbot import QtBot

from avatar_core.bench.fake.session import FakeSession
from avatar_core.bench.snapshot import MetricRow, SessionSnapshot
from avatar_core.bench.states import Verdict
from avatar_gui.icons import Icons
from avatar_gui.theme import Theme
from avatar_gui.widgets.gauge import OffsetGauge
from avatar_gui.widgets.metrics_panel import GROUPS, MetricsPanel
from avatar_gui.widgets.tag import Tag

DASH = "\u2013"


@pytest.fixture
def panel(icons: Icons, theme: Theme, qtbot: QtBot) -> MetricsPanel:
    panel = MetricsPanel(icons, theme)
    qtbot.addWidget(panel)
    panel.resize(304, 834)
    panel.show()
    return panel


def with_rows(rows: Iterable[MetricRow]) -> SessionSnapshot:
    return replace(FakeSession().snapshot(), metrics=tuple(rows))


def value(panel: MetricsPanel, name: str) -> str:
    label = panel.findChild(QLabel, f"metrics.{name}.value")
    assert label is not None
    return label.text()


def test_every_row_stands_there_before_there_is_a_figure(panel: MetricsPanel) -> None:
    panel.show_snapshot(with_rows([]))
    names = [spec.name for _, specs in GROUPS for spec in specs if spec.name != "segments"]
    assert {value(panel, name) for name in names} == {DASH}


def test_figures_have_unit_and_verdict(panel: MetricsPanel) -> None:
    rows = [
        MetricRow("interrupt_to_silence_ms", "ms", 6, 148.0, 140.0, 171.0, 171.0, 500.0, Verdict.PASS),
        MetricRow("first_sound_s", "s", 1, 2.91, 2.91, 2.91, 2.91, 2.5, Verdict.WARN),
    ]
    panel.show_snapshot(with_rows(rows))
    assert value(panel, "interrupt_to_silence_ms") == "148\u00a0ms"
    assert value(panel, "first_sound_s") == "2.91\u00a0s"
    verdict = panel.findChild(Tag, "metrics.first_sound_s.verdict")
    assert verdict is not None and verdict.word == "Warn"


def test_an_untrusted_figure_is_not_written_even_if_one_is_given(panel: MetricsPanel) -> None:
    rows = [MetricRow(name, "ms", 9, 12.0, 12.0, 13.0, 14.0, trusted=False) for name in ("av_offset_ms", "ack_ms")]
    panel.show_snapshot(with_rows(rows))
    offset = panel.findChild(QLabel, "metrics.offset")
    assert offset is not None
    assert (offset.text(), value(panel, "ack_ms")) == (DASH, DASH)


def test_groups_fold_from_the_end_and_can_be_turned_to(panel: MetricsPanel, qtbot: QtBot) -> None:
    panel.show_snapshot(with_rows([]))
    panel.resize(304, 1100)
    shown = panel.findChild(QLabel, "metrics.click_count.value")
    first = panel.findChild(QLabel, "metrics.audio_delay_ms.value")
    more = panel.findChild(QAbstractButton, "metrics.more")
    assert shown is not None and first is not None and more is not None
    assert shown.isVisible() and not more.isVisible()
    panel.resize(304, 480)
    assert first.isVisible() and not shown.isVisible() and more.isVisible()
    more.click()
    assert shown.isVisible() and not first.isVisible()


def test_the_gauge_says_what_the_sign_means(theme: Theme, qtbot: QtBot) -> None:
    gauge = OffsetGauge(theme)
    qtbot.addWidget(gauge)
    gauge.show_value(12.0)
    assert gauge.accessibleName() == "A/V offset plus 12 milliseconds, audio leads"
    gauge.show_value(-40.0)
    assert gauge.accessibleName() == "A/V offset minus 40 milliseconds, video leads"
