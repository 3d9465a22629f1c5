"""The type of the window: the fonts it ships and the few sizes it uses (UI.md, type)."""

from enum import Enum
from importlib.resources import as_file, files

from PySide6.QtGui import QFont, QFontDatabase

_SANS = ("Inter", "Segoe UI", "SF Pro Text", "Noto Sans", "DejaVu Sans")
_MONO = ("JetBrains Mono", "Consolas", "Menlo", "DejaVu Sans Mono")


class Type(Enum):
    """A use of type: pixel size, weight, monospaced. Two uses may look alike; they stay two members."""

    READOUT = ("readout", 34, QFont.Weight.Medium, False)
    INTERRUPT = ("interrupt", 17, QFont.Weight.Bold, False)
    HEADING = ("heading", 13, QFont.Weight.DemiBold, False)
    VALUE = ("value", 12, QFont.Weight.DemiBold, False)
    BODY = ("body", 12, QFont.Weight.Normal, False)
    TITLE = ("title", 11, QFont.Weight.DemiBold, False)
    LABEL = ("label", 11, QFont.Weight.Normal, False)
    TICK = ("tick", 10, QFont.Weight.Medium, False)
    MONO = ("mono", 11, QFont.Weight.Normal, True)

    def font(self) -> QFont:
        """A font of this use: even digits, no hinting."""
        _, size_px, weight, mono = self.value
        font = QFont(list(_MONO if mono else _SANS))
        font.setPixelSize(size_px)
        font.setWeight(weight)
        font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
        font.setFeature(QFont.Tag("tnum"), 1)
        return font


def load_fonts() -> list[str]:
    """Make the shipped fonts known to this application; returns the files that Qt would not take."""
    refused = []
    for entry in sorted((files("avatar_assets") / "fonts").iterdir(), key=lambda entry: entry.name):
        if entry.name.endswith((".otf", ".ttf")):
            with as_file(entry) as path:
                if QFontDatabase.addApplicationFont(str(path)) < 0:
                    refused.append(entry.name)
    return refused
