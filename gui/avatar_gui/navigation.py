"""Moving the focus: the order of Tab, jumps between panels, and leaving what is open."""

from itertools import pairwise

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLineEdit, QWidget

from avatar_gui.body import Body
from avatar_gui.widgets.key_list import KeyList

PANELS = 5


class Navigation:
    """What F6, Ctrl+1 to 5 and Escape do."""

    def __init__(self, body: Body, key_list: KeyList) -> None:
        self._body, self._key_list = body, key_list

    def show_keys(self) -> None:
        """Show the list of keys, or hide it."""
        self._key_list.toggle()

    def next_panel(self) -> None:
        """Focus the panel after the one that has the focus."""
        targets = [target for target in self._body.focus_targets() if target.isVisible()]
        focused = QApplication.focusWidget()
        here = next((index for index, target in enumerate(targets) if target is focused), -1)
        targets[(here + 1) % len(targets)].setFocus(Qt.FocusReason.ShortcutFocusReason)

    def go_to(self, index: int) -> None:
        """Focus a panel, counted from 0; a folded one keeps its place in the count and takes no focus."""
        target = self._body.focus_targets()[index]
        if target.isVisible():
            target.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def leave(self) -> None:
        """Close the list of keys, else leave a text field, else let the plots follow again."""
        focused = QApplication.focusWidget()
        if self._key_list.isVisible():
            self._key_list.hide()
        elif isinstance(focused, QLineEdit):
            focused.window().setFocus(Qt.FocusReason.OtherFocusReason)
        else:
            self._body.plots.axis.follow()


def set_tab_order(body: Body) -> None:
    """Top bar, providers, preview, controls with Interrupt second, plots, docks, metrics (UI.md, focus)."""
    before = (body.top_bar, body.notices, body.providers, body.lines, body.preview, body.controls)
    chain: list[QWidget] = []
    for panel in (*before, body.plots, body.event_dock, body.ledger_dock, body.metrics):
        found = [child for child in panel.findChildren(QWidget) if _takes_tab(child, body)]
        if panel is body.controls:
            buttons: list[QWidget] = list(body.controls.buttons)
            found = [*buttons, *(child for child in found if child not in buttons)]
        chain += found
    for first, second in pairwise(chain):
        QWidget.setTabOrder(first, second)


def _takes_tab(child: QWidget, body: Body) -> bool:
    # Menus and lists that drop down are windows of their own.
    return child.window() is body.window() and bool(child.focusPolicy() & Qt.FocusPolicy.TabFocus)
