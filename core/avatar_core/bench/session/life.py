"""The life of a session: connected, live, lost, struck. It owns the parts; what users ask for is bench_session's."""

import logging
import secrets
from collections.abc import Awaitable, Callable, Iterable, Mapping

from avatar_core.bench.allowed import blocked_in
from avatar_core.bench.command_desk import Outcome
from avatar_core.bench.contract import CommandResult
from avatar_core.bench.figures.figures import Figures
from avatar_core.bench.measuring.arrivals import Arrivals
from avatar_core.bench.measuring.backlog import Backlog
from avatar_core.bench.measuring.intake import Intake
from avatar_core.bench.measuring.machine import MachineMeasures
from avatar_core.bench.measuring.measuring import Measuring
from avatar_core.bench.measuring.standing_measures import StandingMeasures
from avatar_core.bench.measuring.statistics_feed import StatisticsFeed
from avatar_core.bench.results.run_folder import default_run_folder
from avatar_core.bench.session.connecting import Connecting
from avatar_core.bench.session.succession import Succession
from avatar_core.bench.session.view import SessionView
from avatar_core.bench.settings.config import Config
from avatar_core.bench.settings.faults import Faults, check_plantable
from avatar_core.bench.settings.thresholds import load_thresholds, load_trust_limits
from avatar_core.bench.snapshot import Notice, NoticeAction
from avatar_core.bench.speech.book import Book
from avatar_core.bench.speech.sources import Sources
from avatar_core.bench.speech.talk import Talk
from avatar_core.bench.stage.accomplice import Accomplice
from avatar_core.bench.stage.cast import Actor
from avatar_core.bench.stage.stage import DispatcherChild, Stage
from avatar_core.bench.standing import Standing
from avatar_core.bench.states import Command, SessionState, Severity
from avatar_core.bench.viewing.hearing import Hearing
from avatar_core.bench.viewing.recordings import Recordings
from avatar_core.bench.viewing.screen import Screen
from avatar_core.bench.viewing.viewer_child import RemotePreview, ViewerChild
from avatar_core.clock import Clock
from avatar_core.metrics.lip_sync.bias import Biases
from avatar_core.playback.agent_output import AgentOutput
from avatar_core.playback.contract import AudioOutput, PlaybackFinishedEvent, PlaybackStartedEvent
from avatar_core.playback.recall import SwapPolicy
from avatar_core.providers.builtin import builtin_providers
from avatar_core.providers.contract import Provider
from avatar_core.providers.direct_voice import DirectVoice
from avatar_core.providers.registry import Registry
from avatar_core.providers.videosdk import reference_dispatching, videosdk_avatars
from avatar_core.providers.videosdk_meeting import VideoSdkMeeting
from avatar_core.room.wire_record import WireEvent
from avatar_core.signal import Signal
from avatar_core.tasks import TaskGroup
from avatar_core.wire import viewer_commands
from avatar_core.wire.codec import JsonScalar
from avatar_core.wire.livekit import SwapRequest

_log = logging.getLogger(__name__)

_IN_USE = (
    SessionState.READY,
    SessionState.SPEAKING,
    SessionState.PAUSED,
    SessionState.SWAPPING,
    SessionState.WAITING,
)


