"""A button that shows its command working, what came of it, and how long it took (UI.md, controls)."""

from dataclasses import dataclass

from PySide6.QtCore import Property, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QAbstractButton, QSizePolicy

from avatar_gui.actions import Action, ActionState
from avatar_gui.figures import NARROW_SPACE
from avatar_gui.fonts import Type
from avatar_gui.icons import Icons
from avatar_gui.theme import Theme
from avatar_gui.widgets.text import ElidedLabel, set_tone

_LEFT = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
_RADIUS_PX = 6
# A result narrower than this says nothing.
_RESULT_PX = 36
# A command that takes longer than this fills the whole progress line.
_USUAL_S = 1.5


@dataclass(frozen=True, slots=True)
class Face:
    """One side of a button: what it asks for and how it is written. `hint` stands where the result will."""

    action: Action
    label: str
    busy: str
    icon: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Surface:
    """The tokens of a kind of button: fill, fill under the pointer, border, text, faint text."""

    fill: str
    hover: str
    border: str
    text: str
    faint: str


PLAIN = Surface("raised", "hover", "edge", "t1", "t2")
PRIMARY = Surface("accfill", "accfill", "accfill", "acctext", "acctext")
INVERTED = Surface("inv", "inv", "inv", "invtext", "invtext")
_DISABLED = Surface("panel", "panel", "line", "t3", "t3")


