"""LiveKit's rule of whose tracks are the avatar's, and who should be silent beside it."""

import pytest

from avatar_core.bench.observe.people import avatar_of, company_of, driver_of, who_is_there
from avatar_core.wire.fields import MediaKind
from avatar_core.wire.viewer_events import Person

BOTH: tuple[MediaKind, ...] = ("audio", "video")
USER = Person("ada", "standard", "", ("audio",))
AGENT = Person("agent-1", "agent", "", ())
AVATAR = Person("tavus", "agent", "agent-1", BOTH)
SECOND = Person("simli", "agent", "agent-1", BOTH)
STRANGER = Person("other", "agent", "agent-2", BOTH)


@pytest.mark.parametrize("named", ["tavus", "agent-1"])
def test_an_avatar_is_found_by_its_own_name_and_by_that_of_its_agent(named: str) -> None:
    assert avatar_of(named, [USER, AGENT, STRANGER, AVATAR]) == "tavus"


def test_an_agent_that_publishes_itself_is_its_own_avatar_until_somebody_does_on_its_behalf() -> None:
    speaks = Person("agent-1", "agent", "", ("audio",))
    assert avatar_of("agent-1", [USER, speaks]) == "agent-1"
    assert avatar_of("agent-1", [USER, speaks, AVATAR]) == "tavus"
    assert avatar_of("agent-1", [USER, speaks], "tavus", had_worker=True) is None


def test_nobody_is_the_avatar_while_it_publishes_nothing_or_only_others_are_there() -> None:
    silent = Person("tavus", "agent", "agent-1", ())
    assert avatar_of("tavus", [USER, AGENT, silent]) is None
    assert avatar_of("agent-1", [USER, AGENT, silent, STRANGER]) is None
    assert avatar_of("agent-1", []) is None


def test_of_two_avatars_of_one_agent_the_one_that_was_followed_stays() -> None:
    assert avatar_of("agent-1", [AGENT, AVATAR, SECOND], "simli") == "simli"
    assert avatar_of("agent-1", [AGENT, AVATAR], "simli") == "tavus"


def test_a_user_may_talk_over_an_avatar_but_neither_its_agent_nor_a_second_avatar() -> None:
    people = [USER, AGENT, AVATAR, SECOND, STRANGER]
    assert driver_of("tavus", people) == "agent-1"
    assert company_of("tavus", "agent-1", people) == {"agent-1", "simli"}


def test_where_nobody_is_named_as_its_agent_every_agent_should_be_silent() -> None:
    alone = Person("face", "agent", "", BOTH)
    assert driver_of("face", [alone, AGENT, USER]) == ""
    assert company_of("face", "", [alone, AGENT, USER]) == {"agent-1"}


def test_an_error_names_who_is_there_and_what_they_publish() -> None:
    assert who_is_there([]) == "Nobody else is there."
    assert who_is_there([USER, AVATAR, AGENT], 2) == (
        "There: ada (standard, audio), tavus (on behalf of agent-1, audio and video), "
        "agent-1 (agent, publishes nothing) and 2 more."
    )
