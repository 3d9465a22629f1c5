"""The frame that every panel shares: its header and the lines between panels."""

from PySide6.QtWidgets import QFrame, QHBoxLayout, QWidget

from avatar_gui.fonts import Type
from avatar_gui.widgets.text import text_label

HEADER_PX = 28
PADDING_PX = 12


def panel_header(title: str, *right: QWidget) -> QHBoxLayout:
    """The title of a panel, 28 px high, with what belongs at its right end."""
    layout = QHBoxLayout()
    layout.setContentsMargins(PADDING_PX, 0, PADDING_PX, 0)
    layout.setSpacing(6)
    label = text_label(title, Type.TITLE, "t2")
    label.setFixedHeight(HEADER_PX)
    layout.addWidget(label)
    layout.addStretch()
    for widget in right:
        layout.addWidget(widget)
    return layout


def divider(*, vertical: bool = False) -> QFrame:
    """A line of one pixel between panels."""
    line = QFrame()
    line.setProperty("divider", True)
    if vertical:
        line.setFixedWidth(1)
    else:
        line.setFixedHeight(1)
    return line
