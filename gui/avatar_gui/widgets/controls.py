"""The controls: what to say, Speak, Interrupt, Pause, End, Swap, Mark, Record and the monitor."""

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QAction, QPainter, QPaintEvent
from PySide6.QtWidgets import QComboBox, QGridLayout, QHBoxLayout, QMenu, QToolButton, QVBoxLayout, QWidget

from avatar_core.bench.snapshot import ProviderInfo, SessionSnapshot
from avatar_core.bench.states import Command, SourceKind
from avatar_gui.actions import Actions
from avatar_gui.figures import NARROW_SPACE
from avatar_gui.fonts import Type
from avatar_gui.icons import Icons
from avatar_gui.theme import Theme
from avatar_gui.widgets.command_button import INVERTED, PRIMARY, CommandButton, Face
from avatar_gui.widgets.panel import panel_header

_SOURCE_ICONS = {SourceKind.FILE: "music", SourceKind.PATTERN: "wave-sine", SourceKind.MICROPHONE: "microphone"}
_ADD, _TARGET = "Speak a file", "Swap to another provider"
_GAP_PX = 6
_MONITOR_PX = 40


class SourceBox(QComboBox):
    """The speech sources; one that can't be used says why and can't be chosen."""

    def __init__(self, icons: Icons, theme: Theme) -> None:
        super().__init__()
        self._icons = icons
        self._theme = theme
        self.setObjectName("controls.source")
        self.setAccessibleName("Source")
        self.setIconSize(QSize(16, 16))
        self.setFont(Type.BODY.font())
        self.setMinimumWidth(80)
        self.setFixedHeight(28)

    def show_sources(self, snapshot: SessionSnapshot) -> None:
        """Offer these; the selection follows the session."""
        wanted = [(source.id, source.name, source.why) for source in snapshot.sources]
        shown = [
            (self.itemData(row), self.itemText(row), self.itemData(row, Qt.ItemDataRole.ToolTipRole) or "")
            for row in range(self.count())
        ]
        if wanted != shown:
            self.clear()
            for row, source in enumerate(snapshot.sources):
                self.addItem(self._icons.icon(_SOURCE_ICONS[source.kind], "t2"), source.name, source.id)
                self.setItemData(row, source.why or None, Qt.ItemDataRole.ToolTipRole)
                if not source.available:
                    # The model behind a combo box takes item flags as data of the role before the user's own.
                    self.setItemData(row, 0, Qt.ItemDataRole.UserRole - 1)
        why_not = snapshot.blocked.get(Command.SELECT_SOURCE, "")
        self.setEnabled(not why_not)
        self.setToolTip(why_not)
        self.setPlaceholderText("Somebody else drives" if why_not else "")
        row = self.findData(snapshot.selected_source_id)
        if row != self.currentIndex():
            self.setCurrentIndex(row)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the box as Qt does, and the family's own chevron."""
        super().paintEvent(event)
        painter = QPainter(self)
        box = self.rect().adjusted(self.width() - 24, 6, -8, -6)
        self._icons.paint(painter, "chevron-down", box.toRectF(), "t2")


