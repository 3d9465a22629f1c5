"""The preview: the avatar as a viewer gets it, its figures, its level, and words where there is no picture."""

from PySide6.QtCore import Property, QRectF, QSize, QSizeF, Qt, QTimer
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from avatar_core.bench.contract import PreviewFrame, PreviewReader
from avatar_core.bench.snapshot import Levels, PreviewInfo, SessionSnapshot
from avatar_core.bench.states import PreviewState, SessionState
from avatar_gui.figures import DOT, TIMES, bitrate, quantity
from avatar_gui.fonts import Type
from avatar_gui.icons import Icons
from avatar_gui.theme import Theme
from avatar_gui.widgets.meter import LevelMeter
from avatar_gui.widgets.overlay import FigureOverlay
from avatar_gui.widgets.panel import HEADER_PX, PADDING_PX
from avatar_gui.widgets.tag import Tag
from avatar_gui.widgets.text import ElidedLabel, set_text, text_label

ASPECT = 16 / 9
_DIMMED = QColor(0, 0, 0, 150)
_SETTLE_MS = 150
# From here on, how long a start usually takes is said too.
_LONG_START_S = 3.0
_EDGE_PX = 10
_WITHOUT_PICTURE = (PreviewState.EMPTY, PreviewState.VOICE)
# In a smaller picture the figures would cover the face.
_OVERLAY_NEEDS_PX = 360


