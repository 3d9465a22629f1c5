"""The real window over a room in which somebody else drives the avatar: it is found, shown, heard and measured."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from avatar_core.bench.observe.session import ObserveSession
from avatar_core.bench.states import Role, SessionState
from avatar_gui.main_window import MainWindow
from avatar_gui.testing import find, wait_event, wait_session_state, wait_until
from avatar_gui.widgets.tag import Tag
from tests.embedded_room import EmbeddedRoom
from tests.leftovers import Leftovers
from tests.patience import LIMIT_S
from tests.somebody import AGENT, AVATAR, Somebody
from tests.ui.real_room.real_window import figures, frames_move, screenshot, sound


@pytest.fixture
def somebody(tmp_path: Path) -> Iterator[Somebody]:
    room = EmbeddedRoom(tmp_path / "server.log")
    yield Somebody(room.access.url, room.access.api_key, room.access.api_secret, "theirs")
    room.close()


def test_an_avatar_that_comes_later_is_observed_while_it_is_there_and_measured(
    somebody: Somebody, drive_window: Callable[..., None], run: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    leftovers = Leftovers(monkeypatch)
    session = ObserveSession(somebody.config, somebody.observed(AGENT), monitor_muted=True)

    async def use(window: MainWindow) -> None:
        await wait_event(window, "Room", "nobody there is told", since_s=0.0, timeout_s=LIMIT_S)
        async with somebody.avatar():
            await wait_session_state(window, SessionState.READY, LIMIT_S)
            await frames_move(window)
            await sound(window)
            await figures(window)
            measured = {"fps", "level_dbfs", "frame_interval_ms"}
            taken: set[str] = set()

            def is_measured() -> bool:
                taken.update(sample.metric for sample in session.samples())
                return measured <= taken

            await wait_until(is_measured, LIMIT_S, lambda: f"not measured: {measured - taken}")
            assert find(window, "main.topbar.state", Tag).word.startswith(f"Observing {AGENT} ")
            people = session.snapshot().room.participants
            assert [one.identity for one in people if one.role is Role.AVATAR] == [AVATAR]
            await screenshot(window, "observing")
        await wait_session_state(window, SessionState.WAITING, LIMIT_S)

    drive_window(session, use)
    run(leftovers.nothing_within(LIMIT_S))
