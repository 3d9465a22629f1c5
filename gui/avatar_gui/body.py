"""The window's content: every panel in its place, and what changes with the size of the window."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QMainWindow, QVBoxLayout, QWidget

from avatar_core.bench.contract import Session
from avatar_core.bench.snapshot import SessionSnapshot
from avatar_gui.actions import Actions
from avatar_gui.folding import Fold, fold
from avatar_gui.fonts import Type
from avatar_gui.icons import Icons
from avatar_gui.plots.stack import PlotStack
from avatar_gui.theme import Theme
from avatar_gui.widgets.controls import Controls
from avatar_gui.widgets.docks import DOCK_PX, FoldedLine, make_event_table, make_ledger_dock, show_balance
from avatar_gui.widgets.fault_model import FaultModel
from avatar_gui.widgets.fault_page import FaultTable, FaultTools
from avatar_gui.widgets.lines import Lines
from avatar_gui.widgets.log_dock import LogDock, LogPage
from avatar_gui.widgets.log_model import EventModel, LedgerModel
from avatar_gui.widgets.metrics_panel import MetricsPanel
from avatar_gui.widgets.notices import NoticeStrip
from avatar_gui.widgets.panel import divider
from avatar_gui.widgets.preview import PreviewPanel
from avatar_gui.widgets.provider_card import ProviderList
from avatar_gui.widgets.room_panel import RoomPanel
from avatar_gui.widgets.status_bar import StatusBar
from avatar_gui.widgets.tag import Tag
from avatar_gui.widgets.top_bar import TopBar
from avatar_gui.widgets.wire_model import WireModel
from avatar_gui.widgets.wire_page import WireTable, WireTools

_LAYOUT_VERSION = 1


class Body(QWidget):
    """Builds and places the panels; shows a snapshot in all of them. What they ask for is wired by the window."""

    def __init__(self, session: Session, actions: Actions, icons: Icons, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("main")
        # Where somebody else drives, nothing is said from here, and there is no ledger.
        self._drives = not session.snapshot().observing
        self.top_bar = TopBar(icons, theme)
        self.notices = NoticeStrip(icons, theme)
        self.providers = ProviderList(icons, theme)
        self.room = RoomPanel(icons, theme)
        self.lines = Lines(theme)
        self.preview = PreviewPanel(session.preview, icons, theme)
        self.controls = Controls(actions, icons, theme)
        self.plots = PlotStack(session, icons, theme)
        self.metrics = MetricsPanel(icons, theme)
        self.status = StatusBar(icons, theme)
        self.events = EventModel(icons, theme, self)
        self.ledger = LedgerModel(theme, self)
        self._balance = Tag(icons, theme, "ledger.balance", Type.LABEL)
        self.wire = WireModel(icons, theme, self)
        wire_table = WireTable(self.wire, theme)
        self.wire_tools = WireTools(self.wire, wire_table, icons)
        events = LogPage("Events", make_event_table(self.events, theme))
        faults = FaultModel(theme, self)
        fault_table = FaultTable(faults, theme)
        self._fault_tools = FaultTools(faults, fault_table, actions)
        self.event_dock = LogDock(
            events,
            LogPage("Wire", wire_table, self.wire_tools),
            LogPage("Faults", fault_table, self._fault_tools),
        )
        self.ledger_dock = make_ledger_dock(self.ledger, self._balance, theme)
        self._folded_line = FoldedLine(icons, theme)
        self._folded_line.opened.connect(self._open_docks)
        self._docks_wanted = False
        self._fold: Fold | None = None

        self._left = self._left_column()
        self._block = QWidget()
        block = QHBoxLayout(self._block)
        block.setContentsMargins(0, 0, 0, 0)
        block.setSpacing(0)
        block.addWidget(self.preview)
        block.addWidget(divider(vertical=True))
        block.addWidget(self.controls, 1)
        self._centre = self._centre_window()
        self._default_docks = self._centre.saveState(_LAYOUT_VERSION)

        middle = QVBoxLayout()
        middle.setSpacing(0)
        middle.addWidget(self.notices)
        middle.addWidget(self._centre, 1)
        middle.addWidget(self._folded_line)
        columns = QHBoxLayout()
        columns.setSpacing(0)
        columns.addWidget(self._left)
        columns.addWidget(divider(vertical=True))
        columns.addLayout(middle, 1)
        columns.addWidget(divider(vertical=True))
        columns.addWidget(self.metrics)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.top_bar)
        layout.addLayout(columns, 1)
        layout.addWidget(self.status)

    def show_snapshot(self, snapshot: SessionSnapshot) -> None:
        """Write the figures into every panel."""
        self.top_bar.show_snapshot(snapshot)
        self.providers.show_snapshot(snapshot)
        self.room.show_room(snapshot.room)
        self.lines.show_snapshot(snapshot)
        self.preview.show_snapshot(snapshot)
        self.controls.show_snapshot(snapshot, self.providers.target(snapshot))
        self.plots.show_snapshot(snapshot)
        self.metrics.show_snapshot(snapshot)
        self.status.show_snapshot(snapshot)
        self._fault_tools.show_snapshot(snapshot)
        self.ledger.show_rows(snapshot.ledger)
        show_balance(self._balance, snapshot.balance)
        if self._drives:
            self._folded_line.show_balance(snapshot.balance)
        if (newest := self.events.newest) is not None:
            self._folded_line.show_event(self.events.time_of(newest), newest.text)
        if self.notices.show_notices(snapshot.notices):
            self.refold()

    def refold(self) -> None:
        """Give every panel its size for the size of the window."""
        new = fold(self.width(), self.height(), self.notices.height_px, docks_wanted=self._docks_wanted)
        if new == self._fold:
            return
        self._fold = new
        self._left.setFixedWidth(new.left_px)
        self.metrics.setFixedWidth(new.right_px)
        self._block.setFixedHeight(new.block_px)
        self.preview.setFixedWidth(new.preview_px)
        self.providers.set_one_line(new.one_line_cards)
        self.room.set_short(new.short_room)
        self.status.set_short(new.short_status)
        self.controls.set_tight(new.tight_controls)
        self.plots.fold(buffer=new.buffer_plot, sent=new.sent_plot and self._drives)
        self._folded_line.setVisible(not new.docks)
        self.event_dock.setVisible(new.docks)
        self.ledger_dock.setVisible(new.docks and self._drives)
        if new.docks:
            self._size_docks()

    def reset_layout(self) -> None:
        """Docks back to where they were at the start."""
        self._docks_wanted, self._fold = False, None
        self._centre.restoreState(self._default_docks, _LAYOUT_VERSION)
        self.refold()

    def focus_targets(self) -> list[QWidget]:
        """What F6 and Ctrl+1 to 5 go to: providers, controls, plots, events, ledger."""
        first: QWidget = self.providers.first_card or self.providers
        docks = [self.event_dock.table, self.ledger_dock.table]
        return [first, self.controls.speak, self.plots.drift.graph, *docks]

    def _left_column(self) -> QWidget:
        column = QWidget()
        column.setProperty("panel", True)
        column.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        layout = QVBoxLayout(column)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.providers)
        for panel, shown in ((self.room, True), (self.lines, self._drives)):
            for widget in (divider(), panel):
                layout.addWidget(widget)
                widget.setVisible(shown)
        layout.addStretch()
        return column

    def _centre_window(self) -> QMainWindow:
        """Preview, controls and plots, with the docks below them: docks need a main window of their own."""
        centre = QMainWindow()
        centre.setWindowFlags(Qt.WindowType.Widget)
        centre.setDockOptions(QMainWindow.DockOption.AllowTabbedDocks | QMainWindow.DockOption.AllowNestedDocks)
        content = QWidget()
        content.setProperty("panel", True)
        content.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        layout = QVBoxLayout(content)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._block)
        layout.addWidget(divider())
        layout.addWidget(self.plots, 1)
        centre.setCentralWidget(content)
        centre.addDockWidget(Qt.DockWidgetArea.BottomDockWidgetArea, self.event_dock)
        centre.splitDockWidget(self.event_dock, self.ledger_dock, Qt.Orientation.Horizontal)
        return centre

    def _size_docks(self) -> None:
        docks = [self.event_dock, self.ledger_dock]
        self._centre.resizeDocks(docks, [DOCK_PX, DOCK_PX], Qt.Orientation.Vertical)
        self._centre.resizeDocks(docks, [53, 47], Qt.Orientation.Horizontal)

    def _open_docks(self) -> None:
        self._docks_wanted = True
        self.refold()
