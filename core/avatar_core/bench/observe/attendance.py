"""Whether the observed avatar is there: waited for, seen to leave and to come back, told in words."""

import asyncio
from collections.abc import Callable, Sequence

from avatar_core.bench.figures.figures import Figures
from avatar_core.bench.observe.observed import Observed
from avatar_core.bench.observe.people import avatar_of, company_of, driver_of, who_is_there
from avatar_core.bench.snapshot import Notice, NoticeAction
from avatar_core.bench.speech.book import Book
from avatar_core.bench.standing import Standing
from avatar_core.bench.states import Command, ProviderState, Severity
from avatar_core.clock import Clock
from avatar_core.errors import ProviderTimeout
from avatar_core.tasks import TaskGroup
from avatar_core.wire import viewer_events

OBSERVED_ID = "observed"
NOTICE_ID = "avatar_left"
_TOLD_EVERY_S = 5.0


class Attendance:
    """Owned by the session; fed the viewer's events. `came` and `left` are called with each change, once it attends.

    An avatar that left is waited for without end. After `return_timeout_s` that is a failure, unless its agent has
    left, too: then the conversation is over.
    """

    def __init__(
        self,
        observed: Observed,
        standing: Standing,
        book: Book,
        figures: Figures,
        clock: Clock,
        tasks: TaskGroup,
        *,
        return_timeout_s: float,
        came: Callable[[str], None],
        left: Callable[[], None],
    ) -> None:
        self.people: Sequence[viewer_events.Person] = ()
        self.avatar: str | None = None
        """Who is the avatar now."""
        self.found_s = 0.0
        """When it was first seen in the room."""
        self._observed = observed
        self._standing = standing
        self._book = book
        self._figures = figures
        self._clock = clock
        self._tasks = tasks
        self._return_timeout_s = return_timeout_s
        self._came = came
        self._left = left
        self._left_out, self._told_s = 0, 0.0
        self._driver = ""
        self._attends = False
        self._left_s: float | None = None
        self._waiting: asyncio.Task[None] | None = None
        self._news = asyncio.Event()

    def take(self, message: object) -> None:
        """One of the viewer's events."""
        if isinstance(message, viewer_events.RoomPeople):
            self.people, self._left_out, self._told_s = message.people, message.left_out, message.at_s
            self._news.set()
            if self._attends:
                self._look(message.at_s)

    async def attend(self) -> str:
        """Wait until the avatar is there, and follow it from then on; raises ProviderTimeout, which says who is."""
        observed, began_s = self._observed, self._clock.now()
        told_s = began_s
        while (avatar := avatar_of(observed.named, self.people)) is None:
            waited_s = self._clock.now() - began_s
            if waited_s >= observed.wait_s:
                raise ProviderTimeout(
                    f"{observed.named} did not come to room {observed.room_name!r} in {observed.wait_s:g} s, or "
                    f"publishes nothing. {self._there} Check --observe and --room-name."
                )
            if self._clock.now() - told_s >= _TOLD_EVERY_S:
                told_s = self._clock.now()
                self._standing.announce("Wait", f"For {observed.named}, {waited_s:.0f} s so far. {self._there}")
            self._news.clear()
            left_s = min(_TOLD_EVERY_S, observed.wait_s - waited_s)
            try:
                async with asyncio.timeout(left_s):
                    await self._news.wait()
            except TimeoutError:
                continue
        self._attends = True
        self._arrive(avatar, self._told_s)
        return avatar

    def company(self) -> set[str]:
        """Who should not be heard beside the avatar."""
        return company_of(self.avatar, self._driver, self.people) if self.avatar is not None else set()

    def end(self) -> None:
        """The room is gone; harmless twice."""
        self._attends, self.people, self.avatar, self._driver, self._left_s = False, (), None, "", None
        self._stop_waiting()

    def away_s(self) -> float | None:
        """For how long it has been gone; None while it is there."""
        return None if self._left_s is None else self._clock.now() - self._left_s

    @property
    def _there(self) -> str:
        return who_is_there(self.people, self._left_out)

    def _look(self, at_s: float) -> None:
        had_worker = self._driver == self._observed.named
        avatar = avatar_of(self._observed.named, self.people, self.avatar, had_worker=had_worker)
        if avatar is None and self.avatar is not None:
            self._leave(self.avatar, at_s)
        elif avatar is not None and avatar != self.avatar:
            self._arrive(avatar, at_s)

    def _arrive(self, avatar: str, at_s: float) -> None:
        before, self.avatar, self.found_s = self.avatar, avatar, at_s
        self._driver = driver_of(avatar, self.people)
        for_whom = f", on behalf of {self._driver}" if self._driver else ""
        if self._left_s is not None:
            away_s, self._left_s = at_s - self._left_s, None
            self._stop_waiting()
            self._standing.drop_notice(NOTICE_ID)
            self._figures.measure("avatar_away_s", away_s, since_s=at_s - away_s, until_s=at_s)
            self._book.mark("B", "Back", f"{away_s:.1f} s", time_s=at_s)
            self._announce(f"{avatar} is back after {away_s:.1f} s{for_whom}", Severity.OK)
        elif before is not None:
            self._book.mark("S", "Swap", time_s=at_s)
            self._announce(f"{avatar} took over from {before}{for_whom}", Severity.OK)
        else:
            self._announce(f"{avatar} is there{for_whom}", Severity.OK)
        self._standing.set_provider(OBSERVED_ID, ProviderState.LIVE)
        self._came(avatar)

    def _leave(self, avatar: str, at_s: float) -> None:
        self.avatar, self._left_s = None, at_s
        self._standing.set_provider(OBSERVED_ID, ProviderState.AWAY, "left the room, or publishes nothing any more")
        self._book.mark("L", "Left", time_s=at_s)
        self._announce(f"{avatar} left", Severity.WARN)
        self._left()
        self._waiting = self._tasks.spawn(self._give_up(avatar), name="absent avatar")

    async def _give_up(self, avatar: str) -> None:
        await self._clock.sleep_until(self._clock.now() + self._return_timeout_s)
        if self._driver and all(person.identity != self._driver for person in self.people):
            self._standing.set_provider(OBSERVED_ID, ProviderState.NOT_STARTED, f"left, and so did {self._driver}")
            self._announce(f"{avatar} did not come back, and {self._driver} has left: the conversation is over")
            return
        title = f"{avatar} left and did not come back in {self._return_timeout_s:g} s"
        self._standing.set_provider(OBSERVED_ID, ProviderState.FAILED, "left and did not come back")
        reconnect = NoticeAction(Command.RECONNECT, "Reconnect")
        body = f"It is waited for all the same. {self._there}"
        self._standing.raise_notice(Notice(NOTICE_ID, Severity.FAIL, title, body, (reconnect,), f"{title}. {body}"))

    def _announce(self, text: str, severity: Severity = Severity.INFO) -> None:
        self._standing.announce("Avatar", text, severity, provider_id=OBSERVED_ID)

    def _stop_waiting(self) -> None:
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            waiting.cancel()
