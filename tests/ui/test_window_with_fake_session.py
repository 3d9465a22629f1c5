"""The whole window over the fake session: every command by key and click, what it shows, folding, notices, closing."""

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QComboBox, QLabel, QLineEdit, QTableView, QWidget
from pytestqt.qtbot import QtBot

from avatar_core.bench.fake_scene import FIRST_SEGMENT, put_to_work
from avatar_core.bench.fake_session import FakeFault, FakeSession, FakeTimes
from avatar_core.bench.snapshot import Notice, NoticeAction
from avatar_core.bench.states import Command, SessionState, Severity
from avatar_gui.main_window import MainWindow
from avatar_gui.testing import find, press_key, wait_event, wait_session_state, wait_state, wait_until
from avatar_gui.widgets.command_button import CommandButton
from avatar_gui.widgets.preview import Picture
from avatar_gui.widgets.provider_card import ProviderCard
from avatar_gui.widgets.tag import Tag
from avatar_gui.widgets.text import ElidedLabel

Drive = Callable[..., None]
CONTRACT = Path(__file__).parents[2] / "docs" / "ui-contract.md"
QUICK = FakeTimes().faster(8)
CONDITIONS = ["ready", "speaking", "paused"]


@dataclass(frozen=True)
class Control:
    name: str
    key: Qt.Key | None
    command: Command
    given: str
    says: str


CONTROLS = [
    Control("controls.speak", Qt.Key.Key_Space, Command.SPEAK, "ready", "Ada, monologue"),
    Control("controls.speak", Qt.Key.Key_Space, Command.STOP, "speaking", "Heard for"),
    Control("controls.interrupt", Qt.Key.Key_I, Command.INTERRUPT, "speaking", "Silent after"),
    Control("controls.pause", Qt.Key.Key_P, Command.PAUSE, "speaking", "emulated"),
    Control("controls.pause", Qt.Key.Key_P, Command.RESUME, "paused", "goes on"),
    Control("controls.end", Qt.Key.Key_E, Command.END_SEGMENT, "speaking", "s1"),
    Control("controls.swap", Qt.Key.Key_S, Command.SWAP, "speaking", "Picture gap"),
    Control("controls.mark", Qt.Key.Key_M, Command.MARK, "speaking", "Mark 1"),
    Control("controls.monitor", None, Command.SET_MONITOR_MUTED, "ready", "Built-in speaker"),
]


async def bring_to(window: MainWindow, given: str) -> None:
    await wait_session_state(window, SessionState.READY)
    if given in ("speaking", "paused"):
        await window.session.speak()
    if given == "paused":
        await window.session.pause()
    window.refresh()


@pytest.mark.parametrize("by", ["click", "key"])
@pytest.mark.parametrize("control", CONTROLS, ids=lambda control: f"{control.command.value}")
def test_a_button_reaches_the_session_and_shows_what_came_of_it(
    control: Control, by: str, drive_window: Drive, qtbot: QtBot
) -> None:
    if by == "key" and control.key is None:
        by = "click"
    session = FakeSession(times=QUICK)

    async def use(window: MainWindow) -> None:
        await bring_to(window, control.given)
        button = find(window, control.name, CommandButton)
        session.calls.clear()
        if by == "key":
            assert control.key is not None
            press_key(window, control.key)
        else:
            qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
        await wait_until(lambda: control.command in session.calls, 5, lambda: f"the session heard {session.calls}")
        await wait_state(window, control.name, "done")
        result = find(window, f"{control.name}.result", ElidedLabel)
        await wait_until(lambda: bool(result.whole), 5, lambda: "no result is shown")
        assert control.says in button.accessibleDescription() or control.says in result.whole

    drive_window(session, use)


def test_busy_is_shown_while_a_command_runs_and_clicks_are_coalesced(drive_window: Drive, qtbot: QtBot) -> None:
    session = FakeSession(times=FakeTimes().faster(2))

    async def use(window: MainWindow) -> None:
        await bring_to(window, "speaking")
        button = find(window, "controls.interrupt", CommandButton)
        for _ in range(3):
            qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
        assert button.property("state") == "busy"
        await wait_state(window, "controls.interrupt", "done")
        assert session.calls.count(Command.INTERRUPT) == 1
        assert window.commands[Command.INTERRUPT].coalesced == 2

    drive_window(session, use)


def test_a_failed_command_says_so_and_the_session_goes_on(drive_window: Drive) -> None:
    session = FakeSession(times=QUICK)
    session.faults.add(FakeFault.INTERRUPT_UNANSWERED)

    async def use(window: MainWindow) -> None:
        await bring_to(window, "speaking")
        press_key(window, Qt.Key.Key_I)
        await wait_state(window, "controls.interrupt", "failed")
        assert "No acknowledgement" in find(window, "controls.interrupt.result", ElidedLabel).whole
        assert session.state is SessionState.READY

    drive_window(session, use)


