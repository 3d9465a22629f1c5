"""What the window over the fake session shows: pictures, log, losses, trust, notices; and closing from every state."""

import asyncio

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QAbstractButton, QLabel, QLineEdit, QTabBar, QTableView, QWidget
from pytestqt.qtbot import QtBot

from avatar_core.bench.fake.behaviour import FakeTimes
from avatar_core.bench.fake.scene import FIRST_SEGMENT, put_to_work
from avatar_core.bench.fake.session import FakeSession
from avatar_core.bench.snapshot import Notice, NoticeAction
from avatar_core.bench.states import SessionState, Severity
from avatar_gui.main_window import MainWindow
from avatar_gui.testing import find, press_key, wait_event, wait_session_state, wait_state, wait_until
from avatar_gui.widgets.preview import Picture
from avatar_gui.widgets.tag import Tag
from avatar_gui.widgets.text import ElidedLabel
from avatar_gui.widgets.wire_model import WireModel
from tests.ui.window_states import CONDITIONS, QUICK, Drive, bring_to


def test_pictures_levels_and_figures_move(drive_window: Drive) -> None:
    session = FakeSession(times=QUICK)

    async def use(window: MainWindow) -> None:
        await bring_to(window, "speaking")
        picture = find(window, "preview.a", Picture)
        before = picture.sequence
        meter = window.body.preview.meter
        await wait_until(lambda: picture.sequence > before + 3, 10, lambda: f"still at frame {picture.sequence}")
        await wait_until(lambda: meter.lit > 0, 10, lambda: "the meter is dark")
        offset = find(window, "metrics.offset", QLabel)
        await wait_until(lambda: offset.text() != "\u2013", 10, lambda: "no offset is shown")
        assert picture.property("state") == "live"

    drive_window(session, use)


def test_the_log_shows_events_at_once_and_the_ledger_balances(drive_window: Drive) -> None:
    session = FakeSession(times=QUICK)

    async def use(window: MainWindow) -> None:
        await bring_to(window, "speaking")
        press_key(window, Qt.Key.Key_I)
        await wait_event(window, "Interrupt", "Silent after", since_s=0.0)
        window.refresh()
        log, ledger = find(window, "log.events", QTableView), find(window, "ledger.table", QTableView)
        assert log.model().rowCount() == len(window.body.events.events) > 0
        assert ledger.model().index(0, 5).data() == "interrupted"
        assert find(window, "ledger.balance", Tag).word == "opened 1 = finished 1 + open 0"

    drive_window(session, use)


def test_an_avatar_that_leaves_is_waited_for_and_what_it_was_saying_goes_on_with_the_next(
    drive_window: Drive, qtbot: QtBot
) -> None:
    session = FakeSession(times=QUICK)

    async def use(window: MainWindow) -> None:
        await bring_to(window, "speaking")
        session.world.kill_avatar()
        await wait_session_state(window, SessionState.WAITING)
        await wait_state(window, "providers.card.talking-head", "away")
        qtbot.mouseClick(find(window, "notice.worker_died.action0", QAbstractButton), Qt.MouseButton.LeftButton)
        await wait_session_state(window, SessionState.SPEAKING)
        await wait_state(window, "providers.card.talking-head", "live")
        assert session.snapshot().balance.open == 1

    drive_window(session, use)


def test_an_avatar_that_dies_is_told_and_reconnect_brings_it_back(drive_window: Drive, qtbot: QtBot) -> None:
    session = FakeSession(times=QUICK)

    async def use(window: MainWindow) -> None:
        await bring_to(window, "speaking")
        session.world.kill_avatar()
        await wait_state(window, "preview.a", "stopped")
        assert "signal 9" in find(window, "notice.worker_died.title", ElidedLabel).whole
        session.world.set_state(SessionState.FAILED)
        qtbot.mouseClick(find(window, "notice.worker_died.action1", QAbstractButton), Qt.MouseButton.LeftButton)
        await wait_session_state(window, SessionState.READY)
        await wait_state(window, "preview.a", "live")
        assert window.findChild(QWidget, "notice.worker_died") is None or not window.body.notices.isVisible()

    drive_window(session, use)


