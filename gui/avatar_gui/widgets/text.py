"""Labels: type from the few uses, colour by the name of a token (a property that the stylesheet knows)."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from avatar_gui.fonts import Type


def text_label(text: str, use: Type, tone: str = "t1", name: str = "") -> QLabel:
    """A plain-text label; `name` is its objectName."""
    label = QLabel(text)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setFont(use.font())
    label.setProperty("tone", tone)
    label.setObjectName(name)
    return label


def key_cap(key: str) -> QLabel:
    """A key as it is printed on a keyboard."""
    label = text_label(key, Type.TICK, "t2")
    label.setProperty("cap", True)
    return label


def set_text(label: QLabel, text: str) -> None:
    """Write, if it differs: most refreshes change nothing."""
    if label.text() != text:
        label.setText(text)


def set_tone(widget: QWidget, tone: str) -> None:
    """Change a label's colour, if it differs: the stylesheet is asked again."""
    if widget.property("tone") != tone:
        widget.setProperty("tone", tone)
        widget.style().unpolish(widget)
        widget.style().polish(widget)


class ElidedLabel(QLabel):
    """A label that ends in dots where there is no room; the whole text is its tooltip."""

    def __init__(self, text: str, use: Type, tone: str = "t1", name: str = "") -> None:
        super().__init__()
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setFont(use.font())
        self.setProperty("tone", tone)
        self.setObjectName(name)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._whole = text
        self._elide()

    @property
    def whole(self) -> str:
        """The text as it was set."""
        return self._whole

    def whole_width(self) -> int:
        """The pixels that all of it takes."""
        return QFontMetrics(self.font()).horizontalAdvance(self._whole)

    def setText(self, text: str) -> None:
        """Write, if it differs."""
        if text != self._whole:
            self._whole = text
            self._elide()

    def resizeEvent(self, event: object) -> None:
        """Cut anew."""
        self._elide()

    def _elide(self) -> None:
        shown = QFontMetrics(self.font()).elidedText(self._whole, Qt.TextElideMode.ElideRight, self.width())
        super().setText(shown)
        self.setToolTip(self._whole if shown != self._whole else "")
        self.setAccessibleName(self._whole)
