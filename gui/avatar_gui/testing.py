"""For tests and scripts that drive the window: find a control by its objectName, await a state or an event.

The names are in docs/ui-contract.md. A state is the property `state`, never a text or a colour.
"""

import asyncio
from collections.abc import Callable
from typing import TypeVar

from PySide6.QtCore import QObject, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from avatar_core.bench.contract import SessionEvent
from avatar_core.bench.states import SessionState
from avatar_gui.main_window import MainWindow

POLL_S = 0.01

W = TypeVar("W", bound=QWidget)


def find(window: QObject, name: str, kind: type[W]) -> W:
    """The control of this objectName; raises LookupError if there is none of this kind."""
    found = window.findChild(kind, name)
    if found is None:
        raise LookupError(f"The window has no {kind.__name__} named {name!r}. See docs/ui-contract.md.")
    return found


def press_key(window: MainWindow, key: Qt.Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    """Press and release a key where the focus is. The window must be active.

    Given a QWindow, QTest would run the event loop, which must not be entered again from inside a coroutine.
    """
    focused = QApplication.focusWidget()
    QTest.keyClick(window if focused is None else focused, key, modifiers)


async def wait_state(window: MainWindow, name: str, state: str, timeout_s: float = 30.0) -> None:
    """Return once the control `name` is in this state; TimeoutError says what it was instead.

    "done" and "failed" are also found in the property `outcome`, which stays when the control is disabled afterwards.
    """
    control = find(window, name, QWidget)
    await wait_until(
        lambda: state in (control.property("state"), control.property("outcome")),
        timeout_s,
        lambda: f"{name} did not become {state!r}: it is {control.property('state')!r}",
    )


async def wait_session_state(window: MainWindow, state: SessionState, timeout_s: float = 30.0) -> None:
    """Return once the session is in this state."""
    await wait_until(
        lambda: window.session.state is state,
        timeout_s,
        lambda: f"the session did not become {state.value}: it is {window.session.state.value}",
    )


async def wait_event(
    window: MainWindow, kind: str, containing: str = "", *, since_s: float | None = None, timeout_s: float = 30.0
) -> SessionEvent:
    """The first event of this kind whose text contains `containing`, from `since_s` (monotonic; None: now) on."""
    from_s = window.session.clock.now() if since_s is None else since_s

    def first() -> SessionEvent | None:
        matching = (
            event
            for event in reversed(window.body.events.events)
            if event.time_s >= from_s and event.kind == kind and containing in event.text
        )
        return next(matching, None)

    def newest() -> str:
        seen = [f"{event.kind}: {event.text}" for event in window.body.events.events[:5]]
        return f"no event {kind!r} with {containing!r} came; the newest are {seen}"

    await wait_until(lambda: first() is not None, timeout_s, newest)
    event = first()
    if event is None:
        raise LookupError(f"the event {kind!r} left the log before it was read")
    return event


async def wait_until(holds: Callable[[], bool], timeout_s: float, describe: Callable[[], str]) -> None:
    """Return once `holds()`; TimeoutError with `describe()` after `timeout_s`."""
    loop = asyncio.get_running_loop()
    deadline_s = loop.time() + timeout_s
    while not holds():
        if loop.time() > deadline_s:
            raise TimeoutError(f"After {timeout_s:g} s {describe()}.")
        await asyncio.sleep(POLL_S)
