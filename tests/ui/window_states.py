"""How a test brings the window over the fake session into the state that it is about."""

from collections.abc import Callable

from avatar_core.bench.fake.behaviour import FakeTimes
from avatar_core.bench.states import SessionState
from avatar_gui.main_window import MainWindow
from avatar_gui.testing import wait_session_state

Drive = Callable[..., None]
QUICK = FakeTimes().faster(8)
CONDITIONS = ["ready", "speaking", "paused"]


async def bring_to(window: MainWindow, given: str) -> None:
    await wait_session_state(window, SessionState.READY)
    if given in ("speaking", "paused"):
        await window.session.speak()
    if given == "paused":
        await window.session.pause()
    window.refresh()
