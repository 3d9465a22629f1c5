"""What a user does at the real window and what is then seen: keys pressed, results, sound, pictures, the ledger."""

import asyncio
from collections import Counter
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from avatar_core.bench.contract import CommandResult, Session, SessionEvent
from avatar_core.bench.snapshot import LedgerBalance, LedgerRow
from avatar_core.bench.states import Command, SessionState
from avatar_gui.app import save_screenshot
from avatar_gui.main_window import MainWindow
from avatar_gui.testing import find, press_key, wait_session_state, wait_until
from avatar_gui.widgets.meter import LevelMeter
from avatar_gui.widgets.text import ElidedLabel
from tests.patience import LIMIT_S

ARTEFACTS = Path(__file__).parents[3] / "artefacts"
"""Bounds a wait that should take a second or two: it tells a hang from a busy machine, nothing finer."""

KEYS = {
    Command.SPEAK: Qt.Key.Key_Space,
    Command.STOP: Qt.Key.Key_Space,
    Command.INTERRUPT: Qt.Key.Key_I,
    Command.END_SEGMENT: Qt.Key.Key_E,
    Command.PAUSE: Qt.Key.Key_P,
    Command.RESUME: Qt.Key.Key_P,
}
NUMBER_KEYS = {"talking-head": Qt.Key.Key_1, "sync-pattern": Qt.Key.Key_2, "audio-wave": Qt.Key.Key_3}


async def ask(window: MainWindow, command: Command, key: Qt.Key | None = None) -> CommandResult:
    """Press the key of a command, and wait for what comes of it."""
    window.refresh()
    action = window.commands[command]
    before = action.finished_s
    assert not action.blocked, f"{command} is blocked: {action.blocked}"
    press_key(window, KEYS[command] if key is None else key)
    await wait_until(lambda: action.finished_s != before, LIMIT_S, lambda: f"{command} has not ended")
    assert action.result is not None
    return action.result


async def ready(window: MainWindow) -> None:
    """Wait until the avatar is in the room and its face moves."""
    await wait_session_state(window, SessionState.READY, LIMIT_S)
    await frames_move(window)


async def speaking(window: MainWindow) -> None:
    """Press Speak and wait until it is heard."""
    result = await ask(window, Command.SPEAK)
    assert result.ok, result.text
    await sound(window)
    assert window.session.state is SessionState.SPEAKING


async def sound(window: MainWindow) -> None:
    """Wait until the viewer hears something, and the meter shows it."""
    meter = find(window, "preview.a.meter", LevelMeter)
    await wait_until(lambda: meter.lit > 0, LIMIT_S, lambda: "nothing is heard")


async def silence(window: MainWindow) -> None:
    """Wait until the viewer hears nothing, and the meter shows that."""
    meter = find(window, "preview.a.meter", LevelMeter)
    await wait_until(lambda: meter.lit == 0, LIMIT_S, lambda: f"it still sounds: {window.session.levels()}")


async def frames_move(window: MainWindow, frames: int = 5) -> None:
    """Wait until the preview has shown this many further frames."""
    picture = window.body.preview.picture
    before = picture.sequence
    await wait_until(lambda: picture.sequence >= before + frames, LIMIT_S, lambda: "the picture does not move")


def picture_bytes(window: MainWindow) -> bytes:
    """The preview as it is painted now."""
    image = window.body.preview.picture.grab().toImage()
    return bytes(image.constBits())


def heard_s(window: MainWindow) -> float:
    """How far the source that speaks has been heard."""
    speech = window.session.snapshot().speech
    assert speech is not None
    return speech.position_s


async def heard_beyond(window: MainWindow, position_s: float) -> None:
    """Wait until the source that speaks has been heard further than this."""
    await wait_until(lambda: heard_s(window) > position_s, LIMIT_S, lambda: f"it stays at {heard_s(window):.2f} s")


async def everything_ended(window: MainWindow) -> LedgerBalance:
    """Wait until no segment is open; what the books then say."""
    await wait_until(
        lambda: window.session.snapshot().balance.open == 0,
        LIMIT_S,
        lambda: f"segments are open: {window.session.snapshot().ledger}",
    )
    return window.session.snapshot().balance


def ledger(window: MainWindow) -> list[LedgerRow]:
    """The segments, oldest first."""
    return list(reversed(window.session.snapshot().ledger))


async def notice_text(window: MainWindow, notice_id: str) -> tuple[str, str]:
    """Title and body of a notice, as soon as the window shows it."""
    name = f"notice.{notice_id}"
    await wait_until(
        lambda: window.findChild(QWidget, name) is not None,
        LIMIT_S,
        lambda: f"there is no {name}; the session raised {[notice.id for notice in window.session.snapshot().notices]}",
    )
    return find(window, f"{name}.title", ElidedLabel).whole, find(window, f"{name}.body", ElidedLabel).whole


async def figures(window: MainWindow) -> None:
    """Wait until the viewer has told of the picture it gets, as it does each second."""
    await wait_until(
        lambda: window.session.snapshot().preview.width_px > 0, LIMIT_S, lambda: "the viewer tells no figures"
    )


class Finishes:
    """Counts the ends that the chain tells of, beside the session's own books, which let a second one pass."""

    def __init__(self, session: Session) -> None:
        self.counts: Counter[str] = Counter()
        session.event.connect(self._take)

    def _take(self, event: SessionEvent) -> None:
        if event.kind == "Finished":
            self.counts[event.segment_id] += 1


def assert_each_finished_once(window: MainWindow, finishes: Finishes) -> None:
    """The second law (DESIGN.md), by the ledger, the balance and what the chain told."""
    rows, balance = ledger(window), window.session.snapshot().balance
    assert [row.segment_id for row in rows if not row.state.ended] == []
    assert finishes.counts == Counter(row.segment_id for row in rows)
    assert (balance.opened, balance.finished, balance.open) == (len(rows), len(rows), 0)


async def screenshot(window: MainWindow, name: str) -> Path:
    """Write what the window shows to the artefacts; a turn of the loop first, so that it is laid out."""
    await asyncio.sleep(0)
    await asyncio.to_thread(ARTEFACTS.mkdir, exist_ok=True)
    path = ARTEFACTS / f"{name}.png"
    save_screenshot(window, path)
    return path
