"""The viewer: a visible participant that publishes nothing, sees and hears what an end user does, and tells of it."""

import asyncio
import logging
import os
from collections.abc import Callable
from pathlib import Path

from avatar_core.clock import Clock, MonotonicClock
from avatar_core.media.frames import AudioFrame, VideoFrame
from avatar_core.metrics.offset import OffsetSample
from avatar_core.room.connection import RoomConnection
from avatar_core.room.values import Participant, ParticipantLeft, Publication
from avatar_core.tasks import TaskGroup
from avatar_core.viewer.handover import Gap, Handover
from avatar_core.viewer.monitor import Monitor
from avatar_core.viewer.observation_file import save_recalled
from avatar_core.viewer.people import PeopleReport
from avatar_core.viewer.picture import PicturePress
from avatar_core.viewer.preview_memory import SLOTS, PreviewWriter
from avatar_core.viewer.recollection import Recollection
from avatar_core.viewer.record_desk import RecordDesk
from avatar_core.viewer.watch import Audibility, FirstOf, Watch
from avatar_core.wire import viewer_commands, viewer_events

_log = logging.getLogger(__name__)

_FROZEN_AT_ITS_END_S = 0.5
"""Whoever leaves in good order is gone sooner after the last picture."""
_BYTES_PER_PIXEL = 4
_LEFT_KEPT = 2

Tell = Callable[[object], None]


