"""One metric as a row: label, what it rests on, the newest value, and its verdict where one is given."""

from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QWidget

from avatar_core.bench.snapshot import LedgerBalance, MetricRow
from avatar_gui.figures import MISSING, number, quantity
from avatar_gui.fonts import Type
from avatar_gui.icons import Icons
from avatar_gui.theme import Theme
from avatar_gui.tokens import VERDICT_SIGNS
from avatar_gui.widgets.tag import Tag
from avatar_gui.widgets.text import ElidedLabel, set_text, text_label

ROW_PX = 21


@dataclass(frozen=True, slots=True)
class MetricSpec:
    """Where a metric stands and how it is written; `limit` words instead of percentiles where one is set."""

    name: str
    label: str
    signed: bool = False


class MetricLine(QWidget):
    """Places and widths stay; an en dash stands where there is no figure."""

    def __init__(self, spec: MetricSpec, icons: Icons, theme: Theme) -> None:
        super().__init__()
        self._spec = spec
        self.setFixedHeight(ROW_PX)
        self._detail = ElidedLabel("", Type.LABEL, "t2")
        self._value = text_label(MISSING, Type.VALUE, "t1", f"metrics.{spec.name}.value")
        self._verdict = Tag(icons, theme, f"metrics.{spec.name}.verdict")
        self._verdict.set_glyph_only(True)
        self._verdict.setFixedWidth(14)
        label = text_label(spec.label, Type.BODY)
        label.setFixedWidth(102)
        self._value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(5)
        for column, widget in enumerate((label, self._detail, self._value, self._verdict)):
            grid.addWidget(widget, 0, column)
        grid.setColumnStretch(1, 1)

    def show_row(self, row: MetricRow | None) -> None:
        """Show this row; without figures an en dash keeps its place."""
        if row is None:
            self._show(MISSING, "", "", "", "t1")
        elif not row.trusted:
            self._show(MISSING, "not trusted", "ban", "Not trusted", "broken")
        else:
            sign = VERDICT_SIGNS[row.verdict] if row.verdict else None
            icon, word, token = (sign.icon, sign.word, sign.token) if sign else ("", "", "t1")
            value = quantity(row.value, row.unit.replace("_per_", "/"), signed=self._spec.signed)
            self._show(value, _rests_on(row), icon, word, token)

    def show_balance(self, balance: LedgerBalance) -> None:
        """Opened and finished segments, and whether they balance."""
        words = f"{balance.open} open, {'balanced' if balance.balanced else 'not balanced'}"
        icon, word, token = ("circle-check-filled", "Balanced", "ok")
        if not balance.balanced:
            icon, word, token = ("circle-x-filled", "Not balanced", "fail")
        self._show(f"{balance.opened} / {balance.finished}", words, icon, word, token)

    def _show(self, value: str, detail: str, icon: str, word: str, token: str) -> None:
        set_text(self._value, value)
        self._detail.setText(detail)
        self._verdict.show_sign(icon, word, token)
        self.setAccessibleName(", ".join(filter(None, (self._spec.label, value, detail, word))))


def _rests_on(row: MetricRow) -> str:
    """n, then what belongs beside it: the limit, or the spread, and whether it is estimated."""
    if row.value is None and row.note:
        return row.note
    if row.n == 0:
        return f"limit {row.limit:g}" if row.limit is not None else ""
    parts = [f"n {number(row.n)}"]
    if row.estimated:
        parts.append("estimated")
    elif row.n > 1:
        parts.append(f"p95 {number(row.p95, row.unit)}")
    elif row.limit is not None:
        parts.append(f"limit {row.limit:g}")
    return ", ".join([*parts, row.note] if row.note else parts)
