"""Commands of the window over the fake session: each by key and by click, what comes of it, and what is refused."""

import asyncio
from dataclasses import dataclass

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QLineEdit
from pytestqt.qtbot import QtBot

from avatar_core.bench.fake.behaviour import FakeFault, FakeTimes
from avatar_core.bench.fake.session import FakeSession
from avatar_core.bench.states import Command, SessionState
from avatar_gui.main_window import MainWindow
from avatar_gui.testing import find, press_key, wait_event, wait_state, wait_until
from avatar_gui.widgets.command_button import CommandButton
from avatar_gui.widgets.provider_card import ProviderCard
from avatar_gui.widgets.text import ElidedLabel
from tests.ui.window_states import QUICK, Drive, bring_to


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
    Control("controls.record", Qt.Key.Key_R, Command.RECORD, "ready", "Recording to recording.mkv"),
    Control("controls.monitor", None, Command.SET_MONITOR_MUTED, "ready", "Built-in speaker"),
]


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
