"""A glyph and a word that say a state: the colour comes third."""

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from avatar_gui.fonts import Type
from avatar_gui.icons import Icons
from avatar_gui.theme import Theme

GLYPH_PX = 14
_GAP_PX = 5
_BOX_PX = 7


class Tag(QWidget):
    """Icon, then word. `boxed` draws a border in the same colour around both."""

    def __init__(self, icons: Icons, theme: Theme, name: str = "", use: Type = Type.TITLE) -> None:
        super().__init__()
        self.setObjectName(name)
        self._icons, self._theme, self._use = icons, theme, use
        self._icon, self._token, self._boxed, self._glyph_only = "", "t2", False, False
        self._word_token = "t2"
        self.word = ""
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents, False)

    def show_sign(self, icon: str, word: str, token: str, *, boxed: bool = False, word_token: str = "") -> None:
        """Show this; an empty icon shows the word alone. `word_token` where the word is not in the glyph's colour."""
        shown = (icon, word, token, boxed, word_token or token)
        if shown == (self._icon, self.word, self._token, self._boxed, self._word_token):
            return
        self._icon, self.word, self._token, self._boxed, self._word_token = shown
        self.setAccessibleName(word)
        if self._glyph_only:
            self.setToolTip(word)
        self.updateGeometry()
        self.update()

    def set_glyph_only(self, glyph_only: bool) -> None:
        """Leave the word to the tooltip, where there is no room."""
        if glyph_only == self._glyph_only:
            return
        self._glyph_only = glyph_only
        self.setToolTip(self.word if glyph_only else "")
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """As wide as what it shows."""
        box = 2 * _BOX_PX if self._boxed else 0
        width = GLYPH_PX + box if self._glyph_only and self._icon else self.whole_width()
        return QSize(width, max(18, QFontMetrics(self._use.font()).height()))

    def whole_width(self) -> int:
        """The pixels that glyph and word take together."""
        width = (GLYPH_PX if self._icon else 0) + (2 * _BOX_PX if self._boxed else 0)
        if self.word:
            word_px = QFontMetrics(self._use.font()).horizontalAdvance(self.word)
            width += word_px + (_GAP_PX if self._icon else 0) + 1
        return width

    def minimumSizeHint(self) -> QSize:
        """A state is never cut off."""
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw glyph, word and box."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        left = 0.0
        if self._boxed:
            painter.setPen(QPen(self._theme.color(self._token), 1))
            painter.setBrush(self._theme.color(f"{self._token}_tint"))
            painter.drawRoundedRect(QRectF(0.5, 0.5, self.width() - 1, self.height() - 1), 3, 3)
            left += _BOX_PX
        if self._icon:
            box = QRectF(left, (self.height() - GLYPH_PX) / 2, GLYPH_PX, GLYPH_PX)
            self._icons.paint(painter, self._icon, box, self._token)
            left += GLYPH_PX + _GAP_PX
        if self.word and not (self._glyph_only and self._icon):
            painter.setFont(self._use.font())
            painter.setPen(self._theme.color(self._word_token))
            words = QRectF(left, 0, self.width() - left, self.height())
            painter.drawText(words, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, self.word)
