"""The providers: a card each, with number, state, key and verdict; the card in focus is what Swap takes."""

from PySide6.QtCore import Property, QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QAbstractButton, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from avatar_core.bench.snapshot import ProviderInfo, SessionSnapshot
from avatar_core.bench.states import ProviderState
from avatar_gui.figures import DOT
from avatar_gui.fonts import Type
from avatar_gui.icons import Icons
from avatar_gui.theme import Theme
from avatar_gui.tokens import VERDICT_SIGNS, Sign
from avatar_gui.widgets.panel import panel_header
from avatar_gui.widgets.tag import Tag
from avatar_gui.widgets.text import ElidedLabel, key_cap, text_label

FULL_PX, ONE_LINE_PX = 54, 36
_MARGIN_PX, _NUMBER_PX, _SPACING_PX = 10, 18, 8

STATE_SIGNS = {
    ProviderState.NOT_STARTED: Sign("circle", "Not started", "t2"),
    ProviderState.STARTING: Sign("hourglass", "Starting", "t1"),
    ProviderState.STANDING_BY: Sign("circle-dot", "Standing by", "t1"),
    ProviderState.LIVE: Sign("access-point", "Live", "ok"),
    ProviderState.AWAY: Sign("hourglass", "Away", "warn"),
    ProviderState.FAILED: Sign("circle-x-filled", "Failed", "fail"),
    ProviderState.KEY_MISSING: Sign("key", "Add a key", "warn"),
    ProviderState.KEY_REFUSED: Sign("circle-x-filled", "Key refused", "fail"),
}


