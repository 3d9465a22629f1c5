"""The session as others see it: snapshots put together from what its parts know. It changes nothing."""

from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING

from avatar_core.bench.cast import Actor
from avatar_core.bench.figures import Figures
from avatar_core.bench.snapshot import (
    Levels,
    MonitorInfo,
    Participant,
    PreviewInfo,
    RoomInfo,
    SeriesSnapshot,
    SessionSnapshot,
    SpeechProgress,
    TimelineSnapshot,
    UntrustedTime,
)
from avatar_core.bench.stage import Stage
from avatar_core.bench.states import PreviewState, Role, SeriesName, SessionState
from avatar_core.bench.venue import AGENT_IDENTITY, VIEWER_IDENTITY
from avatar_core.clock import wall_time
from avatar_core.wire import messages

if TYPE_CHECKING:
    from avatar_core.bench.session_life import SessionLife

_STOPPED_AFTER_S = 1.0
_QUIET_DBFS = -119.0
_ROOM_KINDS = {"embedded": "Embedded", "server": "livekit-server", "url": "LiveKit server"}


class SessionView:
    """Owned by the session; fed the viewer's reports, asked for snapshots."""

    def __init__(self, life: "SessionLife", *, monitor_muted: bool) -> None:
        self.levels = Levels()
        self._life = life
        self._monitor = MonitorInfo(muted=monitor_muted)
        self._video: messages.VideoStats | None = None
        self._live: Actor | None = None
        self._live_since_s: float | None = None
        self._loading: tuple[str, float] | None = None
        self._joins_s: deque[float] = deque(maxlen=20)
        self._loss_percent: float | None = None
        self._jitter_ms: float | None = None
        self._wall_offset_s = wall_time() - life.clock.now()

    def loading(self, name: str) -> None:
        """An avatar of that name is being started."""
        self._loading = (name, self._life.clock.now())

    def live(self, actor: Actor) -> None:
        """This avatar is shown from now on."""
        self._live, self._loading, self._video = actor, None, None
        self._joins_s.append(actor.join_s)
        if self._live_since_s is None:
            self._live_since_s = self._life.clock.now()

    def gone(self, *, room: bool) -> None:
        """No avatar is shown any more; with `room`, the room went too."""
        self._live = self._loading = None
        self.levels = Levels()
        if room:
            self._live_since_s = None

    @property
    def monitor_muted(self) -> bool:
        """Whether the loudspeaker is to be silent, with or without one."""
        return self._monitor.muted

    @monitor_muted.setter
    def monitor_muted(self, muted: bool) -> None:
        self._monitor = replace(self._monitor, muted=muted)

    def monitor_is_news(self, state: messages.MonitorState) -> bool:
        """Whether this tells of a lack that was not told of before."""
        return state.state in ("no_device", "failed") and state.detail != self._monitor.why

    def shows(self, identity: str) -> bool:
        """Whether that is the avatar that is shown."""
        return self._live is not None and self._live.identity == identity

    def take(self, message: object) -> None:
        """Keep what matters of one of the viewer's events."""
        match message:
            case messages.VideoStats():
                if self.shows(message.identity):
                    self._video = message
            case messages.Levels():
                quiet = message.rms_dbfs < _QUIET_DBFS
                # One may still be under way when its avatar has gone.
                heard = self._live is not None and message.identity == self._live.identity and not quiet
                self.levels = Levels(message.rms_dbfs, message.peak_dbfs) if heard else Levels()
            case messages.MonitorState():
                available = message.state in ("playing", "muted")
                self._monitor = MonitorInfo(available, message.device, self.monitor_muted, message.detail)
            case messages.Samples(series="loss_percent"):
                self._loss_percent = message.points[-1][1]
            case messages.Samples(series="jitter_ms"):
                self._jitter_ms = message.points[-1][1]

    def snapshot(self) -> SessionSnapshot:
        """The session as of now."""
        life = self._life
        balance = life.book.balance()
        actor = self._current
        return SessionSnapshot(
            time_s=life.clock.now(),
            wall_offset_s=self._wall_offset_s,
            state=life.standing.state,
            run_id=life.run_id,
            room=self._room(),
            live_since_s=self._live_since_s,
            providers=life.standing.providers,
            current_provider_id=actor.traits.id if actor is not None else None,
            sources=life.sources.infos,
            selected_source_id=life.sources.selected_id,
            speech=self._speech(),
            preview=self._preview(),
            monitor=self._monitor,
            recording=life.recordings.info,
            metrics=life.figures.rows(balance),
            ledger=life.book.rows(life.standing.names),
            balance=balance,
            trust=life.figures.trust(),
            notices=tuple(life.standing.notices.values()),
            findings=tuple(life.standing.findings),
            checks=life.figures.checks(),
            avatar_metrics=life.succession.metrics.all,
            faults=life.faults,
            blocked=life.blocked(),
        )

    def series(self, name: SeriesName, since_s: float) -> SeriesSnapshot:
        """One curve; what was sent but not heard is an estimate unless the avatar reports it."""
        figures: Figures = self._life.figures
        actor = self._current
        estimated = name is SeriesName.SENT_UNPLAYED_S and (actor is None or not actor.traits.exact_position)
        return figures.series(name, since_s, estimated=estimated)

    def timeline(self, since_s: float) -> TimelineSnapshot:
        """Segments, marks and untrusted times that reach past `since_s`."""
        book, judge = self._life.book, self._life.figures.judge
        return TimelineSnapshot(
            book.spans(since_s),
            tuple(mark for mark in book.marks if mark.time_s >= since_s),
            tuple(
                UntrustedTime(span.start_s, span.end_s, span.reason)
                for span in judge.spans
                if span.end_s is None or span.end_s >= since_s
            ),
        )

    @property
    def _current(self) -> Actor | None:
        stage = self._life.stage
        return stage.actor if stage is not None else None

    def _speech(self) -> SpeechProgress | None:
        life = self._life
        segment_id = life.book.current_id
        if segment_id is None:
            return None
        source = life.sources.get(life.talk.source_id or life.sources.selected_id)
        paused = life.standing.state is SessionState.PAUSED
        return SpeechProgress(source.id, segment_id, life.book.heard_s(segment_id), source.duration_s, paused)

    def _room(self) -> RoomInfo:
        stage = self._life.stage
        if stage is None or not stage.is_open:
            return RoomInfo("", "", "")
        room = stage.venue.room
        people = [Participant(AGENT_IDENTITY, Role.AGENT)]
        people += [
            Participant(identity, self._role(identity, stage)) for identity in sorted(stage.connection.participants)
        ]
        return RoomInfo(
            kind=_ROOM_KINDS[room.kind],
            why=room.why,
            name=stage.venue.room_name,
            joined_s=self._joins_s[-1] if self._joins_s else None,
            loss_percent=self._loss_percent,
            jitter_ms=self._jitter_ms,
            participants=tuple(people),
        )

    def _role(self, identity: str, stage: Stage) -> Role:
        if identity == VIEWER_IDENTITY:
            return Role.VIEWER
        if stage.actor is not None and identity == stage.actor.identity:
            return Role.AVATAR
        return Role.STANDING_BY if identity.startswith("avatar-") else Role.OTHER

    def _preview(self) -> PreviewInfo:
        now_s, video = self._life.clock.now(), self._video
        if self._loading is not None and self._live is None:
            name, since_s = self._loading
            usual_s = sorted(self._joins_s)[len(self._joins_s) // 2] if self._joins_s else None
            return PreviewInfo(PreviewState.LOADING, name, since_s=since_s, usual_start_s=usual_s)
        last = self._life.preview.last_frame_s
        name = self._live.traits.name if self._live is not None else ""
        if self._live is not None and not self._live.traits.has_face:
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
