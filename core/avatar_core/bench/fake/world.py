"""The state behind the fake session: who is in the room, what sounds, what is planted. Commands: session.py."""

import asyncio
from collections import deque
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from avatar_core.bench.allowed import blocked_in
from avatar_core.bench.command_desk import Outcome
from avatar_core.bench.contract import SessionEvent, WebRtcStatistics
from avatar_core.bench.fake.figures import PROVIDERS, SOURCES, metric_rows
from avatar_core.bench.fake.ledger import FakeLedger, FakeSegment
from avatar_core.bench.fake.signals import FakeCurves, FakePreview
from avatar_core.bench.fake.wire import FakeWire
from avatar_core.bench.measuring.intake import not_trusted_notice
from avatar_core.bench.settings.faults import Faults, planted_text
from avatar_core.bench.snapshot import (
    Levels,
    MonitorInfo,
    Notice,
    NoticeAction,
    Participant,
    PreviewInfo,
    ProviderInfo,
    RecordingInfo,
    RoomInfo,
    SessionSnapshot,
    SourceInfo,
    SpeechProgress,
    TrustInfo,
)
from avatar_core.bench.states import (
    Command,
    PreviewState,
    ProviderState,
    Role,
    SegmentState,
    SeriesName,
    SessionState,
    Severity,
)
from avatar_core.bench.timeline_snapshot import SeriesSnapshot, UntrustedTime
from avatar_core.clock import Clock
from avatar_core.signal import Signal
from avatar_core.tasks import TaskGroup

_OFFSETS_KEPT = 214
_ROLES = {
    ProviderState.LIVE: Role.AVATAR,
    ProviderState.STANDING_BY: Role.STANDING_BY,
}


