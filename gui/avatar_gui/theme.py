"""The look of the application: follows the system or the user, fills palette and stylesheet from the tokens."""

from importlib.resources import files
from string import Template

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication

from avatar_gui.tokens import DARK, LIGHT, Tokens

_SCHEMES = {
    "system": Qt.ColorScheme.Unknown,
    "dark": Qt.ColorScheme.Dark,
    "light": Qt.ColorScheme.Light,
}


class Theme(QObject):
    """The tokens in use.

    Signals:
        changed: palette and stylesheet were set anew; what caches colours must ask again.
    """

    changed = Signal()

    def __init__(self, app: QApplication) -> None:
        super().__init__(app)
        self._app = app
        self._high_contrast = False
        self._colors: dict[str, QColor] = {}
        self._template = Template((files("avatar_assets") / "style" / "window.qss").read_text(encoding="utf-8"))
        self.tokens: Tokens = DARK
        self.choice = "system"
        app.setStyle("Fusion")
        app.styleHints().colorSchemeChanged.connect(self._apply)
        self._apply()

    def choose(self, choice: str) -> None:
        """Follow "system", or stay "dark" or "light"; native title bars follow too. KeyError for anything else."""
        self._app.styleHints().setColorScheme(_SCHEMES[choice])
        self.choice = choice
        self._apply()

    def set_high_contrast(self, wanted: bool) -> None:
        """Make every border and every text plainly visible."""
        self._high_contrast = wanted
        self._apply()

    def color(self, token: str) -> QColor:
        """The colour of a token by its name; AttributeError for an unknown one."""
        if token not in self._colors:
            self._colors[token] = QColor(getattr(self.tokens, token))
        return self._colors[token]

    def _apply(self) -> None:
        # Unknown means that the system has no opinion; an instrument is dark by default.
        if self.choice == "system":
            light = self._app.styleHints().colorScheme() is Qt.ColorScheme.Light
        else:
            light = self.choice == "light"
        tokens = LIGHT if light else DARK
        self.tokens = tokens.high_contrast() if self._high_contrast else tokens
        self._colors.clear()
        self._app.setPalette(_palette(self.tokens))
        names = self.tokens.__dataclass_fields__
        self._app.setStyleSheet(self._template.substitute({name: getattr(self.tokens, name) for name in names}))
        self.changed.emit()


def _palette(tokens: Tokens) -> QPalette:
    palette = QPalette()
    roles = {
        QPalette.ColorRole.Window: tokens.panel,
        QPalette.ColorRole.WindowText: tokens.t1,
        QPalette.ColorRole.Base: tokens.panel,
        QPalette.ColorRole.AlternateBase: tokens.raised,
        QPalette.ColorRole.Text: tokens.t1,
        QPalette.ColorRole.Button: tokens.raised,
        QPalette.ColorRole.ButtonText: tokens.t1,
        QPalette.ColorRole.BrightText: tokens.invtext,
        QPalette.ColorRole.ToolTipBase: tokens.hover,
        QPalette.ColorRole.ToolTipText: tokens.t1,
        QPalette.ColorRole.PlaceholderText: tokens.t3,
        QPalette.ColorRole.Highlight: tokens.sel,
        QPalette.ColorRole.HighlightedText: tokens.t1,
        QPalette.ColorRole.Accent: tokens.acc,
        QPalette.ColorRole.Link: tokens.acc,
        QPalette.ColorRole.Light: tokens.edge,
        QPalette.ColorRole.Midlight: tokens.line,
        QPalette.ColorRole.Mid: tokens.edge,
        QPalette.ColorRole.Dark: tokens.line,
        QPalette.ColorRole.Shadow: tokens.well,
    }
    for role, value in roles.items():
        palette.setColor(role, QColor(value))
    for role in (QPalette.ColorRole.WindowText, QPalette.ColorRole.Text, QPalette.ColorRole.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, role, QColor(tokens.t3))
    return palette
