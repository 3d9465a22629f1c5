"""Connecting: room, viewer and the first avatar, up to its first picture, and their wires to the session's parts."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from avatar_core.bench.command_desk import Outcome
from avatar_core.bench.contract import CommandResult
from avatar_core.bench.measuring.statistics_feed import StatisticsFeed
from avatar_core.bench.settings.config import Config
from avatar_core.bench.stage.accomplice import Accomplice
from avatar_core.bench.stage.stage import DispatcherChild, Stage
from avatar_core.bench.states import ProviderState, SessionState
from avatar_core.errors import BenchError, ProviderError
from avatar_core.playback.meter import LevelMeter
from avatar_core.wire import viewer_commands
from avatar_core.wire.livekit import SwapRequest

if TYPE_CHECKING:
    from avatar_core.bench.session.life import SessionLife

_FIRST_PICTURE_TIMEOUT_S = 5.0


class Connecting:
    """Owned by the session's life, whose parts it wires to a new stage each time."""

    def __init__(
        self,
        life: "SessionLife",
        config: Config,
        dispatcher: DispatcherChild,
        feed: StatisticsFeed,
        *,
        join_timeout_s: float,
        swap_asked: Callable[[SwapRequest], Awaitable[CommandResult]],
    ) -> None:
        self._life = life
        self._config = config
        self._dispatcher = dispatcher
        self._feed = feed
        self._join_timeout_s = join_timeout_s
        self._swap_asked = swap_asked

    async def connect(self) -> Outcome:
        """Bring up room, viewer and the first avatar."""
        life = self._life
        life.machine.begin_lag()
        life.standing.set_state(SessionState.CONNECTING)
        life.view.loading(life.first.traits.name)
        stage = life.stage = Stage(
            self._config,
            f"bench-{secrets.token_hex(3)}",
            life.clock,
            self._dispatcher,
            join_timeout_s=self._join_timeout_s,
        )
        stage.lost.connect(lambda loss: life.lose(stage, *loss))
        stage.avatar_left.connect(lambda _: life.note_crash())
        stage.avatar_left.connect(lambda actor: life.succession.left(stage, actor))
        stage.viewer_said.connect(life.intake.viewer_said)
        stage.viewer_said.connect(life.arrivals.take)
        stage.viewer_said.connect(life.measuring.take)
        stage.viewer_said.connect(life.recordings.take)
        stage.viewer_said.connect(self._feed.take)
        try:
            return await stage.unless_lost(self._bring_up(stage))
        except BenchError as error:
            await life.fail("connect", "The session could not be connected", str(error))
            if isinstance(error, ProviderError):
                life.standing.set_provider(life.first.traits.id, ProviderState.FAILED, str(error))
            return False, str(error), {}
        except asyncio.CancelledError:
            await life.strike("connecting was called off")
            if life.standing.state is SessionState.CONNECTING:
                life.standing.set_state(SessionState.IDLE)
            raise

    def _open_segment(self) -> tuple[str, int] | None:
        """Name and generation of what is being said, as its avatar knows it."""
        segment_id = self._life.book.current_id
        return None if segment_id is None else (segment_id, 0)

    async def _bring_up(self, stage: Stage) -> Outcome:
        """Everything up to the first picture; what it began is the stage's to end."""
        life = self._life
        started_s, traits = life.clock.now(), life.first.traits

        def is_used() -> bool:
            return life.stage is stage and stage.is_open

        await stage.open(monitor_muted=life.view.monitor_muted)
        life.preview.begin()
        stage.connection.wire.noted.connect(life.wire.emit)
        life.standing.set_provider(traits.id, ProviderState.STARTING)
        stage.cast.coming.connect(life.arrivals.coming)
        actor = stage.actor = await stage.cast.start(life.first, stage.cast.new_identity(traits))
        stage.viewer.send(viewer_commands.FollowAvatar(actor.identity))
        if life.output.audio is None:
            life.output.audio = life.measuring.listen(LevelMeter(actor.sink, clock=life.clock))
        else:
            life.output.replace_audio_tail(actor.sink)
        life.succession.go_live(actor)
        stage.serve_swaps(self._swap_asked)
        stage.refuse_foreign_answers(lambda found: life.succession.found(traits.id, found))
        if life.faults:
            life.accomplice = Accomplice(stage.venue, stage.connection, life.faults, self._open_segment)
            await life.accomplice.start()
        if traits.has_face:
            picture_s = await life.hearing.first_picture(actor.identity, _FIRST_PICTURE_TIMEOUT_S)
            if picture_s is not None:
                life.figures.measure("first_frame_s", picture_s - started_s, since_s=started_s)
        life.measures.begin_buffers(is_used)
        feeding = self._feed.watch_agent(stage.connection, is_used)
        life.tasks.spawn(feeding, name="agent statistics")
        life.machine.begin_resources(is_used, stage.viewer, stage.dispatcher, stage.venue.server_pid)
        life.measures.begin_hang_watch(is_used, life.standing)
        life.standing.set_state(SessionState.READY)
        if stage.actor is not actor:
            return False, f"{traits.name} joined and left again", {}
        return True, f"{traits.name} joined in {actor.join_s:.2f} s", {"join_s": actor.join_s}