class Picture(QWidget):
    """Paints the newest frame, straight from the shared memory, letterboxed; keeps a copy when frames stop."""

    def __init__(self, reader: PreviewReader) -> None:
        super().__init__()
        self.setObjectName("preview.a")
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMinimumSize(120, 68)
        self._reader = reader
        self._frame: PreviewFrame | None = None
        self._image = QImage()
        self._sequence = 0
        self._words = ""
        self._dimmed = False
        self._state = PreviewState.EMPTY
        self._resized = QTimer(self)
        self._resized.setSingleShot(True)
        self._resized.setInterval(_SETTLE_MS)
        self._resized.timeout.connect(self._ask_for_size)

    @property
    def sequence(self) -> int:
        """The number of the frame shown last; 0 before the first."""
        return self._sequence

    def _state_name(self) -> str:
        return self._state.value

    state = Property(str, _state_name)

    def poll(self) -> None:
        """Take the newest frame, if there is a newer one."""
        frame = self._reader.latest(self._sequence)
        if frame is None:
            return
        self._frame, self._sequence = frame, frame.sequence
        self._image = QImage(frame.pixels, frame.width_px, frame.height_px, frame.stride, QImage.Format.Format_RGB32)
        self.update()

    def show_state(self, state: PreviewState, words: str) -> None:
        """Words over the picture; a stopped picture is dimmed, an empty one gone."""
        if state is not PreviewState.LIVE:
            self._keep_copy()
        if state in _WITHOUT_PICTURE:
            self._image = QImage()
        if (state, words) != (self._state, self._words):
            self._state, self._words = state, words
            self.setAccessibleName(f"Preview: {words or 'live'}")
            self.update()

    def release(self) -> None:
        """Touch the shared memory no more; what is shown stays as a copy."""
        self._keep_copy()
        self._reader.release()

    def picture_box(self) -> QRectF:
        """Where the picture lies: as large as fits, 16:9 or the frame's own shape."""
        size = QSizeF(self._image.size()) if not self._image.isNull() else QSizeF(ASPECT, 1)
        size.scale(QSizeF(self.size()), Qt.AspectRatioMode.KeepAspectRatio)
        left, top = (self.width() - size.width()) / 2, (self.height() - size.height()) / 2
        return QRectF(left, top, size.width(), size.height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Ask for pictures of the new size, once it has settled."""
        self._resized.start()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw picture, dimming and words."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), Qt.GlobalColor.black)
        box = self.picture_box()
        if not self._image.isNull():
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawImage(box, self._image)
            if self._state is PreviewState.STOPPED:
                painter.fillRect(box, _DIMMED)
        if self._words:
            painter.setFont(Type.HEADING.font())
            painter.setPen(QColor("#E8EBEE"))
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self._words)

    def _keep_copy(self) -> None:
        if self._frame is not None:
            self._image = self._image.copy()
            self._frame = None

    def _ask_for_size(self) -> None:
        ratio = self.devicePixelRatioF()
        self._reader.request_preview_size(round(self.width() * ratio), round(self.height() * ratio))


class PreviewPanel(QWidget):
    """Header, picture, overlay, meter and the label that says what it is."""

    def __init__(self, reader: PreviewReader, icons: Icons, theme: Theme) -> None:
        super().__init__()
        self.setProperty("panel", True)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.picture = Picture(reader)
        self._name = text_label("", Type.VALUE, "t1", "preview.a.name")
        self._info = ElidedLabel("", Type.LABEL, "t2", "preview.a.info")
        self._live = Tag(icons, theme, "preview.a.live")
        self.overlay_button = QToolButton()
        self.overlay_button.setObjectName("preview.a.overlayToggle")
        self.overlay_button.setCheckable(True)
        self.overlay_button.setChecked(True)
        self.overlay_button.setIcon(icons.icon("stack-2", "t2"))
        self.overlay_button.setIconSize(QSize(16, 16))
        self.overlay_button.setFixedSize(24, 24)
        self.overlay_button.setToolTip("Figures over the picture (O)")
        self.overlay_button.setAccessibleName("Figures over the picture")
        self._overlay = FigureOverlay(self.picture, "preview.a.overlay")
        self.meter = LevelMeter(icons, "preview.a.meter")
        self.meter.setParent(self.picture)
        self._label = _over_picture(self.picture)

        header = QHBoxLayout()
        header.setContentsMargins(PADDING_PX, 0, 8, 0)
        header.setSpacing(10)
        header.addWidget(self._name)
        header.addWidget(self._info, 1)
        header.addWidget(self._live)
        header.addWidget(self.overlay_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        bar = QWidget()
        bar.setFixedHeight(HEADER_PX)
        bar.setLayout(header)
        layout.addWidget(bar)
        layout.addWidget(self.picture, 1)

    def show_snapshot(self, snapshot: SessionSnapshot) -> None:
        """Name, figures and state; the frames come by `poll`."""
        info = snapshot.preview
        set_text(self._name, info.provider or "Preview")
        details = [f"{info.width_px}{TIMES}{info.height_px}"] if info.width_px else []
        details += [quantity(info.fps, "fps")] if info.fps is not None else []
        details += [bitrate(info.bitrate_bps)] if info.bitrate_bps is not None else []
        self._info.setText(f" {DOT} ".join(details))
        live = info.state in (PreviewState.LIVE, PreviewState.VOICE)
        self._live.show_sign("access-point" if live else "", "Live" if live else "", "ok")
        self.picture.show_state(info.state, words_for(snapshot))
        self._overlay.show_snapshot(snapshot)
        # Nothing is said about a picture that is not there.
        wide = self.picture.picture_box().width() >= _OVERLAY_NEEDS_PX
        self._overlay.setVisible(wide and self.overlay_button.isChecked() and info.state not in _WITHOUT_PICTURE)
        self._label.setVisible(info.state not in _WITHOUT_PICTURE)
        self.place_children()

    def show_levels(self, levels: Levels, *, muted: bool) -> None:
        """Show the loudness of this moment."""
        self.meter.show_levels(levels, muted=muted)

    def place_children(self) -> None:
        """Keep what lies over the picture in its corners."""
        box = self.picture.picture_box().toRect()
        self._overlay.move(box.left() + _EDGE_PX, box.top() + _EDGE_PX)
        self.meter.move(box.left() + _EDGE_PX, box.bottom() - self.meter.height() - _EDGE_PX)
        self._label.adjustSize()
        self._label.move(box.right() - self._label.width() - _EDGE_PX, box.bottom() - self._label.height() - _EDGE_PX)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep meter, overlay and label in their corners."""
        self.place_children()


def words_for(snapshot: SessionSnapshot) -> str:
    """What stands over the picture; empty while it is live."""
    info: PreviewInfo = snapshot.preview
    elapsed_s = 0.0 if info.since_s is None else snapshot.time_s - info.since_s
    match info.state:
        case PreviewState.LIVE:
            return ""
        case PreviewState.LOADING:
            usual = ""
            if elapsed_s >= _LONG_START_S and info.usual_start_s is not None:
                usual = f". Usually {info.usual_start_s:.1f} s"
            doing = "Waiting for" if snapshot.observing else "Starting"
            return f"{doing} {info.provider}, {elapsed_s:.1f} s{usual}"
        case PreviewState.STOPPED:
            return f"No frames for {elapsed_s:.1f} s"
        case PreviewState.VOICE:
            return f"{info.provider}: sound only"
        case PreviewState.EMPTY:
            if snapshot.state is SessionState.CONNECTING:
                return "Connecting"
            if snapshot.observing:
                return f"Nothing is seen of {snapshot.observing}. Ctrl+K looks for it again."
            return "No avatar yet. Pick a provider, or press 1."


def _over_picture(parent: QWidget) -> QLabel:
    label = text_label("AI-generated", Type.TITLE, "", "preview.a.label")
    label.setProperty("video", True)
    label.setParent(parent)
    return label
