"""The window over the fake session that observes: what is shown, what is refused and why, and what goes on."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QPushButton, QTabBar, QTableView, QToolButton, QWidget

from avatar_core.bench.fake.observing import FakeObserveSession
from avatar_core.bench.states import Command, SessionState
from avatar_gui.main_window import MainWindow
from avatar_gui.testing import find, press_key, wait_session_state, wait_state, wait_until
from avatar_gui.widgets.command_button import CommandButton
from avatar_gui.widgets.provider_card import ProviderCard
from avatar_gui.widgets.tag import Tag
from tests.ui.window_states import QUICK, Drive

NAMED = "tavus-avatar-agent"
WHY = f"Observing: somebody else drives {NAMED}"
DRIVING = ("speak", "interrupt", "pause", "end", "swap")
DRIVING_KEYS = (Qt.Key.Key_Space, Qt.Key.Key_I, Qt.Key.Key_P, Qt.Key.Key_E, Qt.Key.Key_S, Qt.Key.Key_1, Qt.Key.Key_F1)


async def observing(window: MainWindow) -> None:
    await wait_session_state(window, SessionState.READY)
    window.refresh()


def state_words(window: MainWindow) -> str:
    return find(window, "main.topbar.state", Tag).word


def test_it_says_who_is_observed_and_every_control_that_would_drive_says_why_it_can_not(drive_window: Drive) -> None:
    session = FakeObserveSession(NAMED, times=QUICK)

    async def use(window: MainWindow) -> None:
        await observing(window)
        assert state_words(window).startswith(f"Observing {NAMED} ")
        for name in DRIVING:
            button = find(window, f"controls.{name}", CommandButton)
            assert (button.state, WHY in button.toolTip()) == ("disabled", True)
        for name, kind in (("source", QComboBox), ("addSource", QToolButton), ("swapTarget", QToolButton)):
            control = find(window, f"controls.{name}", kind)
            assert (control.isEnabled(), control.toolTip()) == (False, WHY)
        tabs = find(window, "log.tabs", QTabBar)
        tabs.setCurrentIndex(next(at for at in range(tabs.count()) if tabs.tabText(at) == "Faults"))
        find(window, "faults.table", QTableView).selectRow(0)
        for name in ("plant", "clear"):
            fault_button = find(window, f"faults.{name}", QPushButton)
            assert (fault_button.isEnabled(), fault_button.toolTip()) == (False, WHY)
        assert not find(window, "lines.1", QWidget).isVisible()
        assert not find(window, "ledger.table", QTableView).isVisible()

    drive_window(session, use)


def test_no_key_and_no_card_drives_but_marks_recordings_and_the_monitor_work(drive_window: Drive) -> None:
    session = FakeObserveSession(NAMED, times=QUICK)

    async def use(window: MainWindow) -> None:
        await observing(window)
        for key in DRIVING_KEYS:
            press_key(window, key)
        card = find(window, "providers.card.observed", ProviderCard)
        card.swap_wanted.emit(card.provider_id)
        assert session.calls == [Command.CONNECT]
        for name in ("mark", "record", "monitor"):
            find(window, f"controls.{name}", CommandButton).click()
            await wait_state(window, f"controls.{name}", "done")
        assert session.calls[1:] == [Command.MARK, Command.RECORD, Command.SET_MONITOR_MUTED]

    drive_window(session, use)


def test_an_avatar_that_leaves_is_shown_as_away_and_as_observed_again_once_it_is_back(drive_window: Drive) -> None:
    session = FakeObserveSession(NAMED, times=QUICK)

    async def use(window: MainWindow) -> None:
        await observing(window)
        session.avatar_leaves()
        await wait_until(lambda: state_words(window).startswith("Avatar away"), 5, lambda: state_words(window))
        await wait_state(window, "providers.card.observed", "away")
        session.avatar_stays_away()
        await wait_until(lambda: window.findChild(QWidget, "notice.avatar_left") is not None, 5, lambda: "no notice")
        session.avatar_comes_back()
        await wait_until(lambda: state_words(window).startswith("Observing"), 5, lambda: state_words(window))
        await wait_state(window, "providers.card.observed", "live")
        await wait_state(window, "preview.a", "live")

    drive_window(session, use)


def test_a_long_name_is_shortened_in_the_top_bar_and_whole_in_its_tooltip(drive_window: Drive) -> None:
    long_name = "an-avatar-with-a-name-that-would-push-the-run-out-of-the-bar"
    session = FakeObserveSession(long_name, times=QUICK)

    async def use(window: MainWindow) -> None:
        await observing(window)
        assert long_name not in state_words(window)
        assert long_name in find(window, "main.topbar.state", Tag).toolTip()

    drive_window(session, use, size=(1024, 640))