class SessionLife:
    """Made, changed and ended by the session alone; others read what it shows in snapshots."""

    def __init__(
        self,
        config: Config,
        providers: Iterable[Provider],
        first_provider: str | None,
        worker_options: Mapping[str, JsonScalar] | None,
        clock: Clock,
        *,
        faults: Faults,
        policy: SwapPolicy,
        judged_by: Iterable[str],
        monitor_muted: bool,
        join_timeout_s: float,
        swap_asked: Callable[[SwapRequest], Awaitable[CommandResult]],
    ) -> None:
        self.clock = clock
        self.run_id = f"run-{secrets.token_hex(3)}"
        self.stage: Stage | None = None
        self.accomplice: Accomplice | None = None
        self.tasks = TaskGroup(on_failure=self._on_task_failure)
        self.killed_s: float | None = None
        """When the avatar's process was killed, while that has not been noticed."""
        self.closed = False
        self._dispatcher = DispatcherChild()
        size = dict(zip(("width", "height"), config.avatar_size or (), strict=False))
        self._worker_options: dict[str, JsonScalar] = {**size, **(worker_options or {})}
        self._launch_options: dict[str, JsonScalar] = {}
        self.plant(faults)
        builtin = builtin_providers(lambda: self._dispatcher.url, self._launch_options)
        videosdk = videosdk_avatars(
            lambda: reference_dispatching(self._dispatcher.url, self._launch_options),
            clock,
            # With a meeting, whom it calls comes into that.
            dispatcher_url="" if config.videosdk.account else config.videosdk.dispatcher_url,
            lossy_audio=config.videosdk.lossy_audio,
            own_voice=config.videosdk.own_voice,
        )
        meeting = VideoSdkMeeting(
            lambda: reference_dispatching(self._dispatcher.url, self._launch_options),
            clock,
            config.videosdk.account,
            own_voice=config.videosdk.own_voice,
        )
        self.registry = Registry([*builtin, *providers, DirectVoice(clock), *videosdk, meeting])
        self.first = self.registry.get(first_provider or next(iter(self.registry)).traits.id)
        check_plantable(faults, self.first.traits)
        self.standing = Standing(clock, [provider.traits for provider in self.registry])
        self.wire: Signal[WireEvent] = Signal("wire")
        self.book = Book(clock)
        self.figures = Figures(clock, load_trust_limits(), load_thresholds(judged_by, policy), config.calibration)
        self.sources = Sources()
        self.hearing = Hearing()
        self.measuring = Measuring(
            self.figures,
            self.standing,
            clock,
            self.tasks,
            hearing=self.hearing,
            on_stage=self._on_stage,
            biases=Biases(config.face_biases_ms),
            said=lambda: (self.actor.traits.id, self.talk.source_id) if self.actor is not None else None,
        )
        self._feed = StatisticsFeed(clock)
        self.statistics = self._feed.sampled
        self.recordings = Recordings(default_run_folder(self.run_id), self.standing, clock)
        self.output = AgentOutput(clock=clock)
        self.output.audio_changed.connect(self._on_chain)
        self.output.delivery_failed.connect(self._on_speech_failure)
        self.talk = Talk(
            self.output, self.book, self.sources, self.tasks, on_end=self.settle, on_failure=self._on_speech_failure
        )
        backlog = Backlog(self.figures, clock)
        self.machine = MachineMeasures(self.figures, self.tasks, clock)
        self.measures = StandingMeasures(self.figures, self.book, self.output, backlog, self.tasks, clock)
        self.preview = RemotePreview(self._on_preview_size)
        self.view = SessionView(self, monitor_muted=monitor_muted)
        self.intake = Intake(self.hearing, self.view, self.figures, self.preview, self.standing, backlog)
        self.arrivals = Arrivals(self.standing, self.figures)
        self.succession = Succession(self, return_timeout_s=config.return_timeout_s)
        self._connecting = Connecting(
            self, config, self._dispatcher, self._feed, join_timeout_s=join_timeout_s, swap_asked=swap_asked
        )

    @property
    def actor(self) -> Actor | None:
        """The avatar that is in the room."""
        return self.stage.actor if self.stage is not None else None

    @property
    def screen(self) -> Screen:
        """What the viewer told."""
        return self.view

    @property
    def viewer(self) -> ViewerChild | None:
        """While there is one."""
        return self.stage.viewer if self.stage is not None and self.stage.is_open else None

    def blocked(self) -> dict[Command, str]:
        """The commands that can't be used now, each with its reason."""
        # In the midst of a swap one is coming; whatever needs it waits for the swap, Interrupt excepted.
        state = self.standing.state
        has_avatar = self.actor is not None or state is SessionState.SWAPPING
        blocked = blocked_in(state, open_segment=self.talk.goes_on, has_avatar=has_avatar)
        head = self.output.audio
        if head is not None and not head.can_pause:
            blocked.setdefault(Command.PAUSE, "This provider does not report positions")
        return blocked

    async def connect(self) -> Outcome:
        """Bring up room, viewer and the first avatar."""
        return await self._connecting.connect()

    async def wait_measured(self, timeout_s: float) -> bool:
        """Wait until every utterance that is over is measured."""
        return await self.measuring.wait_idle(timeout_s)

    def plant(self, faults: Faults) -> None:
        """Each reference avatar that is started from now on has these faults."""
        self.faults = faults
        self._launch_options.clear()
        self._launch_options.update(self._worker_options | faults.launch_options())

    def settle(self, *, swapped: bool = False) -> None:
        """The state that follows from what goes on; SWAPPING is left by its command alone, which says so."""
        state = self.standing.state
        if state not in _IN_USE or (state is SessionState.SWAPPING and not swapped):
            return
        if self.succession.waits:
            self.standing.set_state(SessionState.WAITING)
        elif not self.talk.goes_on:
            self.standing.set_state(SessionState.READY)
        else:
            self.standing.set_state(SessionState.PAUSED if self.talk.held else SessionState.SPEAKING)

    async def fail(self, notice_id: str, what: str, why: str) -> None:
        """Something the session can't do without is gone: FAILED, until Reconnect."""
        self.standing.set_state(SessionState.FAILED)
        reconnect = NoticeAction(Command.RECONNECT, "Reconnect")
        self.standing.raise_notice(Notice(notice_id, Severity.FAIL, what, why, (reconnect,), f"{what}: {why}"))
        await self.strike("room lost")

    async def strike(self, ending: str) -> None:
        """End all that runs for the connection; providers stand where they stood before it."""
        self.talk.clear(ending)
        self.hearing.clear()
        self.figures.viewer_gone()
        self.recordings.viewer_gone()
        self.preview.detach()
        self.view.gone(room=True)
        if self.accomplice is not None:
            await self.accomplice.aclose()
            self.accomplice = None
        absent = self.succession.end()
        if (stage := self.stage) is not None:
            # It is closed as one that is there would be: its end of the speech, then all the rest.
            stage.actor = stage.actor or absent
            await stage.aclose()
            # Kept until then, so that whoever else wants it closed waits for the same end.
            if self.stage is stage:
                self.stage = None

    async def aclose(self) -> None:
        """End everything, from any state; harmless twice."""
        self.closed = True
        await self.tasks.aclose()
        await self.measuring.aclose()
        self.book.expect_end("session closed")
        await self.output.aclose()
        await self.strike("session closed")

    def _on_chain(self, head: AudioOutput) -> None:
        self.book.listen(head)
        self.succession.metrics.listen(head)
        head.playback_started.connect(self._on_started)
        head.playback_finished.connect(self._on_finished)

    def _on_started(self, event: PlaybackStartedEvent) -> None:
        self.standing.announce("Started", f"{event.segment.id} begins to play", segment_id=event.segment.id)

    def _on_finished(self, event: PlaybackFinishedEvent) -> None:
        if event.segment is None:
            return
        text = f"{event.segment.id} played {event.playback_position:.2f} s of {event.segment.pushed_s:.2f} s"
        severity = Severity.INFO if event.interrupted else Severity.OK
        self.standing.announce("Finished", text, severity, segment_id=event.segment.id)
        self.settle()

    def note_crash(self) -> None:
        """The avatar is gone; where it was killed, that was noticed only now."""
        if self.killed_s is not None:
            self.figures.measure("crash_noticed_s", self.clock.now() - self.killed_s, since_s=self.killed_s)
            self.killed_s = None

    def _on_stage(self) -> tuple[Stage, str] | None:
        if self.stage is None or not self.stage.is_open or self.actor is None or self.closed:
            return None
        return self.stage, self.actor.identity

    def lose(self, stage: Stage, what: str, why: str) -> None:
        """Something that `stage` can't do without ended by itself."""
        # While connecting it is the connect that fails, by this very loss.
        if self.stage is stage and not self.closed and self.standing.state in _IN_USE:
            self.standing.set_state(SessionState.FAILED)
            self.tasks.spawn(self.fail("lost", what, why), name="session loss")

    def _on_preview_size(self, width_px: int, height_px: int) -> None:
        if (viewer := self.viewer) is not None:
            viewer.send(viewer_commands.SetPreviewSize(width_px, height_px))

    def _on_speech_failure(self, error: BaseException) -> None:
        self.standing.raise_notice(Notice("speech", Severity.FAIL, "The speech stopped", str(error)))

    def _on_task_failure(self, name: str, failure: BaseException) -> None:
        _log.error("%s failed", name, exc_info=failure)
        self.standing.announce("Error", f"{name}: {type(failure).__name__}: {failure}", Severity.FAIL)
