"""The window: wires panels, commands, keys and timers to one session, and ends it when it closes."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtGui import QAction, QCloseEvent, QResizeEvent
from PySide6.QtWidgets import QApplication, QFileDialog, QMainWindow

from avatar_core.bench.contract import Session, SessionEvent, WireEvent
from avatar_core.bench.states import Command
from avatar_core.tasks import spawn
from avatar_gui.actions import Actions
from avatar_gui.body import Body
from avatar_gui.bridge import SessionBridge
from avatar_gui.focus_ring import FocusRing
from avatar_gui.folding import SMALLEST
from avatar_gui.icons import Icons
from avatar_gui.key_table import key_table
from avatar_gui.keys import Keys
from avatar_gui.menus import MenuCalls, add_menus
from avatar_gui.navigation import Navigation, set_tab_order
from avatar_gui.theme import Theme
from avatar_gui.watchdog import LoopWatchdog
from avatar_gui.widgets.key_list import KeyList

TICK_MS = 50
TICKS_A_FIGURE = 5
FRAME_MS = 16
USUAL_SIZE = QSize(1440, 900)


class MainWindow(QMainWindow):
    """One window over one session. `aclose` ends the session; closing the window does the same."""

    def __init__(self, app: QApplication, session: Session, theme: Theme) -> None:
        super().__init__()
        self.setWindowTitle("Avatar testbench")
        self.setMinimumSize(*SMALLEST)
        self.resize(USUAL_SIZE)
        # Nothing is focused at first, and a click beside the controls leaves them: then Space speaks.
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.session = session
        self.theme = theme
        self.icons = Icons(theme)
        self.commands = Actions(session, self)
        self.bridge = SessionBridge(session, self)
        self.body = Body(session, self.commands, self.icons, theme)
        self.setCentralWidget(self.body)
        self._ring = FocusRing(app, self, theme)
        self._closing: asyncio.Task[None] | None = None
        self._closed = asyncio.Event()
        self._ticks = 0
        self._refresh_due = False
        # The same for the whole session: a call for it with each packet would cost more than the packet.
        self._wall_offset_s = session.snapshot().wall_offset_s

        self._build_keys_and_menus(app, theme)
        self._wire()
        self.setFocus()
        self.watchdog = LoopWatchdog(session.clock, self)
        self.watchdog.stalled.connect(self._stalled)
        self._tick_timer = self._timer(TICK_MS, self._tick)
        self._frame_timer = self._timer(FRAME_MS, self.body.preview.picture.poll)

    def start(self) -> None:
        """Begin to refresh and to watch the loop, and connect the session."""
        self.refresh()
        set_tab_order(self.body)
        self._tick_timer.start()
        self._frame_timer.start()
        self.watchdog.start()
        self.commands[Command.CONNECT].trigger()

    def refresh(self) -> None:
        """Show the session as of now."""
        self._refresh_due = False
        snapshot = self.session.snapshot()
        self.commands.refresh(snapshot)
        self.body.show_snapshot(snapshot)

    def request_close(self) -> None:
        """Close as if the user had asked for it; asked again, it goes on closing."""
        if self._closing is None:
            self._closing = spawn(self.aclose(), name="close the window")

    async def wait_closed(self) -> None:
        """Return once the window has closed; raises what went wrong on the way."""
        await self._closed.wait()
        if self._closing is not None:
            await self._closing

    async def aclose(self) -> None:
        """Stop the timers, let go of the picture, end the session, close. Harmless twice."""
        if self._closed.is_set():
            return
        self._tick_timer.stop()
        self._frame_timer.stop()
        self.watchdog.close()
        self.body.preview.picture.release()
        try:
            # First the session: what a command waits for may end only with it.
            await self.session.aclose()
            await self.commands.aclose()
        finally:
            self.bridge.close()
            self._closed.set()
            self.close()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Close only once the session has ended; until then the wish is noted."""
        if self._closed.is_set():
            event.accept()
        else:
            event.ignore()
            self.request_close()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fold what no longer fits."""
        super().resizeEvent(event)
        self.body.refold()

    def _wire(self) -> None:
        body = self.body
        self.bridge.event_came.connect(self._event_came)
        self.bridge.wire_came.connect(self._wire_came)
        self.bridge.state_changed.connect(self._refresh_soon)
        self.commands.settled.connect(self._refresh_soon)
        body.providers.swap_wanted.connect(body.controls.swap_to)
        body.providers.target_changed.connect(self._refresh_soon)
        body.controls.target_chosen.connect(body.providers.choose)
        body.controls.file_wanted.connect(self._choose_file)
        body.lines.line_wanted.connect(self.commands[Command.SPEAK].trigger)
        body.notices.acted.connect(self.commands[Command.ACT_ON_NOTICE].trigger)
        body.notices.closed.connect(self._close_notice)

    def _timer(self, interval_ms: int, call: Callable[[], None]) -> QTimer:
        timer = QTimer(self)
        timer.setInterval(interval_ms)
        timer.setTimerType(Qt.TimerType.PreciseTimer)
        timer.timeout.connect(call)
        return timer

    def _tick(self) -> None:
        """Twenty times a second: curves, levels, elapsed times; every fifth time the figures."""
        self._ticks += 1
        body = self.body
        body.plots.refresh()
        body.controls.tick()
        body.wire_tools.tick()
        if self._ticks % TICKS_A_FIGURE == 0:
            self.refresh()
        body.preview.show_levels(self.session.levels(), muted=body.controls.muted)

    def _event_came(self, event: SessionEvent) -> None:
        self.body.events.add(event, self._wall_offset_s)
        self._refresh_soon()

    def _wire_came(self, event: WireEvent) -> None:
        self.body.wire.add(event, self._wall_offset_s)

    def _refresh_soon(self) -> None:
        """Once after this turn of the loop, however many facts came in it."""
        if not self._refresh_due:
            self._refresh_due = True
            QTimer.singleShot(0, self, self.refresh)

    def _stalled(self, duration_s: float, where: str) -> None:
        self.session.note_stall(duration_s, where)
        self.body.status.show_stall(duration_s, where)

    def _close_notice(self, notice_id: str) -> None:
        self.session.dismiss_notice(notice_id)
        self.refresh()

    def _choose_file(self) -> None:
        dialog = QFileDialog(self, "Speak a file")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(lambda path: self.commands[Command.ADD_SOURCE].trigger(Path(path)))
        # Not exec(): a nested loop would hang every coroutine.
        dialog.open()

    def _swap_to_number(self, number: int) -> None:
        providers = self.session.snapshot().providers
        if number <= len(providers):
            self.body.controls.swap_to(providers[number - 1].id)

    def _build_keys_and_menus(self, app: QApplication, theme: Theme) -> None:
        reconnect = self.commands[Command.RECONNECT].trigger
        self.key_list = KeyList(self.body, theme)
        navigation = Navigation(self.body, self.key_list)
        table = key_table(self.body, navigation, self._swap_to_number, reconnect)
        self.key_list.fill(table)
        self.keys = Keys(app, self, table)
        overlay = QAction("Figures over the picture\tO", self, checkable=True, checked=True)
        self.body.preview.overlay_button.toggled.connect(self._refresh_soon)
        overlay.toggled.connect(self.body.preview.overlay_button.setChecked)
        self.body.preview.overlay_button.toggled.connect(overlay.setChecked)
        calls = MenuCalls(
            reconnect,
            self._choose_file,
            self.body.controls.toggle_recording,
            self.request_close,
            self.body.reset_layout,
            self.key_list.toggle,
        )
        add_menus(self.body.top_bar, self, theme, calls, overlay)
        self.body.top_bar.add_tool(
            "main.topbar.keys", "Keys", "?", self.icons.icon("keyboard", "t2"), self.key_list.toggle
        )