class ProviderCard(QAbstractButton):
    """One provider. A click makes it the target of Swap; Return or a double click swaps to it.

    Signals:
        swap_wanted: swap to this provider now.
    """

    swap_wanted = Signal(str)

    def __init__(self, number: int, provider: ProviderInfo, icons: Icons, theme: Theme) -> None:
        super().__init__()
        name = f"providers.card.{provider.id}"
        self.setObjectName(name)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.provider_id = provider.id
        self._theme = theme
        self._live, self._target = False, False
        self._provider_state = provider.state
        self._number = key_cap(str(number))
        self._number.setFixedSize(_NUMBER_PX, _NUMBER_PX)
        self._number.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._name = ElidedLabel(provider.name, Type.HEADING)
        self._kind = ElidedLabel("", Type.LABEL, "t2")
        self._state_tag = Tag(icons, theme, f"{name}.state")
        self._key = Tag(icons, theme, f"{name}.key")
        self._verdict = Tag(icons, theme, f"{name}.verdict")

        self._one_line = False
        first, second = QHBoxLayout(), QHBoxLayout()
        first.setSpacing(_SPACING_PX)
        second.setSpacing(6)
        first.addWidget(self._number)
        first.addWidget(self._name, 1)
        first.addWidget(self._state_tag)
        second.addWidget(self._kind, 1)
        second.addWidget(self._key)
        second.addWidget(self._verdict)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(_MARGIN_PX, 6, _MARGIN_PX, 6)
        layout.setSpacing(2)
        layout.addLayout(first)
        layout.addLayout(second)
        for child in self.findChildren(QWidget):
            child.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.set_one_line(False)

    def _state_value(self) -> str:
        return self._provider_state.value

    state = Property(str, _state_value)

    def set_one_line(self, one_line: bool) -> None:
        """Name and glyph alone, where width is short."""
        self._one_line = one_line
        self.setFixedHeight(ONE_LINE_PX if one_line else FULL_PX)
        for widget in (self._kind, self._key, self._verdict):
            widget.setVisible(not one_line)
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """See anew what fits."""
        self._fit()

    def _fit(self) -> None:
        # A name that is cut off names nothing: its state then goes without its word.
        left_px = self.width() - 2 * _MARGIN_PX - _NUMBER_PX - 2 * _SPACING_PX - self._state_tag.whole_width()
        self._state_tag.set_glyph_only(self._one_line or self._name.whole_width() > left_px)

    def show_provider(self, provider: ProviderInfo, *, target: bool) -> None:
        """Show where it stands; `target` marks what Swap would take."""
        sign = STATE_SIGNS[provider.state]
        self._state_tag.show_sign(sign.icon, sign.word, sign.token)
        self._fit()
        rate = f" {DOT} {provider.sample_rate_hz / 1000:g} kHz" if provider.sample_rate_hz else ""
        self._kind.setText(provider.kind + rate)
        has_key = provider.needs_key and provider.key_present
        self._key.show_sign("key" if has_key else "", "", "t2")
        verdict = VERDICT_SIGNS[provider.verdict] if provider.verdict else Sign("", "", "t2")
        self._verdict.show_sign(verdict.icon, verdict.word, verdict.token)
        self._provider_state = provider.state
        self.setAccessibleName(provider.name)
        self.setText(provider.name)
        self.setAccessibleDescription(", ".join(filter(None, (sign.word, provider.why, verdict.word))))
        self.setToolTip(f"{provider.name}: {sign.word}" + (f", {provider.why}" if provider.why else ""))
        live = provider.state is ProviderState.LIVE
        if (live, target) != (self._live, self._target):
            self._live, self._target = live, target
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the card; the children write on it."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        fill = "sel" if self._live else ("hover" if self.underMouse() else "raised")
        border = "acc" if self._live else ("field" if self._target else "edge")
        painter.setPen(QPen(self._theme.color(border), 1))
        painter.setBrush(self._theme.color(fill))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Swap to this provider."""
        self.swap_wanted.emit(self.provider_id)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Return swaps to this provider."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.swap_wanted.emit(self.provider_id)
        else:
            super().keyPressEvent(event)


class ProviderList(QWidget):
    """All cards, and which of them Swap takes.

    Signals:
        swap_wanted: swap to this provider now.
        target_changed: another card became the target.
    """

    swap_wanted = Signal(str)
    target_changed = Signal()

    def __init__(self, icons: Icons, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("providers.list")
        self._icons, self._theme = icons, theme
        self._cards: dict[str, ProviderCard] = {}
        self._one_line = False
        self._chosen_id: str | None = None
        self._current_id: str | None = None
        self._empty: QLabel = text_label("No provider is set up.", Type.LABEL, "t2")
        self._stack = QVBoxLayout()
        self._stack.setContentsMargins(10, 0, 10, 10)
        self._stack.setSpacing(6)
        self._stack.addWidget(self._empty)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(panel_header("Providers"))
        layout.addLayout(self._stack)

    def set_one_line(self, one_line: bool) -> None:
        """Cards of one line, or of two."""
        self._one_line = one_line
        for card in self._cards.values():
            card.set_one_line(one_line)

    def show_snapshot(self, snapshot: SessionSnapshot) -> None:
        """Cards for these providers; they are made once and stay in their places."""
        self._current_id = snapshot.current_provider_id
        self._empty.setVisible(not snapshot.providers)
        for number, provider in enumerate(snapshot.providers, 1):
            if provider.id not in self._cards:
                self._add_card(number, provider)
        target = self.target(snapshot)
        for provider in snapshot.providers:
            self._cards[provider.id].show_provider(provider, target=target is not None and target.id == provider.id)

    def target(self, snapshot: SessionSnapshot) -> ProviderInfo | None:
        """What Swap takes: the chosen one, else one that stands by, else the first that could come."""
        others = [provider for provider in snapshot.providers if provider.id != snapshot.current_provider_id]
        usable = [
            provider
            for provider in others
            if (not provider.needs_key or provider.key_present) and provider.state is not ProviderState.STARTING
        ]
        waiting = [provider for provider in usable if provider.state is ProviderState.STANDING_BY]
        chosen = [provider for provider in others if provider.id == self._chosen_id]
        return next(iter([*chosen, *waiting, *usable]), None)

    @property
    def first_card(self) -> ProviderCard | None:
        """The card of the first provider, if there is one."""
        return next(iter(self._cards.values()), None)

    def choose(self, provider_id: str) -> None:
        """Make this one the target."""
        self._chosen_id = provider_id
        self.target_changed.emit()

    def _add_card(self, number: int, provider: ProviderInfo) -> None:
        card = ProviderCard(number, provider, self._icons, self._theme)
        card.set_one_line(self._one_line)
        card.clicked.connect(self._card_clicked)
        card.swap_wanted.connect(self.swap_wanted)
        self._cards[provider.id] = card
        self._stack.addWidget(card)

    def _card_clicked(self) -> None:
        card = self.sender()
        if not isinstance(card, ProviderCard):
            return
        self.choose(card.provider_id)
        # With no avatar there is nothing to swap beside: the click says who is to come.
        if self._current_id is None:
            self.swap_wanted.emit(card.provider_id)
