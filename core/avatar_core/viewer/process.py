"""The viewer as a process: commands of its owner, its reports, and its end."""

import asyncio
import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from avatar_core.clock import MonotonicClock
from avatar_core.errors import RoomError, WireError
from avatar_core.owner import OwnerPipe, on_termination
from avatar_core.room.values import ConnectionState, Publication, StateChanged, TrackKind
from avatar_core.tasks import TaskGroup
from avatar_core.viewer.core_waits import CoreWaits
from avatar_core.viewer.load import LoadMeter
from avatar_core.viewer.statistics import Inbound, InboundRate, rate_between, read_inbound
from avatar_core.viewer.viewer import Viewer
from avatar_core.viewer.watch import Watch
from avatar_core.wire import process_messages, viewer_commands, viewer_events
from avatar_core.wire.viewer_commands import VIEWER_COMMANDS
from avatar_core.wire.viewer_events import MAX_STATISTICS_CHARS, VIEWER_EVENTS

_log = logging.getLogger(__name__)

_LEVEL_INTERVAL_S = 0.05
_STATISTICS_INTERVAL_S = 1.0
_RATE_KNOWN_AFTER_S = 0.5
_QUIET_DBFS = -120.0


class ViewerProcess:
    """One viewer, its reporting, and the pipe to its owner."""

    def __init__(self, pipe: OwnerPipe, start: viewer_commands.StartViewer) -> None:
        self._pipe = pipe
        self._clock = MonotonicClock()
        self._tasks = TaskGroup(on_failure=self._on_failure)
        self._stop = asyncio.Event()
        self._viewer = Viewer(start, self.tell, self._clock)
        self._readings: dict[str, tuple[float, Inbound]] = {}
        """The last statistics of each track that is shown, by its sid, with their time."""
        self._waits = CoreWaits()
        self._exit_code = 0

    def tell(self, message: object) -> None:
        """Send one event to the owner."""
        self._pipe.send(VIEWER_EVENTS.encode(message))

    async def run(self) -> int:
        """Until told to stop, the owner is gone, or the room is lost; the exit code."""
        on_termination(self._stop.set)
        self._viewer.connection.events.state_changed.connect(self._on_state)
        self._tasks.spawn(self._obey(), name="viewer commands")
        self._tasks.spawn(self._join(), name="viewer join")
        try:
            await self._stop.wait()
        finally:
            await self._tasks.aclose()
            await self._viewer.aclose()
            self._waits.close()
            self._pipe.close()
        return self._exit_code

    async def _join(self) -> None:
        try:
            await self._viewer.start()
        except RoomError as error:
            self._fail("The viewer could not join the room.", str(error))
            return
        self._tasks.spawn(self._report_levels(), name="viewer levels")
        self._tasks.spawn(self._report_statistics(), name="viewer statistics")
        self._tasks.spawn(self._report_load(), name="viewer load")

    async def _obey(self) -> None:
        async for line in self._pipe.lines():
            try:
                command = VIEWER_COMMANDS.decode(line)
            except WireError as error:
                self.tell(process_messages.ProcessFailure(str(error), "viewer commands", "", False, self._clock.now()))
                continue
            match command:
                case viewer_commands.FollowAvatar():
                    self._viewer.follow(command.identity)
                case viewer_commands.SetPreviewSize():
                    self._viewer.set_preview_size(command.width_px, command.height_px)
                case viewer_commands.SetMonitor():
                    self._viewer.set_monitor(command.muted)
                case viewer_commands.WatchProcesses():
                    self._waits.watch(command.pids)
                case viewer_commands.Record():
                    self._viewer.record(Path(command.path) if command.path is not None else None)
                case viewer_commands.Observe():
                    self._viewer.observe(command)
                case process_messages.Stop():
                    break
        self._stop.set()

    async def _report_levels(self) -> None:
        while True:
            await asyncio.sleep(_LEVEL_INTERVAL_S)
            self._viewer.check_handover()
            watch = self._viewer.followed
            if watch is not None:
                loudness = watch.loudness if watch.audio.audible else None
                peak = loudness.peak_dbfs if loudness is not None else _QUIET_DBFS
                rms = loudness.rms_dbfs if loudness is not None else _QUIET_DBFS
                self.tell(viewer_events.Levels(watch.identity, peak, rms, self._clock.now()))

    async def _report_statistics(self) -> None:
        while True:
            await asyncio.sleep(_STATISTICS_INTERVAL_S)
            watch = self._viewer.followed
            published = self._viewer.connection.participant(watch.identity) if watch is not None else None
            bitrate_bps = 0.0
            readings = {}
            ways_ms: dict[TrackKind, float] = {}
            buffers_ms: dict[TrackKind, float] = {}
            for publication in published.publications if published is not None else ():
                reading = await self._read(publication)
                if reading is None:
                    continue
                readings[publication.sid] = reading
                if reading[1].way_ms is not None:
                    ways_ms[publication.kind] = reading[1].way_ms
                if (before := self._readings.get(publication.sid)) is not None:
                    rate = rate_between(before[1], reading[1], reading[0] - before[0])
                    self._report_track(publication.kind, rate, reading[0])
                    if rate.buffer_ms is not None:
                        buffers_ms[publication.kind] = rate.buffer_ms
                    bitrate_bps += rate.bitrate_bps if publication.kind is TrackKind.VIDEO else 0.0
            self._readings = readings
            buffers_offset_ms = _offset_ms(buffers_ms)
            if buffers_offset_ms is not None:
                self.tell(viewer_events.WayRead(self._clock.now(), buffers_offset_ms, _offset_ms(ways_ms)))
            first_s = watch.video.first_frame_s if watch is not None else None
            if watch is not None and first_s is not None and self._clock.now() - first_s >= _RATE_KNOWN_AFTER_S:
                self._report_video(watch, bitrate_bps)

    async def _read(self, publication: Publication) -> tuple[float, Inbound] | None:
        """A reading and its time; None where the track went away or has received nothing."""
        try:
            entries = await self._viewer.connection.track_stats(publication.sid)
        except RoomError as error:
            _log.info("no statistics of %s: %s", publication.sid, error)
            return None
        now_s, inbound = self._clock.now(), read_inbound(entries)
        self._tell_whole(publication, entries, now_s)
        if inbound is not None and publication.kind is TrackKind.VIDEO:
            self.tell(viewer_events.Samples("sdk_freeze_count", ((now_s, float(inbound.freezes)),)))
        return (now_s, inbound) if inbound is not None else None

    def _tell_whole(self, publication: Publication, entries: list[dict[str, Any]], now_s: float) -> None:
        """The statistics as they are, for the run folder; what would not go over the pipe is left out."""
        text = json.dumps(entries, separators=(",", ":"))
        if len(text) <= MAX_STATISTICS_CHARS:
            self.tell(viewer_events.TrackStatistics(publication.owner, publication.kind.value, text, now_s))

    def _report_track(self, kind: TrackKind, rate: InboundRate, at_s: float) -> None:
        figures: dict[str, float | None] = {f"buffer_{kind.value}_ms": rate.buffer_ms}
        if kind is TrackKind.AUDIO:
            figures |= {"jitter_ms": rate.jitter_ms, "loss_percent": rate.loss_percent}
            figures["concealed_percent"] = rate.concealed_percent
        for series, value in figures.items():
            if value is not None:
                self.tell(viewer_events.Samples(series, ((at_s, value),)))

    def _report_video(self, watch: Watch, bitrate_bps: float) -> None:
        now_s, video = self._clock.now(), watch.video
        self.tell(
            viewer_events.VideoStats(
                watch.identity,
                video.width_px,
                video.height_px,
                video.fps(now_s),
                bitrate_bps,
                watch.dropped_frames,
                now_s,
            )
        )

    async def _report_load(self) -> None:
        meter = LoadMeter(self._clock, waits=self._waits)
        while True:
            self.tell(await meter.measure())
            if (watch := self._viewer.followed) is not None:
                waited, dropped = watch.take_backlog()
                now_s = self._clock.now()
                self.tell(viewer_events.Samples("viewer_waiting_frames", ((now_s, float(waited)),)))
                self.tell(viewer_events.Samples("viewer_dropped_frames", ((now_s, float(dropped)),)))

    def _on_state(self, change: StateChanged) -> None:
        if change.current is ConnectionState.LOST:
            self._fail("The viewer lost the room.", change.reason)

    def _on_failure(self, name: str, failure: BaseException) -> None:
        _log.error("%s failed", name, exc_info=failure)
        self._fail(f"The viewer failed: {type(failure).__name__}: {failure}", name)

    def _fail(self, what: str, where: str) -> None:
        self.tell(
            process_messages.ProcessFailure(what, where[:4000], "Reconnect starts it again.", True, self._clock.now())
        )
        self._exit_code = 1
        self._stop.set()


def _offset_ms(delays_ms: Mapping[TrackKind, float]) -> float | None:
    """How much longer pictures take than sound; None where one of both is not known."""
    return delays_ms[TrackKind.VIDEO] - delays_ms[TrackKind.AUDIO] if len(delays_ms) == len(TrackKind) else None
