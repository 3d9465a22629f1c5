"""Fixtures for tests of the window: the qasync loop, which fails a test on errors and tasks that it leaves behind.

Use with `-p avatar_gui.pytest_plugin`, or import the fixtures into a conftest. Needs pytest-qt; Qt itself is imported
only when a fixture is asked for.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from avatar_core.bench.contract import Session
    from avatar_gui.main_window import MainWindow

__all__ = ["drive_window", "garbage_stays_here", "qasync_loop", "run"]

TIMEOUT_S = 240.0

Run = Callable[[Coroutine[Any, Any, None]], None]


@pytest.fixture(scope="module")
def garbage_stays_here(qapp: Any) -> Iterator[None]:
    """A closed loop must not be freed by another thread: see avatar_gui.garbage."""
    from avatar_gui.garbage import collected_here

    with collected_here():
        yield


@pytest.fixture
def qasync_loop(qapp: Any, garbage_stays_here: None) -> Iterator[asyncio.AbstractEventLoop]:
    """The loop of the window. Errors in its callbacks, and tasks left over, fail the test at its end."""
    from qasync import QEventLoop

    from avatar_core.tasks import cancel_and_wait
    from avatar_gui.app import prepare_application

    prepare_application(qapp)
    loop = QEventLoop(qapp)
    asyncio.set_event_loop(loop)
    errors: list[str] = []

    def collect(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        errors.append(f"{context.get('message')}: {context.get('exception')!r}")

    loop.set_exception_handler(collect)
    yield loop
    left = [task for task in asyncio.all_tasks(loop) if not task.done()]
    names = [task.get_name() for task in left]
    if left:
        loop.run_until_complete(cancel_and_wait(*left))
    asyncio.set_event_loop(None)
    loop.close()
    if errors:
        pytest.fail(f"errors in callbacks of the loop: {errors}")
    if names:
        pytest.fail(f"tasks left over: {names}")


@pytest.fixture
def run(qasync_loop: asyncio.AbstractEventLoop) -> Run:
    """Run a coroutine on the window's loop to its end, four minutes at most.

    Once a test: what is left running between two calls would step while no loop runs.
    """

    def run_to_end(coro: Coroutine[Any, Any, None]) -> None:
        qasync_loop.run_until_complete(asyncio.wait_for(coro, TIMEOUT_S))

    return run_to_end


@pytest.fixture
def drive_window(qapp: Any, run: Run) -> Iterator[Callable[..., None]]:
    """Call with a session and an async function of the window, and `size` (width, height) if it matters.

    Shows the window, which connects the session; hands it to the function; closes it whatever came of that.
    """
    from avatar_gui.main_window import MainWindow
    from avatar_gui.theme import Theme

    theme = Theme(qapp)
    theme.choose("dark")

    def drive(session: "Session", use: "Callable[[MainWindow], Awaitable[None]]", size: Any = None) -> None:
        async def open_use_close() -> None:
            window = MainWindow(qapp, session, theme)
            if size is not None:
                window.resize(*size)
            window.show()
            window.activateWindow()
            window.start()
            try:
                await use(window)
            finally:
                window.request_close()
                await window.wait_closed()
                window.deleteLater()

        run(open_use_close())

    yield drive
    theme.deleteLater()
