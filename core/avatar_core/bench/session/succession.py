"""Who is the avatar of a session: one comes, takes over, leaves by itself, comes back, or is given up."""

from typing import TYPE_CHECKING

from avatar_core.bench.avatar_metrics import AvatarMetricsLog
from avatar_core.bench.session.absence import NOTICE_ID as AVATAR_LEFT
from avatar_core.bench.session.absence import Absence
from avatar_core.bench.snapshot import Finding
from avatar_core.bench.stage.cast import Actor
from avatar_core.bench.stage.stage import Stage
from avatar_core.bench.states import ProviderState, SessionState
from avatar_core.room.answer_checks import WireFinding
from avatar_core.room.answered_output import AnsweredOutput
from avatar_core.wire import viewer_commands

if TYPE_CHECKING:
    from avatar_core.bench.session.life import SessionLife

_GONE_NOTICES = ("connect", "lost", AVATAR_LEFT, "swap_failed")
_STARTED = (ProviderState.LIVE, ProviderState.AWAY, ProviderState.STARTING, ProviderState.STANDING_BY)


class Succession:
    """Owned by the session's life, whose parts it brings up to date. An avatar that left is waited for."""

    def __init__(self, life: "SessionLife", *, return_timeout_s: float) -> None:
        self.metrics = AvatarMetricsLog(life.clock)
        self._life = life
        self._absence = Absence(
            life.standing,
            life.talk,
            life.tasks,
            life.clock,
            timeout_s=return_timeout_s,
            came_back=self._on_back,
            gave_up=self._on_given_up,
        )

    @property
    def waits(self) -> bool:
        """Whether the avatar left and what it was saying waits for it."""
        return self._absence.waits

    def go_live(self, actor: Actor) -> None:
        """This avatar, which has just come, is the one from now on, and speaks what is held for it."""
        life = self._life
        life.figures.another_avatar()
        life.figures.measure("join_s", actor.join_s, since_s=life.clock.now() - actor.join_s)
        self.metrics.joined(actor.joined, actor.join_s)
        answered = next((output for output in actor.sink.chain() if isinstance(output, AnsweredOutput)), None)
        if answered is not None:
            answered.reported.connect(life.intake.avatar_reported)
            answered.found.connect(lambda found: self.found(actor.traits.id, found))
            answered.held_up.connect(lambda held_s: life.figures.measure("send_wait_ms", held_s * 1000))
        if actor.measured is not None:
            actor.measured.connect(lambda found: life.figures.measure(*found))
        self._give_stage(actor)

    def go_without(self, ending: str) -> None:
        """No avatar is there from now on; what was being said ends, and the book calls that `ending`."""
        self._life.talk.clear(ending)
        self._life.view.gone(room=False)
        self._reset_providers()

    def left(self, stage: Stage, actor: Actor) -> None:
        """The avatar went without being asked: the session goes on without one, and waits for it."""
        life = self._life
        if life.stage is not stage or stage.actor is not actor or life.closed:
            return
        stage.actor = None
        life.view.gone(room=False)
        self._reset_providers()
        self._absence.begin(stage.cast, actor)
        life.settle()

    def end(self) -> Actor | None:
        """All of it is over; returns the avatar that was waited for, to be closed."""
        absent = self._absence.end()
        self._reset_providers()
        return absent

    def _give_stage(self, actor: Actor) -> None:
        life = self._life
        # Not before the book knows who speaks: what was held goes on at once.
        life.book.hand_over(actor.traits.id)
        life.measuring.handed_over(actor.identity, actor.sink)
        absent = self._absence.end()
        if absent is not None and absent is not actor:
            life.tasks.spawn(absent.aclose(), name=f"end of {absent.identity}")
        self._reset_providers()
        life.standing.set_provider(actor.traits.id, ProviderState.LIVE)
        life.view.live(actor)
        for notice_id in _GONE_NOTICES:
            life.standing.drop_notice(notice_id)

    def _on_given_up(self) -> None:
        # A swap in progress brings another; where it does not, its end clears what waits.
        if self._life.standing.state is not SessionState.SWAPPING:
            self.go_without("avatar ended")
            self._life.settle()

    def _on_back(self, actor: Actor) -> None:
        life, stage = self._life, self._life.stage
        if stage is None or life.closed:
            return
        stage.actor = actor
        stage.viewer.send(viewer_commands.FollowAvatar(actor.identity))
        self._give_stage(actor)
        life.settle()

    def found(self, provider_id: str, found: WireFinding) -> None:
        """A flaw of a provider was seen on the wire."""
        self._life.standing.find(Finding(found.id, found.evidence, found.at_s, provider_id))

    def _reset_providers(self) -> None:
        standing = self._life.standing
        for info in standing.providers:
            if info.state in _STARTED:
                standing.set_provider(info.id, ProviderState.NOT_STARTED)