class Viewer:
    """Joined by `start`; commands are its methods, what it finds goes to `tell` as messages of VIEWER_EVENTS."""

    def __init__(self, start: viewer_commands.StartViewer, tell: Tell, clock: Clock | None = None) -> None:
        self.connection = RoomConnection()
        self.watches: dict[str, Watch] = {}
        """By identity, of those that publish."""
        self._start = start
        self._tell = tell
        self._clock = clock or MonotonicClock()
        self._tasks = TaskGroup()
        # Of those that left last: what they said may still be measured.
        self._left: dict[str, Recollection] = {}
        self._followed = start.avatar_identity
        self._shown: Watch | None = None
        self._handover: Handover | None = None
        # Nothing is scaled before there is a size to scale to.
        self._box = (0, 0)
        self._writer: PreviewWriter | None = None
        self._press = PicturePress()
        self._monitor = Monitor(muted=start.monitor_muted)
        self._record_desk = RecordDesk(tell, self._clock)
        self._people = PeopleReport(lambda: self.connection.participants, tell, self._clock)

    @property
    def followed(self) -> Watch | None:
        """The avatar that is shown, heard and measured, once it is there."""
        return self.watches.get(self._followed) if self._followed is not None else None

    async def start(self) -> None:
        """Join; raises RoomConnectError. The speaker is looked for meanwhile and never holds anything up."""
        events = self.connection.events
        events.track_subscribed.connect(self._on_subscribed)
        events.track_unsubscribed.connect(self._on_unsubscribed)
        events.participant_connected.connect(self._on_joined)
        events.participant_disconnected.connect(self._on_left)
        self._tasks.spawn(self._open_monitor(), name="viewer monitor")
        await self.connection.connect(self._start.url, self._start.token)
        self._tell(viewer_events.ViewerJoined(self.connection.local.identity, self._clock.now()))
        self._people.look()
        events.changed.connect(lambda _: self._people.look())

    def follow(self, identity: str) -> None:
        """Show, hear and measure `identity` from now on; from the old one to it is a handover."""
        self._followed = identity
        self._hand_over()

    def set_preview_size(self, width_px: int, height_px: int) -> None:
        """Scale pictures to this box from now on."""
        self._box = (width_px, height_px)
        needed = width_px * height_px * _BYTES_PER_PIXEL
        if self._writer is None or needed > self._writer.slot_bytes:
            self._make_memory()

    def set_monitor(self, muted: bool) -> None:
        """Let the speakers play, or not."""
        self._monitor.muted = muted
        self._tell(self._monitor.describe())

    def record(self, path: Path | None) -> None:
        """Record what is shown and heard to `path`; None ends it."""
        if path is not None:
            self._record_desk.start(path)
        else:
            self._tasks.spawn(self._record_desk.stop(), name="end of recording")

    def observe(self, order: viewer_commands.Observe) -> None:
        """Write what came of a participant to a file, in a thread; told by Observed."""
        self._tasks.spawn(self._observe(order), name=f"observation of {order.identity}")

    async def _observe(self, order: viewer_commands.Observe) -> None:
        watch = self.watches.get(order.identity)
        recollection = watch.recollection if watch is not None else self._left.get(order.identity)
        if recollection is None:
            why = f"{order.identity} was not here"
        else:
            why = await asyncio.to_thread(_write_observation, recollection, order.since_s, Path(order.path))
        self._tell(viewer_events.Observed(order.request_id, why))

    def check_handover(self) -> None:
        """Called now and then: a gap of sound may end without a further event."""
        if self._handover is not None:
            self._handover.check_sound(self._clock.now())
            if self._handover.done:
                self._handover = None

    async def aclose(self) -> None:
        """Leave and free everything; harmless twice."""
        await self._tasks.aclose()
        for watch in list(self.watches.values()):
            await watch.aclose()
        await self.connection.aclose()
        await self._record_desk.stop()
        self._monitor.close()
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    async def _open_monitor(self) -> None:
        await self._monitor.open()
        self._tell(self._monitor.describe())

    def _make_memory(self) -> None:
        if self._writer is not None:
            self._writer.close()
        width_px, height_px = self._box
        self._writer = PreviewWriter(width_px * height_px * _BYTES_PER_PIXEL)
        path = os.fspath(self._writer.path)
        self._tell(viewer_events.PreviewMemory(path, SLOTS, self._writer.slot_bytes, width_px, height_px))

    def _on_joined(self, participant: Participant) -> None:
        # A new stay under an identity whose leave was missed begins anew.
        self._drop(participant.identity)

    def _on_left(self, left: ParticipantLeft) -> None:
        identity = left.participant.identity
        self._drop(identity)
        self._tell(viewer_events.ParticipantLeft(identity, left.reason, self._clock.now()))

    def _on_subscribed(self, publication: Publication) -> None:
        watch = self.watches.get(publication.owner) or self._begin(publication.owner)
        watch.read(publication)
        self._tell(
            viewer_events.TrackSubscribed(
                publication.owner, publication.kind.value, publication.name or publication.sid, self._clock.now()
            )
        )
        if publication.owner == self._followed:
            self._hand_over()

    def _on_unsubscribed(self, publication: Publication) -> None:
        if (watch := self.watches.get(publication.owner)) is not None:
            watch.forget(publication)
        self._tell(
            viewer_events.TrackUnsubscribed(
                publication.owner, publication.kind.value, publication.name or publication.sid, self._clock.now()
            )
        )

    def _begin(self, identity: str) -> Watch:
        watch = Watch(self.connection, identity, on_picture=self._on_picture, on_sound=self._on_sound)
        watch.first.connect(lambda first: self._on_first(watch, first))
        watch.audibility.connect(lambda change: self._on_audibility(watch, change))
        watch.offset.connect(lambda sample: self._on_offset(watch, sample))
        watch.freeze.connect(lambda length_s: self._on_freeze(watch, length_s))
        self.watches[identity] = watch
        return watch

    def _drop(self, identity: str) -> None:
        watch = self.watches.pop(identity, None)
        if watch is None:
            return
        self._left.pop(identity, None)
        self._left[identity] = watch.recollection
        while len(self._left) > _LEFT_KEPT:
            del self._left[next(iter(self._left))]
        if watch.audio.audible and watch.audio.last_audible_s is not None:
            # It left in the middle of a word: its silence is told by nobody else.
            watch.audio.audible = False
            self._on_audibility(watch, Audibility(False, watch.audio.last_audible_s))
        frozen_s = watch.video.freeze_s(self._clock.now())
        if frozen_s is not None and frozen_s >= _FROZEN_AT_ITS_END_S:
            self._on_freeze(watch, frozen_s)
        self._tasks.spawn(watch.aclose(), name=f"end of watching {identity}")

    def _hand_over(self) -> None:
        """Lead from what is shown to what is followed, once that is there."""
        new = self.followed
        if new is None or new is self._shown:
            return
        if self._shown is not None:
            self._handover = Handover(self._shown, new, self._clock.now(), self._on_gap)
        self._shown = new

    def _on_picture(self, watch: Watch, frame: VideoFrame, received_s: float) -> None:
        if watch is not self._shown:
            return
        self._record_desk.picture(frame, received_s)
        if self._writer is not None:
            self._press.press(frame, received_s, self._writer, self._box)
        if self._handover is not None:
            self._handover.picture_shown(received_s)

    def _on_sound(self, watch: Watch, frame: AudioFrame, start_s: float) -> None:
        if watch is self._shown:
            self._monitor.play(frame)
            self._record_desk.sound(frame, start_s)

    def _on_first(self, watch: Watch, first: FirstOf) -> None:
        self._tell(viewer_events.FirstMedia(watch.identity, first.kind.value, first.at_s))

    def _on_audibility(self, watch: Watch, change: Audibility) -> None:
        self._tell(viewer_events.SoundChanged(watch.identity, change.audible, change.at_s))
        self.check_handover()

    def _on_offset(self, watch: Watch, sample: OffsetSample) -> None:
        if watch is self._shown:
            self._tell(viewer_events.OffsetMeasured(sample.at_s, sample.offset_ms, sample.picture))

    def _on_freeze(self, watch: Watch, length_s: float) -> None:
        if watch is self._shown:
            self._tell(viewer_events.Samples("freeze_s", ((self._clock.now(), length_s),)))

    def _on_gap(self, gap: Gap) -> None:
        self._tell(viewer_events.MediaGap(gap.kind.value, gap.old, gap.new, gap.began_s, gap.ended_s))


def _write_observation(recollection: Recollection, since_s: float, path: Path) -> str:
    try:
        save_recalled(path, recollection.since(since_s))
    except OSError as error:
        return f"the observation can't be written to {path.parent}: {error.strerror}"
    return ""
