"""How the window is arranged and found one's way in: folding, plots, panels, focus, and the names of the contract."""

import asyncio
import re
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QTableView, QWidget
from pytestqt.qtbot import QtBot

from avatar_core.bench.fake.session import FakeSession
from avatar_gui.main_window import MainWindow
from avatar_gui.testing import find, press_key, wait_until
from tests.ui.window_states import QUICK, Drive, bring_to

CONTRACT = Path(__file__).parents[2] / "docs" / "ui-contract.md"


def test_at_1280x720_everything_that_may_fold_folds_and_the_rest_stays(drive_window: Drive) -> None:
    session = FakeSession(times=QUICK)

    async def use(window: MainWindow) -> None:
        await bring_to(window, "speaking")
        visible = {
            name: find(window, name, QWidget).isVisible()
            for name in (
                "plots.sent",
                "log.events",
                "status.clock",
                "providers.card.northlight.verdict",
                "log.line",
                "preview.a",
                "controls.interrupt",
                "metrics.offset",
                "plots.drift",
                "status.trust",
                "timeline",
            )
        }
        folded = {name for name, shown in visible.items() if not shown}
        assert folded == {"plots.sent", "log.events", "status.clock", "providers.card.northlight.verdict"}
        window.resize(1440, 900)
        await asyncio.sleep(0.05)
        assert find(window, "plots.sent", QWidget).isVisible()
        assert find(window, "log.events", QTableView).isVisible()

    drive_window(session, use, size=(1280, 720))


def test_the_folded_log_opens_and_reset_layout_folds_it_again(drive_window: Drive, qtbot: QtBot) -> None:
    session = FakeSession(times=QUICK)

    async def use(window: MainWindow) -> None:
        await bring_to(window, "ready")
        qtbot.mouseClick(find(window, "log.line.open", QAbstractButton), Qt.MouseButton.LeftButton)
        assert find(window, "log.events", QTableView).isVisible()
        window.body.reset_layout()
        assert not find(window, "log.events", QTableView).isVisible()

    drive_window(session, use, size=(1280, 720))


def test_plots_pause_follow_and_show_values_under_the_cursor(drive_window: Drive, qtbot: QtBot) -> None:
    session = FakeSession(times=QUICK)

    async def use(window: MainWindow) -> None:
        await bring_to(window, "speaking")
        axis = window.body.plots.axis
        qtbot.mouseClick(find(window, "plots.pause", QAbstractButton), Qt.MouseButton.LeftButton)
        stood_s = axis.window.end_s
        await asyncio.sleep(0.15)
        assert axis.window.end_s == stood_s
        find(window, "plots.drift", QWidget).setFocus(Qt.FocusReason.TabFocusReason)
        press_key(window, Qt.Key.Key_Right)
        assert axis.cursor_s is not None
        press_key(window, Qt.Key.Key_Escape)
        assert axis.following and axis.cursor_s is None
        await wait_until(lambda: axis.window.end_s > stood_s, 5, lambda: "the plots do not follow")

    drive_window(session, use)


def test_keys_are_listed_panels_take_the_focus_and_the_ring_shows_where(drive_window: Drive) -> None:
    session = FakeSession(times=QUICK)

    async def use(window: MainWindow) -> None:
        await bring_to(window, "ready")
        press_key(window, Qt.Key.Key_Question)
        sheet = find(window, "main.keys", QWidget)
        assert sheet.isVisible()
        press_key(window, Qt.Key.Key_Escape)
        assert not sheet.isVisible()
        press_key(window, Qt.Key.Key_2, Qt.KeyboardModifier.ControlModifier)
        assert find(window, "controls.speak", QWidget).hasFocus()
        assert find(window, "main.focusRing", QWidget).isVisible()
        press_key(window, Qt.Key.Key_F6)
        assert find(window, "plots.drift", QWidget).hasFocus()

    drive_window(session, use)


def test_tab_goes_from_speak_to_interrupt(drive_window: Drive) -> None:
    session = FakeSession(times=QUICK)

    async def use(window: MainWindow) -> None:
        await bring_to(window, "speaking")
        find(window, "controls.speak", QWidget).setFocus(Qt.FocusReason.TabFocusReason)
        press_key(window, Qt.Key.Key_Tab)
        assert find(window, "controls.interrupt", QWidget).hasFocus()

    drive_window(session, use)


def names_of_the_contract() -> list[str]:
    """The objectNames in the table of docs/ui-contract.md; those with a placeholder stand in other tests."""
    table = CONTRACT.read_text(encoding="utf-8").partition("## Names")[2].partition("## Keys")[0]
    names: list[str] = []
    for name in re.findall(r"`([a-zA-Z0-9.{},]+)`", table):
        stem, brace, choices = name.partition("{")
        names += [stem + choice for choice in choices.rstrip("}").split(",")] if brace else [name]
    return [name for name in names if "." in name[1:] and not name.startswith(".")]


def test_every_name_of_the_contract_is_in_the_window(drive_window: Drive) -> None:
    session = FakeSession(times=QUICK)

    async def use(window: MainWindow) -> None:
        await bring_to(window, "ready")
        names = names_of_the_contract()
        assert len(names) >= 50
        assert [name for name in names if window.findChild(QWidget, name) is None] == []

    drive_window(session, use)


def test_every_control_has_a_name_for_screen_readers(drive_window: Drive) -> None:
    session = FakeSession(times=QUICK)

    async def use(window: MainWindow) -> None:
        await bring_to(window, "speaking")
        window.refresh()
        reachable = [
            child
            for child in window.findChildren(QWidget)
            if child.window() is window and child.focusPolicy() & Qt.FocusPolicy.TabFocus
        ]
        assert len(reachable) > 20
        assert [(type(child), child.objectName()) for child in reachable if not child.accessibleName()] == []
        assert "audio" in find(window, "plots.buffer", QWidget).accessibleDescription()

    drive_window(session, use)
