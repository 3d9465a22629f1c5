"""One part of the window at a time: theme and icons on pytest-qt's application, snapshots from a fake session."""

from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QApplication

from avatar_gui.app import prepare_application
from avatar_gui.icons import Icons
from avatar_gui.theme import Theme


@pytest.fixture
def theme(qapp: QApplication) -> Iterator[Theme]:
    prepare_application(qapp)
    theme = Theme(qapp)
    theme.choose("dark")
    yield theme
    theme.deleteLater()


@pytest.fixture
def icons(theme: Theme) -> Icons:
    return Icons(theme)