class FakeWorld:
    """One pretended room. The fake session changes it by commands, a test by the methods that begin with a verb."""

    def __init__(self, clock: Clock, *, seed: int, wall_offset_s: float, first_segment: int, judged: bool) -> None:
        self.clock = clock
        self.event: Signal[SessionEvent] = Signal("fake session event")
        self.state_changed: Signal[SessionState] = Signal("fake session state")
        self.statistics: Signal[WebRtcStatistics] = Signal("fake statistics")
        self.state = SessionState.IDLE
        self.preview = FakePreview(clock)
        self.ledger = FakeLedger(first_segment)
        self.wire = FakeWire(clock)
        self.curves = FakeCurves(seed)
        self.tasks = TaskGroup()
        self.samples: dict[str, deque[float]] = {}
        self.providers: list[ProviderInfo] = list(PROVIDERS)
        self.current_id: str | None = None
        self.away_id: str | None = None
        self.sources: list[SourceInfo] = list(SOURCES)
        self.selected_id = SOURCES[0].id
        self.monitor = MonitorInfo(device="Built-in speaker")
        self.recording: RecordingInfo | None = None
        self.trust = TrustInfo(load_percent=31.0, loop_lag_p99_ms=4.0, viewer_clock_p99_ms=2.0)
        self.notices: dict[str, Notice] = {}
        self.faults = Faults()
        self.live_since_s: float | None = None
        self.loading_since_s: float | None = None
        self.stopped_since_s: float | None = None
        self.also_blocked: dict[Command, str] = {}
        self._wall_offset_s = wall_offset_s
        self._judged = judged

    async def plant(self, faults: Mapping[str, float | bool]) -> Outcome:
        """Remember them."""
        self.faults = Faults(faults)
        return True, planted_text(self.faults), {}

    async def crash(self) -> Outcome:
        """The avatar is gone without a word, and missed."""
        self.kill_avatar()
        self.measure("crash_noticed_s", 0.1)
        return True, "Killed", {}

    async def wait(self, duration_s: float) -> None:
        """Let so much of the session's time go by."""
        await self.clock.sleep_until(self.clock.now() + duration_s)

    def source(self, source_id: str) -> SourceInfo:
        """The source of that id."""
        return next(source for source in self.sources if source.id == source_id)

    def snapshot(self) -> SessionSnapshot:
        """The session as of now."""
        now_s = self.clock.now()
        segment = self.ledger.current
        speech = None
        if segment is not None:
            paused = segment.state is SegmentState.PAUSED
            played_s = segment.played_s(now_s)
            speech = SpeechProgress(segment.source_id, segment.id, played_s, segment.duration_s, paused)
        blocked = blocked_in(self.state, open_segment=segment is not None, has_avatar=self.current_id is not None)
        return SessionSnapshot(
            time_s=now_s,
            wall_offset_s=self._wall_offset_s,
            state=self.state,
            run_id="run-2031-a7",
            room=self._room(),
            live_since_s=self.live_since_s,
            providers=tuple(self.providers),
            current_provider_id=self.current_id,
            sources=tuple(self.sources),
            selected_source_id=self.selected_id,
            speech=speech,
            preview=self._preview_info(),
            monitor=self.monitor,
            recording=self.recording,
            metrics=metric_rows(
                self._all_samples(), trusted=self.trust.trusted, judged=self._judged, balance=self.ledger.balance()
            ),
            ledger=self.ledger.rows(now_s, {provider.id: provider.name for provider in self.providers}),
            balance=self.ledger.balance(),
            trust=self.trust,
            notices=tuple(self.notices.values()),
            faults=self.faults,
            blocked=blocked | self.also_blocked,
        )

    def series(self, name: SeriesName, since_s: float) -> SeriesSnapshot:
        """One curve; NaN wherever nothing sounded, or no avatar was there."""
        time_s = self.curves.times(since_s, self.clock.now())
        heard = self.ledger.heard_by(time_s, [provider.id for provider in self.providers])
        live = heard >= 0
        match name:
            case SeriesName.AV_OFFSET_MS:
                value = self.curves.wander(time_s, -4.0, 8.0, 2.4) + np.where(heard == 3, 18.0, 0.0)
            case SeriesName.SENT_UNPLAYED_S:
                value = self.curves.sawtooth(time_s, 3.4, 2.6)
            case SeriesName.BUFFER_AUDIO_MS | SeriesName.BUFFER_VIDEO_MS:
                centre = 64.0 if name is SeriesName.BUFFER_AUDIO_MS else 88.0
                value = self.curves.wander(time_s, centre, 14.0, 4.0)
                live = time_s >= (np.inf if self.live_since_s is None else self.live_since_s)
        return SeriesSnapshot(name, time_s, np.where(live, value, np.nan), name is SeriesName.SENT_UNPLAYED_S)

    def levels(self) -> Levels:
        """Loud while a segment sounds, nothing otherwise."""
        segment = self.ledger.current
        if segment is None or segment.state is not SegmentState.PLAYING:
            return Levels()
        rms_dbfs = float(self.curves.wander(np.array([self.clock.now()]), -20.0, 9.0, 1.5)[0])
        return Levels(rms_dbfs, rms_dbfs + 6.0)

    def set_state(self, state: SessionState) -> None:
        """Change the state and tell."""
        if state is not self.state:
            self.state = state
            self.state_changed.emit(state)

    def announce(self, kind: str, text: str, severity: Severity = Severity.INFO) -> None:
        """Emit an event of this moment."""
        self.event.emit(SessionEvent(self.clock.now(), kind, text, severity))

    def raise_notice(self, notice: Notice) -> None:
        """Show a notice; the same again counts up."""
        shown = self.notices.get(notice.id)
        self.notices[notice.id] = replace(notice, count=shown.count + 1) if shown else notice
        self.announce("Notice", notice.title, notice.severity)

    def measure(self, name: str, value: float) -> None:
        """Add a sample to a metric."""
        self.samples.setdefault(name, deque(maxlen=1000)).append(value)

    def set_provider(self, provider_id: str, state: ProviderState, why: str = "") -> ProviderInfo:
        """Change where a provider stands; raises StopIteration for an unknown one."""
        index = next(i for i, provider in enumerate(self.providers) if provider.id == provider_id)
        self.providers[index] = replace(self.providers[index], state=state, why=why)
        return self.providers[index]

    def arrived(self, provider: ProviderInfo, after_s: float) -> None:
        """This provider was called `after_s` ago, and is whole now: its steps as a session tells and measures them."""
        created_s, joined_s = 0.1 * after_s, 0.4 * after_s
        self.announce("Created", f"{provider.name} answered, {created_s:.2f} s after the call")
        self.announce("Joined", f"{provider.name} joined, {joined_s:.2f} s after the call", Severity.OK)
        for name, value in (("create_s", created_s), ("join_s", joined_s), ("first_frame_s", after_s), ("fps", 25.0)):
            self.measure(name, value)

    def go_live(self, provider_id: str) -> None:
        """Let this provider be the avatar."""
        self.current_id = provider_id
        if self.away_id is not None:
            if self.away_id != provider_id:
                self.set_provider(self.away_id, ProviderState.NOT_STARTED)
            self.away_id = None
            self.notices.pop("worker_died", None)
        self.set_provider(provider_id, ProviderState.LIVE)
        self.loading_since_s = self.stopped_since_s = None
        self.preview.running = True
        if self.live_since_s is None:
            self.live_since_s = self.clock.now()

    def open_segment(self, source_id: str, duration_s: float) -> FakeSegment:
        """Open a segment on the current provider and let it be heard to its end."""
        segment = self.ledger.open(source_id, self.current_id or "", duration_s, self.clock.now())
        self.wire.speak(self.current_id or "")
        self.start_sounding(segment)
        return segment

    def start_sounding(self, segment: FakeSegment) -> None:
        """The segment is heard from now on, until it ends by itself."""
        self.preview.speaking = True
        self.announce("Started", f"{segment.id} begins to play")
        self.set_state(SessionState.SPEAKING)
        self.tasks.spawn(self._finish_when_heard(segment), name=f"fake finish of {segment.id}")

    def end_segment(self, segment: FakeSegment, state: SegmentState, ended: str) -> None:
        """Give the segment its one end, answered by the avatar that is there."""
        if self.current_id is not None:
            self.wire.finish(self.current_id, segment.pushed_s(self.clock.now()))
        self.ledger.hold(segment, self.clock.now(), state, ended, segment_label(segment, state, self.clock.now()))
        played_s, pushed_s = segment.played_s(self.clock.now()), segment.pushed_s(self.clock.now())
        severity = Severity.OK if state is SegmentState.FINISHED else Severity.INFO
        self.announce("Finished", f"{segment.id} played {played_s:.2f} s of {pushed_s:.2f} s", severity)
        self.preview.speaking = self.ledger.current is not None
        if self.ledger.current is None and self.state in (SessionState.SPEAKING, SessionState.PAUSED):
            self.set_state(SessionState.READY)

    def kill_avatar(self, why: str = "signal 9") -> None:
        """The avatar's process ends by itself; what it was saying is held until somebody else says it."""
        if (segment := self.ledger.current) is not None:
            self.ledger.hold(segment, self.clock.now(), SegmentState.PAUSED)
        if self.current_id is not None:
            self.set_provider(self.current_id, ProviderState.AWAY, f"ended ({why})")
        self.away_id, self.current_id = self.current_id, None
        self.preview.running = self.preview.speaking = False
        self.stopped_since_s = self.clock.now()
        self.set_state(SessionState.WAITING)
        body = "Waiting 10 s for it to come back. Speech waits. Start it again, or swap."
        self._tell_of_death(Severity.WARN, f"The avatar process ended ({why})", body)

    def give_up_avatar(self) -> None:
        """The one that was killed did not come back in time."""
        if self.away_id is not None:
            self.set_provider(self.away_id, ProviderState.FAILED, "did not come back")
        self.set_state(SessionState.READY)
        if (segment := self.ledger.current) is not None:
            self.end_segment(segment, SegmentState.INTERRUPTED, "avatar ended")
        body = "It did not come back in 10 s. Start it again, swap, or go on waiting."
        self._tell_of_death(Severity.FAIL, "The avatar process ended", body)

    def bring_avatar_back(self) -> None:
        """The one that was killed comes back under its identity, and says what was held for it."""
        if self.away_id is not None:
            self.go_live(self.away_id)
        self.set_state(SessionState.READY)
        if (segment := self.ledger.current) is not None:
            self.ledger.go_on(segment, self.current_id or "", self.clock.now())
            self.start_sounding(segment)

    def _tell_of_death(self, severity: Severity, title: str, body: str) -> None:
        again = NoticeAction(f"swap:{self.away_id}", "Start it again")
        actions = (again, NoticeAction(Command.RECONNECT, "Reconnect"))
        self.notices.pop("worker_died", None)
        self.raise_notice(Notice("worker_died", severity, title, body, actions, title))

    def lose_room(self) -> None:
        """The room goes away."""
        if (segment := self.ledger.current) is not None:
            self.end_segment(segment, SegmentState.INTERRUPTED, "room lost")
        self.preview.running, self.live_since_s, self.current_id = False, None, None
        for provider in self.providers:
            if provider.state in _ROLES:
                self.set_provider(provider.id, ProviderState.NOT_STARTED)
        self.set_state(SessionState.FAILED)
        reconnect = NoticeAction(Command.RECONNECT, "Reconnect")
        self.raise_notice(Notice("room_lost", Severity.FAIL, "The room is gone", "Speech waits.", (reconnect,)))

    def make_busy(self, load_percent: float = 97.0) -> None:
        """The machine becomes too busy for figures to be believed."""
        self.trust = replace(
            self.trust,
            trusted=False,
            reason="host busy",
            since_s=self.clock.now(),
            load_percent=load_percent,
            loop_lag_p99_ms=61.0,
        )
        self.ledger.untrusted.append(UntrustedTime(self.clock.now(), None, self.trust.reason))
        self.raise_notice(not_trusted_notice(f"this machine is {load_percent:.0f} % busy", machine_stolen=0.0))

    def _room(self) -> RoomInfo:
        joined = self.state not in (SessionState.IDLE, SessionState.CONNECTING, SessionState.FAILED)
        people = [Participant("bench-agent", Role.AGENT)] if joined else []
        people += [Participant(f"avatar-{p.id}", _ROLES[p.state]) for p in self.providers if p.state in _ROLES]
        people += [Participant("bench-viewer", Role.VIEWER)] if joined else []
        joins = self.samples.get("join_s")
        return RoomInfo(
            kind="Embedded",
            why="LIVEKIT_URL is not set",
            name="bench-7f3a",
            joined_s=joins[-1] if joined and joins else None,
            loss_percent=0.0 if joined else None,
            jitter_ms=0.0 if joined else None,
            participants=tuple(people),
        )

    def _preview_info(self) -> PreviewInfo:
        name = next((provider.name for provider in self.providers if provider.id == self.current_id), "")
        if self.loading_since_s is not None:
            starting = next((p.name for p in self.providers if p.state is ProviderState.STARTING), "the avatar")
            loading = PreviewState.LOADING
            return PreviewInfo(loading, starting, since_s=self.loading_since_s, usual_start_s=1.6)
        if self.stopped_since_s is not None:
            return PreviewInfo(PreviewState.STOPPED, name, 1280, 720, since_s=self.stopped_since_s)
        if self.current_id is None:
            return PreviewInfo()
        dropped = self.preview.dropped
        return PreviewInfo(PreviewState.LIVE, name, 1280, 720, 25.0, 1.8e6, dropped, self.clock.now())

    def _all_samples(self) -> dict[str, deque[float]]:
        offset = self.series(SeriesName.AV_OFFSET_MS, self.clock.now() - 60.0).value
        heard = offset[~np.isnan(offset)][-_OFFSETS_KEPT:]
        if not heard.size:
            return self.samples
        return self.samples | {
            "av_offset_ms": deque(heard.tolist()),
            "av_offset_source_ms": deque((heard - 4.0).tolist()),
        }

    async def _finish_when_heard(self, segment: FakeSegment) -> None:
        stretch = segment.stretches[-1]
        while segment.stretches[-1] is stretch and stretch.end_s is None:
            left_s = segment.duration_s - segment.played_s(self.clock.now())
            if left_s <= 0:
                self.end_segment(segment, SegmentState.FINISHED, "ended")
                return
            # In steps, for a stop shortens the segment while it is heard.
            await asyncio.sleep(min(left_s, 0.1))


def segment_label(segment: FakeSegment, state: SegmentState, now_s: float) -> str:
    """What the timeline writes on an ended stretch."""
    played_s = segment.played_s(now_s)
    if state is SegmentState.INTERRUPTED:
        return f"{segment.id}  interrupted at {played_s:.1f} s"
    return f"{segment.id}  {played_s:.1f} s"