class CommandButton(QAbstractButton):
    """Shows one face at a time; a click asks its action. The result stays until the next use.

    Signals:
        state_changed: a property changed: `state`, or `outcome` ("done" or "failed" of the last use, which stays while
            the button is disabled).
    """

    state_changed = Signal()

    def __init__(
        self, name: str, face: Face, key: str, icons: Icons, theme: Theme, *, surface: Surface = PLAIN
    ) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self._key, self._icons, self._theme, self._surface = key, icons, theme, surface
        self._one_line, self._large = False, False
        self._progress: float | None = None
        self._outcome = ActionState.IDLE
        self._outcome_text = ""
        self._note = ""
        self.result = ElidedLabel("", Type.LABEL, "t2", f"{name}.result")
        self.result.setParent(self)
        self.result.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._listened: set[Action] = set()
        self._face = face
        self.show_face(face)
        self.clicked.connect(self.ask)

    @property
    def face(self) -> Face:
        """What it shows now."""
        return self._face

    def show_face(self, face: Face) -> None:
        """Show another side; the result of the last use stays."""
        if face.action not in self._listened:
            self._listened.add(face.action)
            face.action.changed.connect(self._refresh)
            face.action.finished.connect(self._finished)
        self._face = face
        self._refresh()

    def set_shape(self, height_px: int, *, one_line: bool = False, large: bool = False) -> None:
        """Its height, whether the result stands beside the label, and whether it is the large one."""
        self._one_line, self._large = one_line, large
        self.setFixedHeight(height_px)
        self._refresh()

    def set_progress(self, progress: float | None) -> None:
        """A progress line at the foot, 0 to 1, for what goes on after the command itself; None: no line."""
        if progress != self._progress:
            self._progress = progress
            self.update()

    def set_note(self, note: str) -> None:
        """A running figure in the place of the result, while the command is not busy; empty: the result again."""
        self._note = note
        self._refresh_result()

    def ask(self) -> None:
        """Ask the action of the face shown; the same as a click."""
        self._face.action.trigger()

    def tick(self) -> None:
        """Let the elapsed time move on while busy."""
        if self._face.action.current is ActionState.BUSY:
            self._refresh_result()
            self.update()

    def _state_name(self) -> str:
        current = self._face.action.current
        return (current if current in (ActionState.BUSY, ActionState.DISABLED) else self._outcome).value

    state = Property(str, _state_name, notify=state_changed)

    def _outcome_name(self) -> str:
        return "" if self._outcome is ActionState.IDLE else self._outcome.value

    outcome = Property(str, _outcome_name, notify=state_changed)

    def sizeHint(self) -> QSize:
        """As high as its shape says."""
        return QSize(140, self.height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the result in its place."""
        self._place_result()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw surface, icon, label, key cap and progress line."""
        state = ActionState(self._state_name())
        surface = _DISABLED if state is ActionState.DISABLED else self._surface
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        under_pointer = self.underMouse() or self.isDown()
        painter.setPen(QPen(self._theme.color(surface.border), 1))
        painter.setBrush(self._theme.color(surface.hover if under_pointer else surface.fill))
        frame = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.drawRoundedRect(frame, _RADIUS_PX, _RADIUS_PX)

        glyph_px = 24.0 if self._large else 16.0
        line = self._label_line()
        glyph_line = QRectF(self.rect()) if self._large else line
        glyph = QRectF(16 if self._large else 12, glyph_line.center().y() - glyph_px / 2, glyph_px, glyph_px)
        self._icons.paint(painter, self._face.icon, glyph, surface.text)
        painter.setPen(self._theme.color(surface.text))
        painter.setFont(self._label_use().font())
        label = self._face.busy if state is ActionState.BUSY else self._face.label
        words = line.adjusted(self._text_left(), 0, -self._key_width() - 12, 0)
        # One that is as narrow as its icon is told by that, and by its tooltip.
        if words.width() > 0:
            shown = QFontMetricsF(painter.font()).elidedText(label, Qt.TextElideMode.ElideRight, words.width())
            painter.drawText(words, _LEFT, shown)
        self._paint_key(painter, line, surface)
        self._paint_progress(painter, state, surface)

    def _paint_key(self, painter: QPainter, line: QRectF, surface: Surface) -> None:
        if not self._key:
            return
        font = Type.TICK.font()
        width = max(18.0, QFontMetricsF(font).horizontalAdvance(self._key) + 9)
        top = line.top() + 4 if self._large else line.center().y() - 9
        cap = QRectF(self.width() - width - 8, top, width, 18)
        painter.setFont(font)
        painter.setPen(QPen(self._theme.color(surface.border if surface in (PLAIN, _DISABLED) else surface.faint), 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(cap.adjusted(0.5, 0.5, -0.5, -0.5), 3, 3)
        painter.setPen(self._theme.color(surface.faint))
        painter.drawText(cap, Qt.AlignmentFlag.AlignCenter, self._key)

    def _paint_progress(self, painter: QPainter, state: ActionState, surface: Surface) -> None:
        progress = self._progress
        if state is ActionState.BUSY:
            progress = min(1.0, self._face.action.busy_s / _USUAL_S)
        if progress is not None:
            foot = QRectF(6, self.height() - 3, (self.width() - 12) * progress, 2)
            painter.fillRect(foot, self._theme.color("acc" if surface is PLAIN else surface.text))

    def _label_use(self) -> Type:
        return Type.INTERRUPT if self._large else Type.VALUE

    def _text_left(self) -> float:
        return 52.0 if self._large else 36.0

    def _label_line(self) -> QRectF:
        rect = QRectF(self.rect())
        if self._one_line:
            return rect
        middle = rect.center().y()
        height = 24.0 if self._large else 18.0
        return QRectF(0, middle - height + (4 if self._large else 2), rect.width(), height)

    def _place_result(self) -> None:
        if self._one_line:
            metrics = QFontMetricsF(self._label_use().font())
            left = int(self._text_left() + metrics.horizontalAdvance(self._face.label) + 12)
            right = self.width() - 8 - self._key_width() - 8
            self.result.setGeometry(left, 0, max(0, right - left), self.height())
            self.result.setVisible(right - left >= _RESULT_PX)
            self.result.setAlignment(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight)
        else:
            top = int(self._label_line().bottom())
            self.result.setGeometry(int(self._text_left()), top, int(self.width() - self._text_left() - 10), 16)
            self.result.setVisible(True)
            self.result.setAlignment(_LEFT)

    def _key_width(self) -> int:
        return int(max(18.0, QFontMetricsF(Type.TICK.font()).horizontalAdvance(self._key) + 9)) if self._key else 0

    def _finished(self) -> None:
        action = self.sender()
        result = action.result if isinstance(action, Action) else None
        if result is not None:
            self._outcome = ActionState.DONE if result.ok else ActionState.FAILED
            self._outcome_text = result.text
        self._refresh()

    def _refresh(self) -> None:
        if self._face.action.current is ActionState.BUSY:
            self._outcome, self._outcome_text = ActionState.IDLE, ""
        self._place_result()
        self._refresh_result()
        self.setText(self._face.label)
        self.setAccessibleName(self._face.label)
        reason = self._face.action.blocked
        self.setAccessibleDescription(reason or self._outcome_text or self._face.hint)
        keyed = f"{self._face.label} ({self._key})" if self._key else self._face.label
        more = reason or self._outcome_text
        self.setToolTip(f"{keyed}: {more}" if more else keyed)
        self.state_changed.emit()
        self.update()

    def _refresh_result(self) -> None:
        state = ActionState(self._state_name())
        faint = (_DISABLED if state is ActionState.DISABLED else self._surface).faint
        if state is ActionState.BUSY:
            self.result.setText(f"{self._face.action.busy_s * 1000:.0f}{NARROW_SPACE}ms")
        else:
            failed = state is ActionState.FAILED
            hint = "" if self._one_line else self._face.hint
            self.result.setText((not failed and self._note) or self._outcome_text or hint)
            if failed and self._surface is PLAIN:
                faint = "fail"
        set_tone(self.result, faint)
