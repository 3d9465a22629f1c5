"""The figures: the A/V offset large, then every metric in its fixed place. None stands without unit and n."""

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QToolButton, QVBoxLayout, QWidget

from avatar_core.bench.snapshot import MetricRow, SessionSnapshot, TrustInfo
from avatar_gui.figures import MISSING, number, quantity
from avatar_gui.fonts import Type
from avatar_gui.icons import Icons
from avatar_gui.plots.spec import SIGN_SENTENCE
from avatar_gui.theme import Theme
from avatar_gui.widgets.gauge import OffsetGauge
from avatar_gui.widgets.metric_line import MetricLine, MetricSpec
from avatar_gui.widgets.panel import PADDING_PX, divider, panel_header
from avatar_gui.widgets.tag import Tag
from avatar_gui.widgets.text import ElidedLabel, set_text, set_tone, text_label

OFFSET = "av_offset_ms"


GROUPS: tuple[tuple[str, tuple[MetricSpec, ...]], ...] = (
    (
        "Sync",
        (
            MetricSpec("av_offset_faces_ms", "Offset of a face", signed=True),
            MetricSpec("av_offset_source_ms", "Offset at source", signed=True),
            MetricSpec("av_offset_slope_ms_per_s", "Drift slope", signed=True),
            MetricSpec("audio_delay_ms", "Audio delay"),
        ),
    ),
    (
        "Interrupt",
        (
            MetricSpec("interrupt_to_silence_ms", "To silence"),
            MetricSpec("interrupt_leak_ms", "Leaked speech"),
            MetricSpec("ack_ms", "Acknowledged"),
            MetricSpec("position_error_ms", "Position error", signed=True),
        ),
    ),
    (
        "Swap",
        (
            MetricSpec("swap_video_gap_ms", "Picture gap"),
            MetricSpec("swap_audio_gap_ms", "Sound gap"),
            MetricSpec("swap_lost_ms", "Lost speech"),
        ),
    ),
    (
        "Picture",
        (
            MetricSpec("fps", "Frame rate"),
            MetricSpec("freeze_count", "Freezes"),
            MetricSpec("first_frame_s", "First frame"),
            MetricSpec("first_sound_s", "First sound"),
        ),
    ),
    ("Ledger", (MetricSpec("segments", "Segments"), MetricSpec("utterance_latency_ms", "Latency per turn"))),
    (
        "Speech",
        (
            MetricSpec("missing_start_ms", "Missing start"),
            MetricSpec("missing_end_ms", "Missing end"),
            MetricSpec("audio_gap_ms", "Gaps"),
            MetricSpec("click_count", "Clicks"),
            MetricSpec("pitch_error_percent", "Pitch error", signed=True),
            MetricSpec("leak_into_next_ms", "Leak into next"),
            MetricSpec("still_s", "Face stands still"),
        ),
    ),
)


class TrustBox(QWidget):
    """Whether the figures below can be believed; always in its place, loud only when they can't."""

    def __init__(self, icons: Icons, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("metrics.verdict")
        self.setFixedHeight(34)
        self._theme = theme
        self._trusted = True
        self._tag = Tag(icons, theme, use=Type.HEADING)
        self._why = ElidedLabel("", Type.LABEL, "t1")
        self._why.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(10, 0, 10, 0)
        layout.addWidget(self._tag)
        layout.addWidget(self._why, 1)

    def show_trust(self, trust: TrustInfo) -> None:
        """Say it, with the reason."""
        if trust.trusted:
            self._tag.show_sign("circle-check-filled", "Trusted", "ok")
            self._why.setText(f"host load {quantity(trust.load_percent, '%')}")
        else:
            self._tag.show_sign("ban", "Not trusted", "broken")
            self._why.setText(trust.reason)
        self._trusted = trust.trusted
        self.setAccessibleName(f"{self._tag.word}, {self._why.whole}")
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the frame."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        border, fill = ("line", "panel") if self._trusted else ("broken", "broken_tint")
        painter.setPen(QPen(self._theme.color(border), 1))
        painter.setBrush(self._theme.color(fill))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 5, 5)


