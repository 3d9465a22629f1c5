"""An observed room as others see it: snapshots put together from what the viewer tells. It changes nothing."""

from dataclasses import replace
from typing import TYPE_CHECKING

from avatar_core.bench.observe.attendance import OBSERVED_ID
from avatar_core.bench.session.view import ROOM_KINDS, snapshot_of, timeline_since
from avatar_core.bench.snapshot import Participant, RoomInfo, SessionSnapshot
from avatar_core.bench.states import Role, SegmentState, SeriesName
from avatar_core.bench.timeline_snapshot import SegmentSpan, SeriesSnapshot, TimelineSnapshot
from avatar_core.bench.viewing.screen import Screen
from avatar_core.wire.viewer_events import Person

if TYPE_CHECKING:
    from avatar_core.bench.observe.life import ObserveLife


class ObserveView(Screen):
    """Owned by the session; asked for snapshots."""

    def __init__(self, life: "ObserveLife", *, monitor_muted: bool) -> None:
        super().__init__(life.clock, life.preview, monitor_muted=monitor_muted)
        self._life = life

    def snapshot(self) -> SessionSnapshot:
        """The session as of now."""
        life = self._life
        return replace(
            snapshot_of(life, self, self._room(), None),
            current_provider_id=OBSERVED_ID if life.attendance.avatar is not None else None,
            observing=life.observed.named,
        )

    def series(self, name: SeriesName, since_s: float) -> SeriesSnapshot:
        """One curve; what was sent is not known, so its curve has no points."""
        return self._life.figures.series(name, since_s, estimated=False)

    def timeline(self, since_s: float) -> TimelineSnapshot:
        """What was heard of the avatar as spans, marks, and untrusted times."""
        life = self._life
        return timeline_since(since_s, self._heard(since_s), life.book.marks, life.figures.judge)

    def _heard(self, since_s: float) -> tuple[SegmentSpan, ...]:
        now_s = self._clock.now()
        stretches = self._life.hearing.stretches(0.0, now_s)
        spans = []
        for start_s, end_s in (one for identity in self._life.seen for one in stretches.get(identity, ())):
            if end_s >= since_s:
                state = SegmentState.PLAYING if end_s >= now_s else SegmentState.FINISHED
                label = f"heard {end_s - start_s:.1f} s"
                spans.append(SegmentSpan(f"heard {start_s:.2f}", OBSERVED_ID, start_s, end_s, end_s, state, label))
        return tuple(spans)

    def _room(self) -> RoomInfo:
        post = self._life.post
        if post is None or post.viewer is None:
            return RoomInfo("", "", "")
        people = [Participant(person.identity, self._role(person)) for person in self._life.attendance.people]
        return RoomInfo(
            kind=ROOM_KINDS[post.venue.room.kind],
            why=post.venue.room.why,
            name=post.venue.room_name,
            loss_percent=self.loss_percent,
            jitter_ms=self.jitter_ms,
            participants=(*people, Participant(post.identity, Role.VIEWER)),
        )

    def _role(self, person: Person) -> Role:
        if person.identity == self._life.attendance.avatar:
            return Role.AVATAR
        if person.on_behalf_of:
            return Role.STANDING_BY
        return Role.AGENT if person.kind == "agent" else Role.OTHER
