"""Where the viewer's reports and the avatar's go: to the figures, the view, the preview and whoever waits for them."""

from statistics import median

from avatar_core.bench.figures.figures import Figures
from avatar_core.bench.measuring.backlog import Backlog
from avatar_core.bench.measuring.loudness import Loudness
from avatar_core.bench.snapshot import Notice
from avatar_core.bench.standing import Standing
from avatar_core.bench.states import SeriesName, Severity
from avatar_core.bench.viewing.hearing import Hearing
from avatar_core.bench.viewing.screen import Screen
from avatar_core.bench.viewing.viewer_child import RemotePreview
from avatar_core.wire import process_messages, viewer_events
from avatar_core.wire.livekit import AvatarReport

_MUCH_STOLEN = 0.1
"""Of all cores: from here on it is the machine's host that must be quieter."""

_PERIOD_S = 1.0
"""Of the viewer's statistics."""

_OF_A_SECOND = ("concealed_percent", "viewer_waiting_frames", "viewer_dropped_frames")

_TELLS_S = 5.0
"""An avatar that told its own offset within this tells it itself."""


class Intake:
    """Owned by the session."""

    def __init__(
        self,
        hearing: Hearing,
        view: Screen,
        figures: Figures,
        preview: RemotePreview,
        standing: Standing,
        backlog: Backlog,
    ) -> None:
        self._hearing = hearing
        self._view = view
        self._figures = figures
        self._preview = preview
        self._standing = standing
        self._backlog = backlog
        self._loudness = Loudness(figures)
        # When an avatar last told its own offset.
        self._reported_s: float | None = None

    def viewer_said(self, message: object) -> None:
        """One event of the viewer."""
        if isinstance(message, viewer_events.MonitorState) and self._view.monitor_is_news(message):
            self._standing.announce("Monitor", message.detail, Severity.WARN)
        self._hearing.take(message)
        self._view.take(message)
        match message:
            case viewer_events.PreviewMemory():
                self._preview.attach(message)
            case viewer_events.Samples():
                self._samples(message)
            case viewer_events.WayRead():
                self._way(message)
            case viewer_events.OffsetMeasured():
                self._figures.measure_offset(message.at_s, message.offset_ms, message.picture)
                self._estimate_source(message.at_s, message.offset_ms)
            case viewer_events.VideoStats():
                if self._view.shows(message.identity):
                    self._figures.measure("fps", message.fps)
            case viewer_events.Levels():
                if self._view.shows(message.identity):
                    self._loudness.take(message)
            case process_messages.ProcessLoad():
                self._load(message)
            case viewer_events.SoundChanged(audible=False):
                self._figures.break_line(SeriesName.AV_OFFSET_MS)
            case process_messages.ProcessFailure():
                self._standing.announce("Viewer", f"{message.what} {message.where}", Severity.FAIL)

    def avatar_reported(self, report: AvatarReport) -> None:
        """What one of our workers says of itself."""
        # One figure of its worker, which every segment repeats.
        if report.segments:
            self._backlog.saw("worker_buffered_s", sum(segment.buffered_s for segment in report.segments))
        if report.pictures:
            self._reported_s = report.at_s
            for picture in report.pictures:
                self._figures.zero.left(picture.offset_ms, picture.number)
            middle_ms = median(picture.offset_ms for picture in report.pictures)
            self._figures.measure("av_offset_source_ms", middle_ms)

    def _samples(self, message: viewer_events.Samples) -> None:
        for at_s, value in message.points:
            if message.series in list(SeriesName):
                self._figures.point(SeriesName(message.series), at_s, value)
            if message.series == "freeze_s":
                self._figures.measure("freeze_s", value, since_s=at_s - value)
            elif message.series == "sdk_freeze_count":
                self._figures.latest("sdk_freeze_count", value)
            elif message.series in _OF_A_SECOND:
                self._figures.measure(message.series, value, since_s=at_s - _PERIOD_S)
            elif message.series == "buffer_audio_ms":
                self._figures.measure("audio_delay_ms", value, since_s=at_s)

    def _way(self, read: viewer_events.WayRead) -> None:
        self._figures.zero.way_told(read.at_s, read.buffers_ms, read.reported_ms)
        if read.reported_ms is not None:
            self._figures.measure("av_offset_way_ms", read.reported_ms, since_s=read.at_s - _PERIOD_S)

    def _estimate_source(self, at_s: float, offset_ms: float) -> None:
        """What left an avatar that does not tell: what the way added is taken off (DESIGN, "two offsets")."""
        tells = self._reported_s is not None and at_s - self._reported_s < _TELLS_S
        way_ms = self._figures.way.offset_ms(at_s)
        if not tells and way_ms is not None:
            self._figures.estimated.add("av_offset_source_ms")
            self._figures.measure("av_offset_source_ms", offset_ms - way_ms, since_s=at_s)

    def _load(self, load: process_messages.ProcessLoad) -> None:
        judge = self._figures.judge
        was_trusted = judge.trusted
        self._figures.take_load(load)
        if was_trusted and not judge.trusted:
            self._standing.raise_notice(not_trusted_notice(judge.reason, load.machine_stolen))
        elif judge.trusted and not was_trusted:
            self._standing.drop_notice("not_trusted")
            self._standing.announce("Trust", "Figures are trusted again", Severity.OK)


def not_trusted_notice(reason: str, machine_stolen: float) -> Notice:
    """What the user is told where figures can't be believed: why, and what helps."""
    why = f"{reason[:1].upper()}{reason[1:]}; the bench itself adds delay."
    body = f"{why} {_remedy(machine_stolen)}, or have smaller avatars (AVATAR_SIZE=640x360)."
    return Notice("not_trusted", Severity.BROKEN, "Figures are not trusted", body)


def _remedy(machine_stolen: float) -> str:
    """To close programs does not help where the host of this virtual machine is busy."""
    if machine_stolen < _MUCH_STOLEN:
        return "Close other programs"
    stolen_percent = 100 * machine_stolen
    return f"This virtual machine's host gave {stolen_percent:.0f} % of its cores to others: use a quieter one"
