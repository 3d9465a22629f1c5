"""Whether the observed avatar is there, by what the viewer tells: waited for, gone, back, taken over, given up."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from avatar_core.bench.figures.figures import Figures
from avatar_core.bench.observe.attendance import NOTICE_ID, OBSERVED_ID, Attendance
from avatar_core.bench.observe.observed import Observed
from avatar_core.bench.settings.thresholds import load_trust_limits
from avatar_core.bench.speech.book import Book
from avatar_core.bench.standing import Standing
from avatar_core.bench.states import ProviderState
from avatar_core.errors import ProviderTimeout
from avatar_core.providers.contract import ProviderTraits
from avatar_core.tasks import TaskGroup
from avatar_core.wire.viewer_events import Person, RoomPeople
from tests.fakes.clock import ManualClock, settle

AGENT = Person("agent-1", "agent", "", ())
AVATAR = Person("tavus", "agent", "agent-1", ("audio", "video"))
SECOND = Person("simli", "agent", "agent-1", ("audio", "video"))
RETURN_S = 10.0


class Watched:
    """Attendance of the avatar of agent-1, and whom it told of."""

    def __init__(self, wait_s: float = 30.0) -> None:
        self.clock, self.tasks = ManualClock(100.0), TaskGroup()
        self.standing = Standing(self.clock, [ProviderTraits(OBSERVED_ID, "agent-1", "Observed", 0)])
        self.book, self.figures = Book(self.clock), Figures(self.clock, load_trust_limits())
        self.told: list[str | None] = []
        self.attendance = Attendance(
            Observed("agent-1", "demo", wait_s),
            self.standing,
            self.book,
            self.figures,
            self.clock,
            self.tasks,
            return_timeout_s=RETURN_S,
            came=self.told.append,
            left=lambda: self.told.append(None),
        )

    @property
    def state(self) -> ProviderState:
        return self.standing.providers[0].state

    def people(self, *people: Person, after_s: float = 1.0) -> None:
        self.clock.move(after_s)
        self.attendance.take(RoomPeople(people, 0, self.clock.now()))


@pytest.fixture
async def watched() -> AsyncIterator[Watched]:
    """The avatar is there."""
    made = Watched()
    made.people(AGENT, AVATAR)
    assert await made.attendance.attend() == "tavus"
    yield made
    await made.tasks.aclose()


async def test_an_avatar_that_is_there_already_is_followed_from_when_it_was_seen(watched: Watched) -> None:
    assert (watched.told, watched.state) == (["tavus"], ProviderState.LIVE)
    assert watched.attendance.found_s == 101.0
    assert watched.attendance.company() == {"agent-1"}


async def test_one_that_comes_later_is_waited_for() -> None:
    made = Watched()
    waiting = asyncio.ensure_future(made.attendance.attend())
    made.people(AGENT)
    await settle()
    assert not waiting.done()
    made.people(AGENT, AVATAR)
    assert await waiting == "tavus"
    await made.tasks.aclose()


async def test_who_does_not_come_in_time_is_an_error_that_says_where_and_who_is_there() -> None:
    made = Watched(wait_s=3.0)
    made.people(AGENT)
    waiting = asyncio.ensure_future(made.attendance.attend())
    await settle()
    made.people(AGENT, Person("ada", "standard", "", ("audio",)), after_s=4.0)
    with pytest.raises(ProviderTimeout, match=r"agent-1 did not come to room 'demo' in 3 s.*ada \(standard, audio\)"):
        await waiting
    assert made.told == []


async def test_an_absence_is_measured_and_marked_and_its_notice_goes_with_the_return(watched: Watched) -> None:
    watched.people(AGENT)
    assert (watched.told[-1], watched.state) == (None, ProviderState.AWAY)
    await settle()
    await watched.clock.advance(RETURN_S)
    await settle()
    assert (watched.state, list(watched.standing.notices)) == (ProviderState.FAILED, [NOTICE_ID])
    watched.people(AGENT, AVATAR, after_s=2.0)
    assert (watched.told[-1], watched.state, list(watched.standing.notices)) == ("tavus", ProviderState.LIVE, [])
    assert watched.figures.values("avatar_away_s") == [RETURN_S + 2.0]
    assert [mark.key for mark in watched.book.marks] == ["L", "B"]


async def test_an_avatar_that_publishes_nothing_any_more_is_away(watched: Watched) -> None:
    watched.people(AGENT, Person("tavus", "agent", "agent-1", ()))
    assert (watched.told[-1], watched.state) == (None, ProviderState.AWAY)


async def test_where_its_agent_has_left_as_well_the_conversation_is_over_and_nothing_failed(watched: Watched) -> None:
    watched.people(AGENT)
    watched.people()
    await settle()
    await watched.clock.advance(RETURN_S)
    await settle()
    assert (watched.state, dict(watched.standing.notices)) == (ProviderState.NOT_STARTED, {})
    assert watched.standing.providers[0].why == "left, and so did agent-1"


async def test_a_second_avatar_of_the_agent_takes_over_once_the_first_is_gone(watched: Watched) -> None:
    watched.people(AGENT, AVATAR, SECOND)
    assert watched.told == ["tavus"]
    assert watched.attendance.company() == {"agent-1", "simli"}
    watched.people(AGENT, SECOND)
    assert watched.told == ["tavus", "simli"]
    assert watched.figures.values("avatar_away_s") == []


async def test_an_agent_that_sounds_does_not_become_the_avatar_that_it_had(watched: Watched) -> None:
    watched.people(Person("agent-1", "agent", "", ("audio",)))
    assert watched.told == ["tavus", None]


async def test_once_the_room_is_gone_nobody_is_told_of_who_was_in_it(watched: Watched) -> None:
    watched.attendance.end()
    watched.people(AGENT, AVATAR)
    assert watched.told == ["tavus"]
    assert watched.attendance.avatar is None