def test_a_lost_room_blocks_speech_until_ctrl_k(drive_window: Drive) -> None:
    session = FakeSession(times=QUICK)

    async def use(window: MainWindow) -> None:
        await bring_to(window, "speaking")
        session.world.lose_room()
        await wait_state(window, "controls.speak", "disabled")
        assert find(window, "main.topbar.state", Tag).word == "No room"
        press_key(window, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
        await wait_session_state(window, SessionState.READY)

    drive_window(session, use)


def test_untrusted_figures_are_not_shown(drive_window: Drive) -> None:
    session = FakeSession(first_segment=FIRST_SEGMENT)

    async def use(window: MainWindow) -> None:
        await wait_session_state(window, SessionState.READY)
        put_to_work(session)
        session.world.make_busy()
        window.refresh()
        assert find(window, "status.trust", Tag).word == "Not trusted: host busy"
        assert find(window, "metrics.offset", QLabel).text() == "\u2013"
        assert find(window, "metrics.audio_delay_ms.value", QLabel).text() == "\u2013"
        assert find(window, "metrics.interrupt_to_silence_ms.value", QLabel).text() != "\u2013"

    drive_window(session, use)


def test_notices_push_the_content_show_two_and_count_the_rest(drive_window: Drive, qtbot: QtBot) -> None:
    session = FakeSession(times=QUICK)

    async def use(window: MainWindow) -> None:
        await bring_to(window, "ready")
        plots_px = window.body.plots.height()
        for number in range(3):
            action = NoticeAction("again", "Try again")
            session.world.raise_notice(Notice(f"n{number}", Severity.WARN, f"Title {number}", "Body", (action,), "d"))
        session.world.raise_notice(Notice("n2", Severity.WARN, "Title 2", "Body"))
        window.refresh()
        await asyncio.sleep(0.05)
        assert window.findChild(QWidget, "notice.n0") is None
        assert find(window, "main.notices.more", QLabel).text() == "1 more"
        assert find(window, "notice.n2.title", ElidedLabel).whole == "Title 2 (2 times)"
        assert window.body.plots.height() < plots_px
        qtbot.mouseClick(find(window, "notice.n2.close", QAbstractButton), Qt.MouseButton.LeftButton)
        qtbot.mouseClick(find(window, "notice.n1.action0", QAbstractButton), Qt.MouseButton.LeftButton)
        await wait_event(window, "Notice", "n1: again", since_s=0.0)

    drive_window(session, use)


def test_a_stall_of_the_loop_is_named_in_log_and_status(drive_window: Drive) -> None:
    session = FakeSession(times=QUICK)

    async def use(window: MainWindow) -> None:
        await bring_to(window, "ready")
        window.watchdog.stalled.emit(0.231, "plots/panel.py:88 in show_data")
        await wait_event(window, "Loop", "plots/panel.py:88", since_s=0.0)
        assert find(window, "status.stall", QLabel).text() == "Last stall 231\u00a0ms"

    drive_window(session, use)


CLOSE_STATES = ["connecting", "ready", "speaking", "paused", "swapping", "interrupting", "failed"]


@pytest.mark.parametrize("state", CLOSE_STATES)
def test_the_window_closes_from_every_state(state: str, drive_window: Drive) -> None:
    session = FakeSession(times=FakeTimes().faster(2) if state in ("connecting", "swapping", "interrupting") else QUICK)

    async def use(window: MainWindow) -> None:
        if state != "connecting":
            await bring_to(window, state if state in CONDITIONS else "speaking")
        match state:
            case "swapping":
                press_key(window, Qt.Key.Key_2)
                await wait_session_state(window, SessionState.SWAPPING)
            case "interrupting":
                press_key(window, Qt.Key.Key_I)
                await wait_state(window, "controls.interrupt", "busy")
            case "failed":
                session.world.lose_room()
        assert window.close() is False
        window.close()
        await window.wait_closed()
        assert not window.isVisible()
        assert session.state is SessionState.IDLE
        assert session.preview.released >= 1
        assert session.world.ledger.balance().open == 0

    drive_window(session, use)


def test_the_wire_is_a_page_of_the_log_that_filters_stands_still_and_is_copied(
    drive_window: Drive, qtbot: QtBot
) -> None:
    session = FakeSession(times=QUICK)

    async def use(window: MainWindow) -> None:
        await bring_to(window, "speaking")
        tabs = find(window, "log.tabs", QTabBar)
        qtbot.mouseClick(tabs, Qt.MouseButton.LeftButton, pos=tabs.tabRect(1).center())
        table, field = find(window, "log.wire", QTableView), find(window, "log.wire.filter", QLineEdit)
        assert table.isVisible()
        assert not find(window, "log.events", QTableView).isVisible()

        def names() -> list[str]:
            model = table.model()
            return [model.index(row, WireModel.NAME).data() for row in range(model.rowCount())]

        await wait_until(lambda: names() == ["lk.playback_started", "lk.audio_stream"], 2.0, names)
        field.clear()
        assert names()[0] == "bench.avatar_report"
        qtbot.keyClicks(field, "audio i")
        assert session.state is SessionState.SPEAKING
        qtbot.keyClick(field, Qt.Key.Key_Escape)
        assert not field.hasFocus()
        field.setText("")
        pause = find(window, "log.wire.pause", QAbstractButton)
        pause.click()
        await session.interrupt()
        status = find(window, "log.wire.status", QLabel)
        await wait_until(lambda: status.text() == "paused, 3 new", 2.0, status.text)
        assert "lk.clear_buffer" not in names()
        pause.click()
        assert {"lk.clear_buffer", "lk.playback_finished"} <= set(names())
        find(window, "log.wire.copy", QAbstractButton).click()
        assert status.text() == f"{len(names())} rows copied"
        assert QGuiApplication.clipboard().text().count("\n") == len(names()) - 1

    drive_window(session, use, size=(1440, 900))