class Controls(QWidget):
    """Every button is an action's face; the panel only decides which face fits the snapshot.

    Signals:
        target_chosen: the id of the provider that Swap is to take.
        file_wanted: the user wants to choose a file to speak.
    """

    target_chosen = Signal(str)
    file_wanted = Signal()

    def __init__(self, actions: Actions, icons: Icons, theme: Theme) -> None:
        super().__init__()
        self.setProperty("panel", True)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._actions = actions
        self._target: ProviderInfo | None = None
        self._build_faces(actions)

        self.source = SourceBox(icons, theme)
        self.source.activated.connect(self._source_chosen)
        self.add_source = self._tool("controls.addSource", "plus", _ADD, icons)
        self.add_source.clicked.connect(self.file_wanted)

        def button(name: str, face: Face, key: str) -> CommandButton:
            return CommandButton(f"controls.{name}", face, key, icons, theme)

        self.speak = CommandButton("controls.speak", self._speak, "Space", icons, theme, surface=PRIMARY)
        self.interrupt = CommandButton("controls.interrupt", self._interrupt, "I", icons, theme, surface=INVERTED)
        self.pause = button("pause", self._pause, "P")
        self.end = button("end", self._end, "E")
        self.swap = button("swap", self._swap, "S")
        self.swap.clicked.disconnect()
        self.swap.clicked.connect(self.swap_to_target)
        self.mark = button("mark", self._mark, "M")
        self.record = button("record", self._record, "R")
        self.record.clicked.disconnect()
        self.record.clicked.connect(self.toggle_recording)
        self.recording = False
        self.monitor = button("monitor", self._mute, "")
        self.monitor.clicked.disconnect()
        self.monitor.clicked.connect(self.toggle_monitor)
        self.muted = False

        self._targets = QMenu(self)
        self._in_place = QAction("In place of the old one", self, checkable=True)
        self.swap_target = self._tool("controls.swapTarget", "chevron-down", _TARGET, icons)
        self.swap_target.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.swap_target.setMenu(self._targets)
        self.buttons = (
            self.speak,
            self.interrupt,
            self.pause,
            self.end,
            self.swap,
            self.mark,
            self.record,
            self.monitor,
        )

        sources = QHBoxLayout()
        sources.setSpacing(_GAP_PX)
        sources.addWidget(self.source, 1)
        sources.addWidget(self.add_source)
        sources.addWidget(self.monitor)
        self.monitor.setFixedWidth(_MONITOR_PX)
        swaps = QHBoxLayout()
        swaps.setSpacing(_GAP_PX)
        swaps.addWidget(self.swap, 1)
        swaps.addWidget(self.swap_target)
        grid = QGridLayout()
        grid.setContentsMargins(12, 0, 12, 8)
        grid.setSpacing(_GAP_PX)
        grid.addLayout(sources, 0, 0, 1, 2)
        grid.addWidget(self.speak, 1, 0, 1, 2)
        grid.addWidget(self.interrupt, 2, 0, 1, 2)
        grid.addWidget(self.pause, 3, 0)
        grid.addWidget(self.end, 3, 1)
        grid.addLayout(swaps, 4, 0, 1, 2)
        grid.addWidget(self.mark, 5, 0)
        grid.addWidget(self.record, 5, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(panel_header("Controls"))
        layout.addLayout(grid)
        layout.addStretch()
        self.set_tight(False)

    def set_tight(self, tight: bool) -> None:
        """One line a button where height is short; Interrupt stays the largest."""
        row_px = 34 if tight else 44
        self.speak.set_shape(34, one_line=True)
        self.interrupt.set_shape(54 if tight else 66, large=True)
        for button in (self.pause, self.end, self.swap, self.mark, self.record):
            button.set_shape(row_px, one_line=tight)
        self.monitor.set_shape(28, one_line=True)
        self.swap_target.setFixedSize(28, row_px)

    def show_snapshot(self, snapshot: SessionSnapshot, target: ProviderInfo | None) -> None:
        """Choose the faces that fit; `target` is what Swap would take."""
        self.source.show_sources(snapshot)
        for tool, command, words in (
            (self.add_source, Command.ADD_SOURCE, _ADD),
            (self.swap_target, Command.SWAP, _TARGET),
        ):
            why_not = snapshot.blocked.get(command, "") if snapshot.observing else ""
            tool.setEnabled(not why_not)
            tool.setToolTip(why_not or words)
        speech = snapshot.speech
        self.speak.show_face(self._stop if speech else self._speak)
        self.pause.show_face(self._resume if speech and speech.paused else self._pause)
        if speech is not None and speech.duration_s:
            self.speak.set_progress(min(1.0, speech.position_s / speech.duration_s))
            self.speak.set_note(f"{speech.position_s:.0f}/{speech.duration_s:.0f}{NARROW_SPACE}s")
        else:
            self.speak.set_progress(None)
            self.speak.set_note(f"{speech.position_s:.0f}{NARROW_SPACE}s" if speech else "")
        self._show_target(snapshot, target)
        self.recording = snapshot.recording is not None
        self.record.show_face(self._stop_recording if self.recording else self._record)
        monitor = snapshot.monitor
        self.muted = monitor.muted
        self._actions[Command.SET_MONITOR_MUTED].block("" if monitor.available else monitor.why or "No speaker found")
        self.monitor.show_face(self._unmute if monitor.muted else self._mute)
        self.monitor.set_note(monitor.device if monitor.available else monitor.why)

    def swap_to_target(self) -> None:
        """What S asks for."""
        if self._target is not None:
            self.swap_to(self._target.id)

    def swap_to(self, provider_id: str) -> None:
        """Ask for a swap, in the way the menu says."""
        self._actions[Command.SWAP].trigger(provider_id, in_place=self._in_place.isChecked())

    def toggle_recording(self) -> None:
        """Record, or finish the file."""
        self._actions[Command.RECORD].trigger(not self.recording)

    def toggle_monitor(self) -> None:
        """Mute, or unmute."""
        self._actions[Command.SET_MONITOR_MUTED].trigger(not self.muted)

    def tick(self) -> None:
        """Let elapsed times move."""
        for button in self.buttons:
            button.tick()

    def _show_target(self, snapshot: SessionSnapshot, target: ProviderInfo | None) -> None:
        numbers = {provider.id: number for number, provider in enumerate(snapshot.providers, 1)}
        if target != self._target or self._targets.isEmpty():
            self._target = target
            self._targets.clear()
            for provider in snapshot.providers:
                entry = self._targets.addAction(f"{numbers[provider.id]}  {provider.name}")
                entry.triggered.connect(lambda _, chosen=provider.id: self.target_chosen.emit(chosen))
            self._targets.addSeparator()
            self._targets.addAction(self._in_place)
        swap = self._actions[Command.SWAP]
        label = f"Swap to {numbers[target.id]} {target.name}" if target and not snapshot.observing else "Swap"
        self.swap.show_face(Face(swap, label, "Swapping", "arrows-left-right", "Beside the old one"))

    def _source_chosen(self, row: int) -> None:
        self._actions[Command.SELECT_SOURCE].trigger(self.source.itemData(row))

    def _build_faces(self, actions: Actions) -> None:
        self._speak = Face(actions[Command.SPEAK], "Speak", "Starting", "player-play-filled")
        self._stop = Face(actions[Command.STOP], "Stop speaking", "Stopping", "player-stop-filled")
        self._interrupt = Face(actions[Command.INTERRUPT], "Interrupt", "Interrupting", "hand-stop", "Silence now")
        pause, resume = actions[Command.PAUSE], actions[Command.RESUME]
        self._pause = Face(pause, "Pause", "Pausing", "player-pause-filled", "Holds here")
        self._resume = Face(resume, "Resume", "Resuming", "player-play-filled", "From here")
        end = actions[Command.END_SEGMENT]
        self._end = Face(end, "End", "Ending", "arrow-bar-to-right", "Ends here")
        self._swap = Face(actions[Command.SWAP], "Swap", "Swapping", "arrows-left-right", "Beside the old one")
        self._mark = Face(actions[Command.MARK], "Mark", "Marking", "flag", "On all plots")
        record = actions[Command.RECORD]
        self._record = Face(record, "Record", "Starting", "circle-dot", "To a file")
        self._stop_recording = Face(record, "Stop", "Saving", "player-stop-filled", "Saves the file")
        mute = actions[Command.SET_MONITOR_MUTED]
        self._mute = Face(mute, "Mute", "Muting", "volume", "Sound on")
        self._unmute = Face(mute, "Unmute", "Unmuting", "volume-off", "Sound off")

    def _tool(self, name: str, icon: str, text: str, icons: Icons) -> QToolButton:
        button = QToolButton()
        button.setObjectName(name)
        button.setProperty("boxed", True)
        button.setIcon(icons.icon(icon, "t2"))
        button.setIconSize(QSize(16, 16))
        button.setFixedSize(28, 28)
        button.setToolTip(text)
        button.setAccessibleName(text)
        return button