class OffsetReadout(QWidget):
    """The one large figure, its n and percentiles, the gauge, and what the sign means."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._value = text_label(MISSING, Type.READOUT, "t1", "metrics.offset")
        self._unit = text_label("ms", Type.BODY, "t2")
        # On the base line of the large digits.
        self._unit.setContentsMargins(0, 0, 0, 7)
        self._count = text_label("", Type.LABEL, "t2")
        self._p50, self._p95 = text_label("", Type.LABEL, "t2"), text_label("", Type.LABEL, "t2")
        self._gauge = OffsetGauge(theme)
        titles, figures, spread = QHBoxLayout(), QHBoxLayout(), QVBoxLayout()
        titles.addWidget(text_label("A/V offset", Type.TITLE, "t2"))
        titles.addStretch()
        titles.addWidget(self._count)
        for label in (self._p50, self._p95):
            spread.addWidget(label, 0, Qt.AlignmentFlag.AlignRight)
        self._value.setFixedHeight(40)
        figures.setSpacing(6)
        figures.addWidget(self._value)
        figures.addWidget(self._unit, 0, Qt.AlignmentFlag.AlignBottom)
        figures.addStretch()
        figures.addLayout(spread)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 6, 0, 4)
        layout.setSpacing(0)
        layout.addLayout(titles)
        layout.addLayout(figures)
        layout.addWidget(self._gauge)
        layout.addWidget(text_label(SIGN_SENTENCE, Type.LABEL, "t2"))

    def show_metric(self, row: MetricRow | None) -> None:
        """Show the offset, or why there is none."""
        trusted = row is None or row.trusted
        value = row.value if row is not None and row.trusted else None
        set_text(self._value, number(value, "ms", signed=True))
        set_text(self._unit, "ms" if trusted else "no trusted figure")
        set_tone(self._unit, "t2" if trusted else "broken")
        self._gauge.show_value(value)
        if row is None or value is None:
            set_text(self._count, "viewer, raw, n 0" if trusted else "viewer, raw")
            set_text(self._p50, "")
            set_text(self._p95, "")
        else:
            set_text(self._count, f"viewer, raw, n {number(row.n)}")
            set_text(self._p50, f"p50 {number(row.p50, 'ms', signed=True)}")
            set_text(self._p95, f"p95 {number(row.p95, 'ms', signed=True)}")
        self._value.setAccessibleName(self._gauge.accessibleName())


class MetricsPanel(QWidget):
    """Groups fold from the end where height is short; what folds is named and can be asked for."""

    def __init__(self, icons: Icons, theme: Theme) -> None:
        super().__init__()
        self.setProperty("panel", True)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._trust = TrustBox(icons, theme)
        self._offset = OffsetReadout(theme)
        self._lines: dict[str, MetricLine] = {}
        self._groups: list[tuple[str, QWidget]] = []
        self._from_end = False
        self._more = QToolButton()
        self._more.setObjectName("metrics.more")
        self._more.setFont(Type.LABEL.font())
        self._more.setIcon(icons.icon("chevron-right", "t2"))
        self._more.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._more.clicked.connect(self._turn)
        body = QVBoxLayout()
        body.setContentsMargins(PADDING_PX, 4, PADDING_PX, 4)
        body.setSpacing(0)
        body.addWidget(self._trust)
        body.addWidget(self._offset)
        for title, specs in GROUPS:
            group = self._group(title, specs, icons, theme)
            self._groups.append((title, group))
            body.addWidget(group)
        body.addWidget(self._more)
        body.addStretch()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(panel_header("Metrics"))
        layout.addLayout(body)
        layout.addStretch()

    def show_snapshot(self, snapshot: SessionSnapshot) -> None:
        """Write the figures; places and widths stay."""
        rows = {row.name: row for row in snapshot.metrics}
        self._trust.show_trust(snapshot.trust)
        self._offset.show_metric(rows.get(OFFSET))
        for name, line in self._lines.items():
            if name == "segments" and snapshot.observing:
                line.show_row(None)
            elif name == "segments":
                line.show_balance(snapshot.balance)
            else:
                line.show_row(rows.get(name))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fold the groups that no longer fit."""
        self._fold()

    def _group(self, title: str, specs: tuple[MetricSpec, ...], icons: Icons, theme: Theme) -> QWidget:
        group = QWidget()
        layout = QVBoxLayout(group)
        layout.setContentsMargins(0, 4, 0, 4)
        layout.setSpacing(0)
        line = divider()
        layout.addWidget(line)
        layout.addSpacing(4)
        layout.addWidget(text_label(title, Type.TITLE, "t2"))
        for spec in specs:
            self._lines[spec.name] = MetricLine(spec, icons, theme)
            layout.addWidget(self._lines[spec.name])
        return group

    def _turn(self) -> None:
        self._from_end = not self._from_end
        self._fold()

    def _fold(self) -> None:
        """Show as many groups as fit; from the other end after a click on what is left."""
        left_px = self.height() - 28 - 8 - self._trust.height() - self._offset.sizeHint().height() - 28
        order = list(reversed(self._groups)) if self._from_end else self._groups
        folded: list[str] = []
        for title, group in order:
            left_px -= group.sizeHint().height()
            group.setVisible(left_px >= 0)
            if left_px < 0:
                folded.append(title)
        self._more.setVisible(bool(folded))
        self._more.setText(f"{len(folded)} more: {', '.join(folded)}")
        self._more.setAccessibleName(f"Show {', '.join(folded)}")
