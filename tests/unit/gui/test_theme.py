import pytest
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from avatar_gui.theme import Theme
from avatar_gui.tokens import DARK, LIGHT


def test_the_choice_sets_tokens_palette_and_stylesheet(theme: Theme, qapp: QApplication, qtbot: QtBot) -> None:
    with qtbot.waitSignal(theme.changed):
        theme.choose("light")
    assert theme.tokens == LIGHT
    assert qapp.palette().color(QPalette.ColorRole.Window).name() == LIGHT.panel.lower()
    assert LIGHT.t2 in qapp.styleSheet()
    assert "$" not in qapp.styleSheet()
    theme.choose("dark")
    assert theme.color("t1").name() == DARK.t1.lower()
    assert DARK.t2 in qapp.styleSheet()


def test_high_contrast_can_be_switched_on_and_off(theme: Theme) -> None:
    theme.set_high_contrast(True)
    assert theme.color("line").name() == DARK.field.lower()
    theme.set_high_contrast(False)
    assert theme.color("line").name() == DARK.line.lower()


def test_an_unknown_choice_is_an_error(theme: Theme) -> None:
    with pytest.raises(KeyError):
        theme.choose("sepia")
