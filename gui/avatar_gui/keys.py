"""Keys of the window, in one table: what the shortcuts do and what the list of keys shows."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QAbstractButton, QApplication, QComboBox, QLineEdit, QPlainTextEdit, QWidget


@dataclass(frozen=True, slots=True)
class Key:
    """A key sequence, what it does in words, and the call. `words` empty: not listed, for another line tells it."""

    sequence: str
    words: str
    call: Callable[[], None]
    shown_as: str = ""


class Keys(QObject):
    """Shortcuts of one window. Text fields keep their letters: Qt asks them first. Buttons keep Space."""

    def __init__(self, app: QApplication, window: QWidget, keys: Sequence[Key]) -> None:
        super().__init__(window)
        self.keys = tuple(keys)
        self._space: list[QShortcut] = []
        for key in keys:
            shortcut = QShortcut(QKeySequence(key.sequence), window)
            shortcut.setContext(Qt.ShortcutContext.WindowShortcut)
            shortcut.setAutoRepeat(False)
            shortcut.activated.connect(key.call)
            if key.sequence == "Space":
                self._space.append(shortcut)
        app.focusChanged.connect(self._focus_changed)

    def _focus_changed(self, _old: QWidget | None, new: QWidget | None) -> None:
        presses = isinstance(new, QAbstractButton | QComboBox | QLineEdit | QPlainTextEdit)
        for shortcut in self._space:
            shortcut.setEnabled(not presses)
