"""The life of a session: connected, live, lost, struck. It owns the parts; what users ask for is bench_session's."""

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable, Iterable, Mapping

from avatar_core.bench.allowed import blocked_in
from avatar_core.bench.book import Book
from avatar_core.bench.cast import Actor
from avatar_core.bench.command_desk import Outcome
from avatar_core.bench.config import Config
from avatar_core.bench.contract import CommandResult
from avatar_core.bench.faults import Faults
from avatar_core.bench.figures import Figures
from avatar_core.bench.hearing import Hearing
from avatar_core.bench.intake import Intake
from avatar_core.bench.session_view import SessionView
from avatar_core.bench.snapshot import Finding, Notice, NoticeAction
from avatar_core.bench.sources import Sources
from avatar_core.bench.stage import DispatcherChild, Stage
from avatar_core.bench.standing import Standing
from avatar_core.bench.states import Command, ProviderState, SeriesName, SessionState, Severity
from avatar_core.bench.talk import Talk
from avatar_core.bench.thresholds import load_thresholds, load_trust_limits
from avatar_core.bench.viewer_child import RemotePreview
from avatar_core.clock import Clock
from avatar_core.errors import BenchError, ProviderError
from avatar_core.playback.agent_output import AgentOutput
from avatar_core.playback.contract import AudioOutput, PlaybackFinishedEvent
from avatar_core.playback.meter import LevelMeter
from avatar_core.playback.recall import SwapPolicy
from avatar_core.providers.builtin import builtin_providers
from avatar_core.providers.contract import Provider
from avatar_core.providers.direct_voice import DirectVoice
from avatar_core.providers.registry import Registry
from avatar_core.providers.videosdk import VideoSdkAvatar, reference_dispatching
from avatar_core.room.answer_checks import WireFinding
from avatar_core.room.answered_output import AnsweredOutput
from avatar_core.room.wire_record import WireEvent
from avatar_core.signal import Signal
from avatar_core.tasks import TaskGroup
from avatar_core.viewer.load import LoadMeter
from avatar_core.wire import messages
from avatar_core.wire.codec import JsonScalar
from avatar_core.wire.livekit import SwapRequest

_log = logging.getLogger(__name__)

