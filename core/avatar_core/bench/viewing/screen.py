"""What the viewer tells of the avatar that is shown: picture, loudness, monitor, line. Every session's view is one."""

from collections import deque
from dataclasses import replace

from avatar_core.bench.snapshot import Levels, MonitorInfo, PreviewInfo
from avatar_core.bench.states import PreviewState
from avatar_core.bench.viewing.viewer_child import RemotePreview
from avatar_core.clock import Clock, wall_time
from avatar_core.wire import viewer_events

_STOPPED_AFTER_S = 1.0
_QUIET_DBFS = -119.0


class Screen:
    """Fed the viewer's reports and told whom it shows; it changes nothing."""

    def __init__(self, clock: Clock, preview: RemotePreview, *, monitor_muted: bool) -> None:
        self.levels = Levels()
        self.monitor = MonitorInfo(muted=monitor_muted)
        self.live_since_s: float | None = None
        self.loss_percent: float | None = None
        self.jitter_ms: float | None = None
        self.wall_offset_s = wall_time() - clock.now()
        self.joins_s: deque[float] = deque(maxlen=20)
        """How long avatars took to join."""
        self._clock = clock
        self._preview = preview
        self._video: viewer_events.VideoStats | None = None
        # Identity and name of the one that is shown, and whether it has a face.
        self._live: tuple[str, str, bool] | None = None
        self._loading: tuple[str, float] | None = None

    def loading(self, name: str) -> None:
        """An avatar of that name is being waited for."""
        self._loading = (name, self._clock.now())

    def show(self, identity: str, name: str, *, has_face: bool = True) -> None:
        """This avatar is shown from now on."""
        self._live, self._loading, self._video = (identity, name, has_face), None, None
        if self.live_since_s is None:
            self.live_since_s = self._clock.now()

    def gone(self, *, room: bool) -> None:
        """No avatar is shown any more; with `room`, the room went too."""
        self._live = self._loading = None
        self.levels = Levels()
        if room:
            self.live_since_s = None

    @property
    def monitor_muted(self) -> bool:
        """Whether the loudspeaker is to be silent, with or without one."""
        return self.monitor.muted

    @monitor_muted.setter
    def monitor_muted(self, muted: bool) -> None:
        self.monitor = replace(self.monitor, muted=muted)

    def monitor_is_news(self, state: viewer_events.MonitorState) -> bool:
        """Whether this tells of a lack that was not told of before."""
        return state.state in ("no_device", "failed") and state.detail != self.monitor.why

    def shows(self, identity: str) -> bool:
        """Whether that is the avatar that is shown."""
        return self._live is not None and self._live[0] == identity

    def take(self, message: object) -> None:
        """Keep what matters of one of the viewer's events."""
        match message:
            case viewer_events.VideoStats():
                if self.shows(message.identity):
                    self._video = message
            case viewer_events.Levels():
                quiet = message.rms_dbfs < _QUIET_DBFS
                # One may still be under way when its avatar has gone.
                heard = self.shows(message.identity) and not quiet
                self.levels = Levels(message.rms_dbfs, message.peak_dbfs) if heard else Levels()
            case viewer_events.MonitorState():
                available = message.state in ("playing", "muted")
                self.monitor = MonitorInfo(available, message.device, self.monitor_muted, message.detail)
            case viewer_events.Samples(series="loss_percent"):
                self.loss_percent = message.points[-1][1]
            case viewer_events.Samples(series="jitter_ms"):
                self.jitter_ms = message.points[-1][1]

    def preview_info(self) -> PreviewInfo:
        """The picture as of now."""
        now_s, video = self._clock.now(), self._video
        if self._loading is not None and self._live is None:
            name, since_s = self._loading
            usual_s = sorted(self.joins_s)[len(self.joins_s) // 2] if self.joins_s else None
            return PreviewInfo(PreviewState.LOADING, name, since_s=since_s, usual_start_s=usual_s)
        last = self._preview.last_frame_s
        _, name, has_face = self._live or ("", "", True)
        if not has_face:
            return PreviewInfo(PreviewState.VOICE, name)
        if last is None or (self._live is None and video is None):
            return PreviewInfo()
        stopped = self._live is None or now_s - last > _STOPPED_AFTER_S
        state = PreviewState.STOPPED if stopped else PreviewState.LIVE
        if video is None:
            return PreviewInfo(state, name, since_s=last)
        return PreviewInfo(
            state, name, video.width_px, video.height_px, video.fps, video.bitrate_bps, video.dropped, last
        )
