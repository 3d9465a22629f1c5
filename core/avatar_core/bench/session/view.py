"""The session as others see it: snapshots put together from what its parts know. It changes nothing."""

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from avatar_core.bench.figures.figures import Figures
from avatar_core.bench.snapshot import LedgerBalance, Participant, RoomInfo, SessionSnapshot, SpeechProgress
from avatar_core.bench.stage.cast import Actor
from avatar_core.bench.stage.stage import Stage
from avatar_core.bench.stage.venue import AGENT_IDENTITY, VIEWER_IDENTITY
from avatar_core.bench.states import Role, SeriesName, SessionState
from avatar_core.bench.timeline_snapshot import Mark, SegmentSpan, SeriesSnapshot, TimelineSnapshot, UntrustedTime
from avatar_core.bench.viewing.screen import Screen
from avatar_core.metrics.trust import TrustJudge

if TYPE_CHECKING:
    from avatar_core.bench.session.life import SessionLife
    from avatar_core.bench.session.viewed_session import Life

ROOM_KINDS = {"embedded": "Embedded", "server": "livekit-server", "url": "LiveKit server"}


def timeline_since(
    since_s: float, spans: tuple[SegmentSpan, ...], marks: Iterable[Mark], judge: TrustJudge
) -> TimelineSnapshot:
    """Spans that reach past `since_s`, with the marks and the untrusted times that do."""
    untrusted = tuple(
        UntrustedTime(span.start_s, span.end_s, span.reason)
        for span in judge.spans
        if span.end_s is None or span.end_s >= since_s
    )
    return TimelineSnapshot(spans, tuple(mark for mark in marks if mark.time_s >= since_s), untrusted)


def snapshot_of(life: "Life", screen: Screen, room: RoomInfo, balance: LedgerBalance | None) -> SessionSnapshot:
    """What every session shows of itself, whoever drives its avatar."""
    return SessionSnapshot(
        time_s=life.clock.now(),
        wall_offset_s=screen.wall_offset_s,
        state=life.standing.state,
        run_id=life.run_id,
        room=room,
        live_since_s=screen.live_since_s,
        providers=life.standing.providers,
        preview=screen.preview_info(),
        monitor=screen.monitor,
        recording=life.recordings.info,
        metrics=life.figures.rows(balance),
        trust=life.figures.trust(),
        notices=tuple(life.standing.notices.values()),
        checks=life.figures.checks(),
        blocked=life.blocked(),
    )


class SessionView(Screen):
    """Owned by the session; fed the viewer's reports, asked for snapshots."""

    def __init__(self, life: "SessionLife", *, monitor_muted: bool) -> None:
        super().__init__(life.clock, life.preview, monitor_muted=monitor_muted)
        self._life = life

    def live(self, actor: Actor) -> None:
        """This avatar is shown from now on."""
        self.show(actor.identity, actor.traits.name, has_face=actor.traits.has_face)
        self.joins_s.append(actor.join_s)

    def snapshot(self) -> SessionSnapshot:
        """The session as of now."""
        life = self._life
        balance = life.book.balance()
        actor = self._current
        return replace(
            snapshot_of(life, self, self._room(), balance),
            current_provider_id=actor.traits.id if actor is not None else None,
            sources=life.sources.infos,
            selected_source_id=life.sources.selected_id,
            speech=self._speech(),
            ledger=life.book.rows(life.standing.names),
            balance=balance,
            findings=tuple(life.standing.findings),
            avatar_metrics=life.succession.metrics.all,
            faults=life.faults,
        )

    def series(self, name: SeriesName, since_s: float) -> SeriesSnapshot:
        """One curve; what was sent but not heard is an estimate unless the avatar reports it."""
        figures: Figures = self._life.figures
        actor = self._current
        estimated = name is SeriesName.SENT_UNPLAYED_S and (actor is None or not actor.traits.exact_position)
        return figures.series(name, since_s, estimated=estimated)

    def timeline(self, since_s: float) -> TimelineSnapshot:
        """Segments, marks and untrusted times that reach past `since_s`."""
        book = self._life.book
        return timeline_since(since_s, book.spans(since_s), book.marks, self._life.figures.judge)

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
            kind=ROOM_KINDS[room.kind],
            why=room.why,
            name=stage.venue.room_name,
            joined_s=self.joins_s[-1] if self.joins_s else None,
            loss_percent=self.loss_percent,
            jitter_ms=self.jitter_ms,
            participants=tuple(people),
        )

    def _role(self, identity: str, stage: Stage) -> Role:
        if identity == VIEWER_IDENTITY:
            return Role.VIEWER
        if stage.actor is not None and identity == stage.actor.identity:
            return Role.AVATAR
        return Role.STANDING_BY if identity.startswith("avatar-") else Role.OTHER
