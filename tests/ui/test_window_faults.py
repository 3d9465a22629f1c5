"""The Faults page over the fake session: planted by name and strength, taken away, and refused in words."""

import pytest
from PySide6.QtWidgets import QLineEdit, QPushButton, QTabBar, QTableView

from avatar_core.bench.fake.session import FakeSession
from avatar_core.bench.settings.faults import FAULTS
from avatar_core.bench.states import Command
from avatar_gui.actions import ActionState
from avatar_gui.main_window import MainWindow
from avatar_gui.testing import find, wait_until
from avatar_gui.widgets.fault_model import FaultModel
from avatar_gui.widgets.text import ElidedLabel
from tests.ui.window_states import QUICK, Drive

NAMES = list(FAULTS)


class Page:
    """The page as a user sees it."""

    def __init__(self, window: MainWindow) -> None:
        tabs = find(window, "log.tabs", QTabBar)
        tabs.setCurrentIndex(next(at for at in range(tabs.count()) if tabs.tabText(at) == "Faults"))
        self.window = window
        self.table = find(window, "faults.table", QTableView)
        self.value = find(window, "faults.value", QLineEdit)
        self.plant = find(window, "faults.plant", QPushButton)
        self.clear = find(window, "faults.clear", QPushButton)
        self.status = find(window, "faults.status", ElidedLabel)

    def choose(self, name: str) -> None:
        self.table.selectRow(NAMES.index(name))

    def planted(self, name: str) -> str:
        return self.table.model().index(NAMES.index(name), FaultModel.PLANTED).data()

    async def shows(self, name: str, text: str) -> None:
        """A click is coalesced while the last one is worked on."""
        action = self.window.commands[Command.PLANT]

        def settled() -> bool:
            return self.planted(name) == text and action.current is not ActionState.BUSY

        await wait_until(settled, 5, lambda: f"{name}: {self.planted(name)}")


def test_faults_are_planted_with_their_strength_and_taken_away(drive_window: Drive) -> None:
    session = FakeSession(times=QUICK)

    async def use(window: MainWindow) -> None:
        page = Page(window)
        assert not page.plant.isEnabled()
        page.choose("gap_ms")
        page.value.setText("75")
        page.plant.click()
        await page.shows("gap_ms", "75 ms")
        page.choose("no_started")
        assert not page.value.isEnabled()
        page.plant.click()
        await page.shows("no_started", "planted")
        assert dict(session.snapshot().faults) == {"gap_ms": 75.0, "no_started": 1.0}
        assert page.status.whole == "From the next start on: gap_ms 75, no_started"
        page.plant.click()
        await page.shows("no_started", "\u2013")
        page.clear.click()
        await page.shows("gap_ms", "\u2013")
        assert not session.snapshot().faults

    drive_window(session, use)


@pytest.mark.parametrize(
    ("text", "words"), [("5", "Fault gap_ms is 5; choose 20 to 900 ms."), ("long", "long is no number")]
)
def test_a_strength_that_cannot_be_is_refused_in_words(drive_window: Drive, text: str, words: str) -> None:
    session = FakeSession(times=QUICK)

    async def use(window: MainWindow) -> None:
        page = Page(window)
        page.choose("gap_ms")
        page.value.setText(text)
        page.plant.click()
        await wait_until(lambda: words in page.status.whole, 5, lambda: page.status.whole)
        assert not session.snapshot().faults

    drive_window(session, use)
