"""The life of an observing session: joined, watching, left alone, lost. It owns the parts; commands are session's."""

import asyncio
import logging
import secrets
from collections.abc import Iterable

from avatar_core.bench.allowed import blocked_while_observing
from avatar_core.bench.command_desk import Outcome
from avatar_core.bench.contract import WebRtcStatistics
from avatar_core.bench.figures.figures import Figures
from avatar_core.bench.measuring.analyst_child import AnalystChild
from avatar_core.bench.measuring.arrivals import Arrivals
from avatar_core.bench.measuring.backlog import Backlog
from avatar_core.bench.measuring.face_reading import FaceReading
from avatar_core.bench.measuring.intake import Intake
from avatar_core.bench.measuring.machine import MachineMeasures
from avatar_core.bench.measuring.observations import Observing
from avatar_core.bench.measuring.statistics_feed import StatisticsFeed
from avatar_core.bench.observe.attendance import OBSERVED_ID, Attendance
from avatar_core.bench.observe.course import Course
from avatar_core.bench.observe.health import HealthWatch
from avatar_core.bench.observe.observed import Observed
from avatar_core.bench.observe.post import Post
from avatar_core.bench.observe.unmeasured import say_what_is_not_measured
from avatar_core.bench.observe.view import ObserveView
from avatar_core.bench.results.run_folder import default_run_folder
from avatar_core.bench.settings.config import Config
from avatar_core.bench.settings.thresholds import load_thresholds, load_trust_limits
from avatar_core.bench.snapshot import Notice, NoticeAction
from avatar_core.bench.speech.book import Book
from avatar_core.bench.standing import Standing
from avatar_core.bench.states import Command, ProviderState, SessionState, Severity
from avatar_core.bench.viewing.hearing import Hearing
from avatar_core.bench.viewing.recordings import Recordings
from avatar_core.bench.viewing.screen import Screen
from avatar_core.bench.viewing.viewer_child import RemotePreview, ViewerChild
from avatar_core.clock import Clock
from avatar_core.errors import BenchError, ProviderTimeout
from avatar_core.playback.recall import SwapPolicy
from avatar_core.providers.contract import ProviderTraits
from avatar_core.room.wire_record import WireEvent
from avatar_core.signal import Signal
from avatar_core.tasks import TaskGroup
from avatar_core.wire import analysis, viewer_commands, viewer_events

_log = logging.getLogger(__name__)

_FIRST_PICTURE_TIMEOUT_S = 5.0
_IN_USE = (SessionState.READY, SessionState.WAITING)