_FIRST_PICTURE_TIMEOUT_S = 5.0
_BUFFER_INTERVAL_S = 0.1
_LAG_TICK_S = 0.05
_GONE_NOTICES = ("connect", "lost", "worker_died", "swap_failed")
_IN_USE = (SessionState.READY, SessionState.SPEAKING, SessionState.PAUSED, SessionState.SWAPPING)
_STARTED = (ProviderState.LIVE, ProviderState.STARTING, ProviderState.STANDING_BY)


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
        monitor_muted: bool,
        join_timeout_s: float,
        swap_asked: Callable[[SwapRequest], Awaitable[CommandResult]],
    ) -> None:
        self.clock = clock
        self.run_id = f"run-{secrets.token_hex(3)}"
        self.stage: Stage | None = None
        self.tasks = TaskGroup(on_failure=self._on_task_failure)
        self._config = config
        self._swap_asked = swap_asked
        self._join_timeout_s = join_timeout_s
        self._closed = False
        self._measures_lag = False
        self._dispatcher = DispatcherChild()
        self._worker_options = dict(worker_options or {})
        self._launch_options: dict[str, JsonScalar] = {}
        self.plant(faults)
        builtin = builtin_providers(lambda: self._dispatcher.url, self._launch_options)
        videosdk = VideoSdkAvatar(lambda: reference_dispatching(self._dispatcher.url, self._launch_options), clock)
        self.registry = Registry([*builtin, *providers, DirectVoice(clock), videosdk])
        self.first = self.registry.get(first_provider or next(iter(self.registry)).traits.id)
        self.standing = Standing(clock, self.registry)
        self.wire: Signal[WireEvent] = Signal("wire")
        self.book = Book(clock)
        self.figures = Figures(clock, load_trust_limits(), load_thresholds(policy))
        self.sources = Sources()
        self.hearing = Hearing()
        self.output = AgentOutput(clock=clock)
        self.output.audio_changed.connect(self._on_chain)
        self.output.delivery_failed.connect(self._on_speech_failure)
        self.talk = Talk(
            self.output, self.book, self.sources, self.tasks, on_end=self.settle, on_failure=self._on_speech_failure
        )
        self.preview = RemotePreview(self._on_preview_size)
        self.view = SessionView(self, monitor_muted=monitor_muted)
        self._intake = Intake(self.hearing, self.view, self.figures, self.preview, self.standing)

    @property
    def actor(self) -> Actor | None:
        """The avatar that is in the room."""
        return self.stage.actor if self.stage is not None else None

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
        self._measure_lag()
        self.standing.set_state(SessionState.CONNECTING)
        self.view.loading(self.first.traits.name)
        stage = self.stage = Stage(
            self._config,
            f"bench-{secrets.token_hex(3)}",
            self.clock,
            self._dispatcher,
            join_timeout_s=self._join_timeout_s,
        )
        stage.lost.connect(lambda loss: self._on_lost(stage, *loss))
        stage.avatar_left.connect(lambda actor: self._on_avatar_left(stage, actor))
        stage.viewer_said.connect(self._intake.viewer_said)
        try:
            return await stage.unless_lost(self._bring_up(stage))
        except BenchError as error:
            await self.fail("connect", "The session could not be connected", str(error))
            if isinstance(error, ProviderError):
                self.standing.set_provider(self.first.traits.id, ProviderState.FAILED, str(error))
            return False, str(error), {}
        except asyncio.CancelledError:
            await self.strike("connecting was called off")
            if self.standing.state is SessionState.CONNECTING:
                self.standing.set_state(SessionState.IDLE)
            raise

    def plant(self, faults: Faults) -> None:
        """Each reference avatar that is started from now on has these faults."""
        self.faults = faults
        self._launch_options.clear()
        self._launch_options.update(self._worker_options | faults.launch_options())

    def go_live(self, actor: Actor) -> None:
        """This avatar is the one from now on."""
        self._reset_providers()
        self.standing.set_provider(actor.traits.id, ProviderState.LIVE)
        self.book.hand_over(actor.traits.id)
        self.figures.measure("join_s", actor.join_s, since_s=self.clock.now() - actor.join_s)
        self.view.live(actor)
        if isinstance(actor.sink, AnsweredOutput):
            actor.sink.reported.connect(self._intake.avatar_reported)
            actor.sink.found.connect(lambda found: self._on_found(actor.traits.id, found))
        for notice_id in _GONE_NOTICES:
            self.standing.drop_notice(notice_id)

    def go_without(self, ending: str) -> None:
        """No avatar is there from now on; what was being said ends, and the book calls that `ending`."""
        self.talk.clear(ending)
        self.view.gone(room=False)
        self._reset_providers()

    def settle(self, *, swapped: bool = False) -> None:
        """The state that follows from what goes on; SWAPPING is left by its command alone, which says so."""
        state = self.standing.state
        if state not in _IN_USE or (state is SessionState.SWAPPING and not swapped):
            return
        if not self.talk.goes_on:
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
        self.preview.detach()
        self.view.gone(room=True)
        self._reset_providers()
        if (stage := self.stage) is not None:
            await stage.aclose()
            # Kept until then, so that whoever else wants it closed waits for the same end.
            if self.stage is stage:
                self.stage = None

    async def aclose(self) -> None:
        """End everything, from any state; harmless twice."""
        self._closed = True
        await self.tasks.aclose()
        self.book.expect_end("session closed")
        await self.output.aclose()
        await self.strike("session closed")

    async def _bring_up(self, stage: Stage) -> Outcome:
        """Everything up to the first picture; what it began is the stage's to end."""
        started_s, traits = self.clock.now(), self.first.traits
        await stage.open(self.preview.box, monitor_muted=self.view.monitor_muted)
        stage.connection.wire.noted.connect(self.wire.emit)
        self.standing.set_provider(traits.id, ProviderState.STARTING)
        actor = stage.actor = await stage.cast.start(self.first, stage.cast.new_identity(traits))
        stage.viewer.send(messages.FollowAvatar(actor.identity))
        if self.output.audio is None:
            self.output.audio = LevelMeter(actor.sink, clock=self.clock)
        else:
            self.output.replace_audio_tail(actor.sink)
        self.go_live(actor)
        stage.serve_swaps(self._swap_asked)
        if traits.has_face:
            picture_s = await self.hearing.first_picture(actor.identity, _FIRST_PICTURE_TIMEOUT_S)
            if picture_s is not None:
                self.figures.measure("first_frame_s", picture_s - started_s, since_s=started_s)
        self.tasks.spawn(self._watch_buffers(stage), name="buffer curve")
        self.standing.set_state(SessionState.READY)
        if stage.actor is not actor:
            return False, f"{traits.name} joined and left again", {}
        text = f"{traits.name} joined in {actor.join_s:.2f} s"
        self.standing.announce("Joined", text, Severity.OK, provider_id=traits.id)
        return True, text, {"join_s": actor.join_s}

    def _measure_lag(self) -> None:
        """From the first connect on; a loop runs then."""
        if not self._measures_lag:
            self._measures_lag = True
            self.tasks.spawn(self._watch_lag(), name="loop lag")

    async def _watch_lag(self) -> None:
        meter = LoadMeter(self.clock, tick_s=_LAG_TICK_S)
        while True:
            self.figures.loop_lag_ms = (await meter.measure()).lateness_p99_ms

    async def _watch_buffers(self, stage: Stage) -> None:
        """The curve of what was sent and not heard, while this stage is in use."""
        while self.stage is stage and stage.is_open:
            if self.book.current_id is not None:
                self.figures.point(SeriesName.SENT_UNPLAYED_S, self.clock.now(), self.book.unplayed_s())
            else:
                self.figures.break_line(SeriesName.SENT_UNPLAYED_S)
            await asyncio.sleep(_BUFFER_INTERVAL_S)

    def _on_chain(self, head: AudioOutput) -> None:
        self.book.listen(head)
        head.playback_finished.connect(self._on_finished)

    def _on_finished(self, event: PlaybackFinishedEvent) -> None:
        if event.segment is None:
            return
        text = f"{event.segment.id} played {event.playback_position:.2f} s of {event.segment.pushed_s:.2f} s"
        severity = Severity.INFO if event.interrupted else Severity.OK
        self.standing.announce("Finished", text, severity, segment_id=event.segment.id)
        self.settle()

    def _on_found(self, provider_id: str, found: WireFinding) -> None:
        self.standing.find(Finding(found.id, found.evidence, found.at_s, provider_id))

    def _on_avatar_left(self, stage: Stage, actor: Actor) -> None:
        """The avatar went without being asked: the session goes on without one."""
        if self.stage is not stage or stage.actor is not actor or self._closed:
            return
        stage.actor = None
        self.go_without("avatar ended")
        self.settle()
        self.tasks.spawn(self._tell_of_end(actor), name="avatar end")

    async def _tell_of_end(self, actor: Actor) -> None:
        why = await actor.why_ended()
        await actor.aclose()
        if self.standing.state is SessionState.FAILED or self.actor is not None:
            self.standing.announce("Avatar", f"{actor.traits.name} left. {why}".strip(), Severity.WARN)
            return
        provider_id = actor.traits.id
        self.standing.set_provider(provider_id, ProviderState.FAILED, why or "left the room")
        actions = (NoticeAction(f"swap:{provider_id}", "Start it again"), NoticeAction(Command.RECONNECT, "Reconnect"))
        title = f"The avatar process ended ({why})" if why else "The avatar left the room"
        body = "Sound and picture stopped. Start it again, or reconnect."
        self.standing.raise_notice(Notice("worker_died", Severity.FAIL, title, body, actions, title))

    def _on_lost(self, stage: Stage, what: str, why: str) -> None:
        # While connecting it is the connect that fails, by this very loss.
        if self.stage is stage and not self._closed and self.standing.state in _IN_USE:
            self.standing.set_state(SessionState.FAILED)
            self.tasks.spawn(self.fail("lost", what, why), name="session loss")

    def _reset_providers(self) -> None:
        for info in self.standing.providers:
            if info.state in _STARTED:
                self.standing.set_provider(info.id, ProviderState.NOT_STARTED)

    def _on_preview_size(self, width_px: int, height_px: int) -> None:
        if self.stage is not None and self.stage.is_open:
            self.stage.viewer.send(messages.SetPreviewSize(width_px, height_px))

    def _on_speech_failure(self, error: BaseException) -> None:
        self.standing.raise_notice(Notice("speech", Severity.FAIL, "The speech stopped", str(error)))

    def _on_task_failure(self, name: str, failure: BaseException) -> None:
        _log.error("%s failed", name, exc_info=failure)
        self.standing.announce("Error", f"{name}: {type(failure).__name__}: {failure}", Severity.FAIL)