def test_a_blocked_button_gives_its_reason(drive_window: Drive) -> None:
    session = FakeSession(times=QUICK)
    session.world.also_blocked[Command.PAUSE] = "This provider does not report positions"

    async def use(window: MainWindow) -> None:
        await bring_to(window, "speaking")
        button = find(window, "controls.pause", CommandButton)
        assert button.property("state") == "disabled"
        assert "does not report positions" in button.toolTip()
        assert "does not report positions" in button.accessibleDescription()
        session.calls.clear()
        press_key(window, Qt.Key.Key_P)
        await asyncio.sleep(0)
        assert Command.PAUSE not in session.calls

    drive_window(session, use)


def test_number_keys_swap_and_the_cards_follow(drive_window: Drive) -> None:
    session = FakeSession(times=QUICK)

    async def use(window: MainWindow) -> None:
        await bring_to(window, "speaking")
        press_key(window, Qt.Key.Key_2)
        await wait_state(window, "providers.card.sync-pattern", "live")
        await wait_state(window, "providers.card.talking-head", "not_started")
        await wait_event(window, "Swap", "1 to 2", since_s=0.0)
        assert session.snapshot().current_provider_id == "sync-pattern"

    drive_window(session, use)


def test_a_card_is_the_target_after_a_click_and_swaps_by_return(drive_window: Drive, qtbot: QtBot) -> None:
    session = FakeSession(times=QUICK)

    async def use(window: MainWindow) -> None:
        await bring_to(window, "ready")
        card = find(window, "providers.card.northlight", ProviderCard)
        session.calls.clear()
        qtbot.mouseClick(card, Qt.MouseButton.LeftButton)
        window.refresh()
        assert "4 Northlight" in find(window, "controls.swap", CommandButton).text()
        assert Command.SWAP not in session.calls
        qtbot.keyClick(card, Qt.Key.Key_Return)
        await wait_state(window, "providers.card.northlight", "live")

    drive_window(session, use)


def test_a_provider_that_never_joins_leaves_the_old_one_and_a_notice(drive_window: Drive) -> None:
    session = FakeSession(times=QUICK)
    session.faults.add(FakeFault.NEVER_JOINS)

    async def use(window: MainWindow) -> None:
        await bring_to(window, "speaking")
        press_key(window, Qt.Key.Key_3)
        await wait_state(window, "controls.swap", "failed")
        await wait_state(window, "providers.card.talking-head", "live")
        window.refresh()
        assert "did not join" in find(window, "notice.never_joined.title", ElidedLabel).whole
        assert session.state is SessionState.SPEAKING

    drive_window(session, use)


def test_space_presses_a_focused_button_and_interrupt_works_from_there(drive_window: Drive) -> None:
    session = FakeSession(times=QUICK)

    async def use(window: MainWindow) -> None:
        await bring_to(window, "speaking")
        find(window, "controls.mark", CommandButton).setFocus(Qt.FocusReason.TabFocusReason)
        session.calls.clear()
        press_key(window, Qt.Key.Key_Space)
        await wait_state(window, "controls.mark", "done")
        assert session.calls == [Command.MARK]
        find(window, "controls.source", QComboBox).setFocus(Qt.FocusReason.TabFocusReason)
        press_key(window, Qt.Key.Key_I)
        await wait_state(window, "controls.interrupt", "done")

    drive_window(session, use)


def test_letters_belong_to_a_text_field_that_has_the_focus(drive_window: Drive) -> None:
    session = FakeSession(times=QUICK)

    async def use(window: MainWindow) -> None:
        await bring_to(window, "speaking")
        field = QLineEdit(window.body)
        field.show()
        field.setFocus()
        session.calls.clear()
        press_key(window, Qt.Key.Key_I)
        press_key(window, Qt.Key.Key_Space)
        await asyncio.sleep(0)
        assert (field.text(), session.calls) == ("i ", [])

    drive_window(session, use)


def test_function_keys_say_their_line_and_the_source_can_be_chosen(drive_window: Drive) -> None:
    session = FakeSession(times=QUICK)

    async def use(window: MainWindow) -> None:
        await bring_to(window, "ready")
        press_key(window, Qt.Key.Key_F2)
        await wait_event(window, "Speak", "Ben, long numbers", since_s=0.0)
        box = find(window, "controls.source", QComboBox)
        box.setCurrentIndex(2)
        box.activated.emit(2)
        await wait_until(
            lambda: session.snapshot().selected_source_id == "ada-bilabials", 5, lambda: "the source stayed"
        )

    drive_window(session, use)


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


def test_an_avatar_that_dies_is_told_and_reconnect_brings_it_back(drive_window: Drive, qtbot: QtBot) -> None:
    session = FakeSession(times=QUICK)

    async def use(window: MainWindow) -> None:
        await bring_to(window, "speaking")
        session.world.kill_avatar()
        await wait_state(window, "preview.a", "stopped")
        assert "signal 9" in find(window, "notice.worker_died.title", ElidedLabel).whole
        session.world.set_state(SessionState.FAILED)
        qtbot.mouseClick(find(window, "notice.worker_died.action0", QAbstractButton), Qt.MouseButton.LeftButton)
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
