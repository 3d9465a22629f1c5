"""The real window over a real session: embedded room, viewer, dispatcher and workers, each a process of its own."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from avatar_core.bench.session.bench_session import BenchSession
from avatar_core.bench.settings.config import Config
from avatar_core.bench.settings.room_choice import RoomChoice, RoomKind
from avatar_core.bench.states import SessionState
from avatar_gui.main_window import MainWindow
from tests.leftovers import Leftovers
from tests.patience import LIMIT_S
from tests.tone import write_tone

EMBEDDED = Config(RoomChoice(RoomKind.EMBEDDED, "tests take the embedded room"))
# What two busy cores can draw for two avatars at once.
PICTURE = {"width": 640, "height": 360, "fps": 15.0}


@pytest.fixture
def leftovers(monkeypatch: pytest.MonkeyPatch) -> Leftovers:
    return Leftovers(monkeypatch)


@pytest.fixture
def drive_real(
    drive_window: Callable[..., None], run: Callable[..., None], leftovers: Leftovers
) -> Callable[..., BenchSession]:
    """Call with an async function of the window, and options of the session (`config` among them).

    Opens the window, which connects; hands it over; closes it, and makes sure that nothing outlives it.
    """

    def drive(use: Callable[[MainWindow], Awaitable[None]], **options: object) -> BenchSession:
        session = BenchSession(**{"config": EMBEDDED, "worker_options": PICTURE, "monitor_muted": True, **options})
        drive_window(session, use)
        run(leftovers.nothing_within(LIMIT_S))
        assert session.state is SessionState.IDLE
        return session

    return drive


@pytest.fixture(scope="session")
def long_speech(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tone(tmp_path_factory.mktemp("speech") / "two-minutes.wav")