class ObserveLife:
    """Made, changed and ended by the session alone; others read what it shows in snapshots."""

    def __init__(
        self, config: Config, observed: Observed, clock: Clock, *, judged_by: Iterable[str], monitor_muted: bool
    ) -> None:
        observed.check_room(config)
        self.observed = observed
        self.clock = clock
        self.run_id = f"run-{secrets.token_hex(3)}"
        self.post: Post | None = None
        self.seen: list[str] = []
        """Who has been the avatar, in the order in which they were seen first."""
        self.wire: Signal[WireEvent] = Signal("wire")
        self.tasks = TaskGroup(on_failure=self._on_task_failure)
        self.standing = Standing(clock, [ProviderTraits(OBSERVED_ID, observed.named, "Observed", 0)])
        self.book = Book(clock)
        thresholds = load_thresholds(judged_by, SwapPolicy.FINISH)
        self.figures = Figures(clock, load_trust_limits(), thresholds, config.calibration)
        say_what_is_not_measured(self.figures)
        self.hearing = Hearing()
        feed = StatisticsFeed(clock)
        self.statistics: Signal[WebRtcStatistics] = feed.sampled
        self.recordings = Recordings(default_run_folder(self.run_id), self.standing, clock)
        self.preview = RemotePreview(self._on_preview_size)
        self.view = ObserveView(self, monitor_muted=monitor_muted)
        self.attendance = Attendance(
            observed,
            self.standing,
            self.book,
            self.figures,
            clock,
            self.tasks,
            return_timeout_s=config.return_timeout_s,
            came=self._came,
            left=self._left,
        )
        self._config = config
        self._closed = False
        self._shown: tuple[str, bool] | None = None
        self._observing = Observing()
        self._analyst = AnalystChild()
        self._machine = MachineMeasures(self.figures, self.tasks, clock)
        self._course = Course(self.figures, self._avatar)
        self._health = HealthWatch(
            self.figures,
            self.hearing,
            self.standing,
            clock,
            self.tasks,
            observing=self._observing,
            analyst=self._analyst,
            company=self.attendance.company,
        )
        faces = FaceReading(self.figures, clock, self.tasks, avatar=self._avatar, analyzed=self._face_analyzed)
        backlog = Backlog(self.figures, clock)
        intake = Intake(self.hearing, self.view, self.figures, self.preview, self.standing, backlog)
        # First whoever keeps what the others ask for.
        self._listeners = (
            intake.viewer_said,
            Arrivals(self.standing, self.figures).take,
            self._take,
            self.attendance.take,
            lambda _: self._show(),
            self._course.take,
            faces.take,
            self.recordings.take,
            feed.take,
        )

    @property
    def screen(self) -> Screen:
        """What the viewer told."""
        return self.view

    @property
    def viewer(self) -> ViewerChild | None:
        """While it is in the room."""
        return self.post.viewer if self.post is not None else None

    def blocked(self) -> dict[Command, str]:
        """The commands that can't be used now, each with its reason."""
        return blocked_while_observing(self.standing.state, self.observed.named)

    async def connect(self) -> Outcome:
        """Join the room and wait for the avatar, up to its first picture."""
        self._machine.begin_lag()
        self.standing.set_state(SessionState.CONNECTING)
        self.view.loading(self.observed.named)
        post = self.post = Post(self._config, self.observed.room_name)
        post.lost.connect(lambda loss: self._lose(post, *loss))
        post.viewer_said.connect(self._hear)
        try:
            return await post.unless_lost(self._bring_up(post))
        except BenchError as error:
            await self._fail("connect", "The avatar can't be observed", str(error))
            if isinstance(error, ProviderTimeout):
                self.standing.set_provider(OBSERVED_ID, ProviderState.FAILED, "did not come")
            return False, str(error), {}
        except asyncio.CancelledError:
            await self.strike("connecting was called off")
            if self.standing.state is SessionState.CONNECTING:
                self.standing.set_state(SessionState.IDLE)
            raise

    async def wait_measured(self, timeout_s: float) -> bool:
        """Measure what came up to now."""
        self._course.measure_up_to(self.clock.now())
        try:
            async with asyncio.timeout(timeout_s):
                await self._health.measure()
        except TimeoutError:
            return False
        return True

    async def strike(self, ending: str) -> None:
        """End all that runs for the connection, because of `ending`."""
        self._health.drop()
        self._course.end(self.clock.now())
        self.attendance.end()
        self.hearing.clear()
        self.figures.viewer_gone()
        self.recordings.viewer_gone()
        self.preview.detach()
        self.view.gone(room=True)
        self.standing.set_provider(OBSERVED_ID, ProviderState.NOT_STARTED, ending)
        if (post := self.post) is not None:
            await post.aclose()
            if self.post is post:
                self.post = None

    async def aclose(self) -> None:
        """End everything, from any state; harmless twice."""
        self._closed = True
        await self.tasks.aclose()
        await self._analyst.aclose()
        await self._observing.aclose()
        await self.strike("session closed")

    async def _bring_up(self, post: Post) -> Outcome:
        viewer = await post.open(monitor_muted=self.view.monitor_muted)
        self.preview.begin()
        self.standing.announce("Room", f"Joined {self.observed.room_name!r}; nobody there is told", Severity.OK)
        self.standing.set_provider(OBSERVED_ID, ProviderState.STARTING)
        self._machine.begin_resources(lambda: self.post is post and post.viewer is not None, viewer)
        avatar = await self.attendance.attend()
        await self.hearing.first_picture(avatar, _FIRST_PICTURE_TIMEOUT_S)
        self._settle(connected=True)
        return True, f"{avatar} is observed", {}

    def _came(self, avatar: str) -> None:
        viewer = self.viewer
        assert viewer is not None, "who comes is told by the viewer"
        if avatar not in self.seen:
            self.seen.append(avatar)
        viewer.send(viewer_commands.FollowAvatar(avatar))
        self._shown = None
        self._show()
        self._course.begin(self.attendance.found_s)
        self._health.begin(viewer, avatar)
        self._settle()

    def _left(self) -> None:
        self._health.end()
        self._course.end(self.clock.now())
        self.view.gone(room=False)
        self._settle()

    def _settle(self, *, connected: bool = False) -> None:
        """The state that follows from who is there; CONNECTING is left by connect alone, which says so."""
        if connected or self.standing.state in _IN_USE:
            is_there = self.attendance.avatar is not None
            self.standing.set_state(SessionState.READY if is_there else SessionState.WAITING)

    def _avatar(self) -> str | None:
        return self.attendance.avatar if not self._closed else None

    async def _face_analyzed(self, identity: str, since_s: float) -> analysis.FaceAnalyzed:
        if (viewer := self.viewer) is None:
            raise BenchError("the room is gone")
        return await self._observing.faces(viewer, self._analyst, identity, since_s)

    def _show(self) -> None:
        """The avatar that is there; it may begin with its sound, and have a face a moment later."""
        avatar, people = self.attendance.avatar, self.attendance.people
        if avatar is None:
            return
        has_face = any(person.identity == avatar and "video" in person.publishes for person in people)
        if self._shown != (avatar, has_face):
            self._shown = (avatar, has_face)
            self.view.show(avatar, avatar, has_face=has_face)

    def _hear(self, message: object) -> None:
        """What the viewer says while everything is being ended matters no more."""
        if not self._closed:
            for listener in self._listeners:
                listener(message)

    def _take(self, message: object) -> None:
        match message:
            case viewer_events.Observed():
                self._observing.take(message)
            case viewer_events.TrackUnsubscribed():
                self.standing.announce("Track", f"{message.kind.capitalize()} of {message.identity} has ended")
            case viewer_events.ParticipantLeft():
                why = f" ({message.reason})" if message.reason else ""
                self.standing.announce("Left", f"{message.identity} left{why}")

    async def _fail(self, notice_id: str, what: str, why: str) -> None:
        """Something the session can't do without is gone: FAILED, until Reconnect."""
        self.standing.set_state(SessionState.FAILED)
        reconnect = NoticeAction(Command.RECONNECT, "Reconnect")
        self.standing.raise_notice(Notice(notice_id, Severity.FAIL, what, why, (reconnect,), f"{what}: {why}"))
        await self.strike("room lost")

    def _lose(self, post: Post, what: str, why: str) -> None:
        # While connecting it is the connect that fails, by this very loss.
        if self.post is post and not self._closed and self.standing.state in _IN_USE:
            self.standing.set_state(SessionState.FAILED)
            self.tasks.spawn(self._fail("lost", what, why), name="session loss")

    def _on_preview_size(self, width_px: int, height_px: int) -> None:
        if (viewer := self.viewer) is not None:
            viewer.send(viewer_commands.SetPreviewSize(width_px, height_px))

    def _on_task_failure(self, name: str, failure: BaseException) -> None:
        _log.error("%s failed", name, exc_info=failure)
        self.standing.announce("Error", f"{name}: {type(failure).__name__}: {failure}", Severity.FAIL)
