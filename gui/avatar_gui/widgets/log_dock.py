"""The dock of what happened: pages under tabs in its header, each a table with tools of its own."""

from dataclasses import dataclass

from PySide6.QtWidgets import QStackedWidget, QTabBar, QWidget

from avatar_gui.fonts import Type
from avatar_gui.widgets.docks import Dock, Table


@dataclass(frozen=True, slots=True)
class LogPage:
    """One tab: its word, its table, and what stands at the right of the header while it is shown."""

    title: str
    table: Table
    tools: QWidget | None = None


class LogDock(Dock):
    """One page is shown at a time; `table` is the one that is."""

    def __init__(self, *pages: LogPage) -> None:
        self._pages = pages
        self._tabs = QTabBar()
        self._tabs.setObjectName("log.tabs")
        self._tabs.setAccessibleName("Pages of the log")
        self._tabs.setFont(Type.TITLE.font())
        self._tabs.setDrawBase(False)
        self._tabs.setExpanding(False)
        self._tables, self._tools = QStackedWidget(), QStackedWidget()
        for page in pages:
            self._tabs.addTab(page.title)
            self._tables.addWidget(page.table)
            self._tools.addWidget(page.tools or QWidget())
        self._tabs.currentChanged.connect(self._tables.setCurrentIndex)
        self._tabs.currentChanged.connect(self._tools.setCurrentIndex)
        super().__init__("dock.events", "Events", self._tabs, self._tables, self._tools)

    @property
    def table(self) -> Table:
        """The table that is shown."""
        return self._pages[self._tabs.currentIndex()].table

    def show_page(self, title: str) -> None:
        """Bring a page to the front; StopIteration for one that does not exist."""
        self._tabs.setCurrentIndex(next(i for i, page in enumerate(self._pages) if page.title == title))
