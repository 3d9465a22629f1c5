import asyncio

import pytest

from avatar_core.bench.contract import CommandResult
from avatar_core.bench.states import Command
from avatar_core.clock import MonotonicClock
from avatar_core.tasks import TaskGroup
from avatar_gui.actions import Action
from avatar_gui.icons import Icons
from avatar_gui.theme import Theme
from avatar_gui.widgets.command_button import CommandButton, Face


class Answer:
    """Answers with the result it was given."""

    def __init__(self, ok: bool, text: str) -> None:
        self.result = CommandResult(Command.PAUSE, ok, text, 90.0)

    async def __call__(self) -> CommandResult:
        await asyncio.sleep(0)
        return self.result


def face(ok: bool, text: str, label: str) -> Face:
    return Face(
        Action(Command.PAUSE, Answer(ok, text), MonotonicClock(), TaskGroup()), label, "Pausing", "flag", "Hint"
    )


@pytest.fixture
def button(icons: Icons, theme: Theme) -> CommandButton:
    button = CommandButton("controls.pause", face(True, "At 12.4 s", "Pause"), "P", icons, theme)
    button.set_shape(44)
    button.resize(160, 44)
    return button


async def test_the_result_stays_when_the_button_shows_its_other_face(button: CommandButton) -> None:
    assert (button.property("state"), button.result.whole) == ("idle", "Hint")
    button.click()
    assert button.property("state") == "busy"
    await asyncio.sleep(0.02)
    assert (button.property("state"), button.property("outcome"), button.result.whole) == ("done", "done", "At 12.4 s")
    button.show_face(face(True, "", "Resume"))
    assert (button.text(), button.result.whole) == ("Resume", "At 12.4 s")


async def test_disabled_gives_the_reason_and_keeps_the_outcome(button: CommandButton) -> None:
    button.click()
    await asyncio.sleep(0.02)
    button.face.action.block("Nothing is being said")
    assert (button.property("state"), button.property("outcome")) == ("disabled", "done")
    assert button.accessibleDescription() == "Nothing is being said"
    assert button.toolTip() == "Pause (P): Nothing is being said"


async def test_a_failure_wins_over_a_running_figure(icons: Icons, theme: Theme) -> None:
    button = CommandButton("controls.x", face(False, "No acknowledgement", "Pause"), "P", icons, theme)
    button.set_shape(44)
    button.set_note("12/30 s")
    assert button.result.whole == "12/30 s"
    button.click()
    await asyncio.sleep(0.02)
    assert (button.property("state"), button.result.whole) == ("failed", "No acknowledgement")


def test_no_state_changes_the_size(button: CommandButton) -> None:
    before = button.size()
    button.face.action.block("reason")
    button.set_note("a very long note that does not fit into the button at all")
    button.set_progress(0.5)
    assert button.size() == before
    assert button.grab().size().isValid()
