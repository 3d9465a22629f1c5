"""An avatar that left by itself: what it was saying is held, it is waited for, and what comes of it is told."""

import asyncio
from collections.abc import Callable

from avatar_core.bench.snapshot import Notice, NoticeAction
from avatar_core.bench.speech.talk import Talk
from avatar_core.bench.stage.cast import Actor, Cast
from avatar_core.bench.standing import Standing
from avatar_core.bench.states import Command, ProviderState, Severity
from avatar_core.clock import Clock
from avatar_core.errors import RoomError
from avatar_core.tasks import TaskGroup, cancel_and_wait, spawn

NOTICE_ID = "worker_died"


class Absence:
    """Owned by the session; one avatar is away at a time.

    It is waited for under its identity, by whatever process, until another takes over: a while (`timeout_s`) with what
    was being said, held where positions can be trusted, then without, after `gave_up` was called. `came_back` is called
    once it is whole again.
    """

    def __init__(
        self,
        standing: Standing,
        talk: Talk,
        tasks: TaskGroup,
        clock: Clock,
        *,
        timeout_s: float,
        came_back: Callable[[Actor], None],
        gave_up: Callable[[], None],
    ) -> None:
        self.waits = False
        """Whether the while has begun and is not over."""
        self._standing = standing
        self._talk = talk
        self._tasks = tasks
        self._clock = clock
        self._timeout_s = timeout_s
        self._came_back = came_back
        self._gave_up = gave_up
        self._actor: Actor | None = None
        self._watch: asyncio.Task[None] | None = None

    def begin(self, cast: Cast, actor: Actor) -> None:
        """`actor` has left the room without being asked to."""
        self.waits, self._actor = True, actor
        holds = self._talk.suspend()
        if not holds:
            self._talk.clear("avatar ended")
        self._standing.set_provider(actor.traits.id, ProviderState.AWAY, "left the room")
        self._standing.announce("Avatar", f"{actor.traits.name} left", Severity.WARN, provider_id=actor.traits.id)
        self._watch = self._tasks.spawn(self._wait(cast, actor, holds=holds), name="absent avatar")

    def end(self) -> Actor | None:
        """Wait no longer; what was held goes on. Returns whom was waited for: the caller's from now on."""
        actor, self._actor, self.waits = self._actor, None, False
        watch, self._watch = self._watch, None
        if watch is not None and watch is not asyncio.current_task():
            watch.cancel()
        self._talk.go_on()
        return actor

    async def _wait(self, cast: Cast, actor: Actor, *, holds: bool) -> None:
        left_s = self._clock.now()
        back = spawn(cast.back(actor), name=f"{actor.identity} comes back")
        try:
            why = await actor.why_ended()
            title = f"The avatar process ended ({why})" if why else "The avatar left the room"
            if not back.done():
                self._tell_of_leaving(actor, title, holds=holds)
            await asyncio.wait({back}, timeout=max(0.0, left_s + self._timeout_s - self._clock.now()))
            if not back.done():
                self.waits = False
                self._gave_up()
                self._tell_of_giving_up(actor, title, why)
                await asyncio.wait({back})
            back.result()
        except RoomError:
            return  # the session is told of its room by others
        finally:
            await cancel_and_wait(back)
        away = f"{actor.traits.name} is back after {self._clock.now() - left_s:.1f} s"
        self._came_back(actor)
        self._standing.announce("Avatar", away, Severity.OK, provider_id=actor.traits.id)

    def _tell_of_leaving(self, actor: Actor, title: str, *, holds: bool) -> None:
        speech = " Speech waits." if holds else ""
        body = f"Waiting {self._timeout_s:g} s for it to come back.{speech} Start it again, or swap."
        self._notify(actor, Severity.WARN, title, body)

    def _tell_of_giving_up(self, actor: Actor, title: str, why: str) -> None:
        self._standing.set_provider(actor.traits.id, ProviderState.FAILED, why or "left the room")
        body = f"It did not come back in {self._timeout_s:g} s. Start it again, swap, or go on waiting."
        self._notify(actor, Severity.FAIL, title, body)

    def _notify(self, actor: Actor, severity: Severity, title: str, body: str) -> None:
        again = NoticeAction(f"swap:{actor.traits.id}", "Start it again")
        actions = (again, NoticeAction(Command.RECONNECT, "Reconnect"))
        # The same story goes on: it does not count up.
        self._standing.drop_notice(NOTICE_ID)
        self._standing.raise_notice(Notice(NOTICE_ID, severity, title, body, actions, f"{title}. {body}"))
