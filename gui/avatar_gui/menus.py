"""The menus of the top bar: Session, View, Help. Only what is built."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu, QWidget

from avatar_gui.theme import Theme
from avatar_gui.widgets.top_bar import TopBar


@dataclass(frozen=True, slots=True)
class MenuCalls:
    """What the entries do."""

    reconnect: Callable[[], None]
    open_file: Callable[[], None]
    record: Callable[[], None]
    close: Callable[[], None]
    reset_layout: Callable[[], None]
    show_keys: Callable[[], None]


def add_menus(bar: TopBar, parent: QWidget, theme: Theme, calls: MenuCalls, overlay: QAction) -> None:
    """Fill the top bar. `overlay` is the entry that shows figures over the picture."""
    session = QMenu(parent)
    _entry(session, "Reconnect", calls.reconnect, "Ctrl+K")
    _entry(session, "Speak a file\u2026", calls.open_file)
    _entry(session, "Record, or stop recording", calls.record, "R")
    session.addSeparator()
    _entry(session, "Close", calls.close)
    bar.add_menu("Session", session)

    view = QMenu(parent)
    group = QActionGroup(parent)
    for choice, words in (("system", "Theme of the system"), ("dark", "Dark"), ("light", "Light")):
        entry = _entry(view, words, partial(theme.choose, choice))
        entry.setCheckable(True)
        entry.setChecked(theme.choice == choice)
        group.addAction(entry)
    view.addSeparator()
    contrast = view.addAction("High contrast")
    contrast.setCheckable(True)
    contrast.toggled.connect(theme.set_high_contrast)
    view.addAction(overlay)
    view.addSeparator()
    _entry(view, "Reset layout", calls.reset_layout)
    bar.add_menu("View", view)

    about = QMenu(parent)
    _entry(about, "Keys", calls.show_keys, "?")
    bar.add_menu("Help", about)


def _entry(menu: QMenu, words: str, call: Callable[[], None], key: str = "") -> QAction:
    """A tab puts the key at the right; the shortcut itself is made in keys.py."""
    entry = menu.addAction(f"{words}\t{key}" if key else words)
    entry.triggered.connect(lambda _=False: call())
    return entry
