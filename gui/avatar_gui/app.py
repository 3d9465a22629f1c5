"""Starts Qt and the event loop around one window, and ends both cleanly. Knows no arguments and no environment."""

import asyncio
import logging
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import TracebackType
from typing import Any

from PySide6.QtWidgets import QApplication
from qasync import QEventLoop

from avatar_core.bench.contract import Session
from avatar_core.tasks import cancel_and_wait, spawn
from avatar_gui.fonts import Type, load_fonts
from avatar_gui.garbage import collected_here
from avatar_gui.main_window import MainWindow
from avatar_gui.theme import Theme

_log = logging.getLogger(__name__)

Script = Callable[[MainWindow], Awaitable[int]]


def run_window(session: Session, *, script: Script | None = None, platform: str = "", theme: str = "system") -> int:
    """Show the window over `session` until it is closed; returns the exit code.

    `script` drives the window and gives the exit code; the window closes when it returns, and cancels it when it is
    closed before. `platform` is Qt's ("offscreen" where there is no display). SIGINT and SIGTERM close the window.
    """
    app = create_application(platform)
    loop = QEventLoop(app)
    asyncio.set_event_loop(loop)
    loop.set_exception_handler(_report_loop_error)
    previous_hook, sys.excepthook = sys.excepthook, _report_slot_error
    with collected_here():
        try:
            exit_code: int = loop.run_until_complete(_run(app, session, script, theme))
            return exit_code
        finally:
            sys.excepthook = previous_hook
            asyncio.set_event_loop(None)
            loop.close()


def create_application(platform: str = "") -> QApplication:
    """The QApplication of the window."""
    app = QApplication(["avatar-testbench", *(["-platform", platform] if platform else [])])
    app.setApplicationName("avatar-testbench")
    prepare_application(app)
    return app


def prepare_application(app: QApplication) -> None:
    """Load the fonts and set the usual one. The application does not quit with its last window: the session ends it."""
    app.setQuitOnLastWindowClosed(False)
    for refused in load_fonts():
        _log.warning("Qt does not take the font %s; another one stands in", refused)
    app.setFont(Type.BODY.font())


def save_screenshot(window: MainWindow, path: Path) -> None:
    """Write the window as it looks now as a PNG; raises OSError if the file can't be written."""
    window.refresh()
    if not window.grab().save(str(path), "PNG"):
        raise OSError(f"The screenshot could not be written to {path}. Check that the folder exists and is writable.")


async def _run(app: QApplication, session: Session, script: Script | None, theme: str) -> int:
    look = Theme(app)
    look.choose(theme)
    window = MainWindow(app, session, look)
    loop = asyncio.get_running_loop()
    for signal_number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(signal_number, window.request_close)
    window.show()
    window.start()
    scripted = None if script is None else spawn(_follow(script, window), name="window script")
    try:
        await window.wait_closed()
    finally:
        if scripted is not None and not scripted.done():
            await cancel_and_wait(scripted)
        for signal_number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(signal_number)
    if scripted is None:
        return 0
    # Closed before its end: the script did not get to say how it went.
    return 3 if scripted.cancelled() else scripted.result()


async def _follow(script: Script, window: MainWindow) -> int:
    try:
        return await script(window)
    finally:
        window.request_close()


def _report_loop_error(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    _log.error("in the event loop: %s", context.get("message"), exc_info=context.get("exception"))


def _report_slot_error(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    _log.error("in a slot or a paint event", exc_info=(kind, error, trace))
