"""Who of the people in a room is the avatar: LiveKit's rule, pure.

An avatar worker carries `lk.publish_on_behalf` with the identity of its agent, and its tracks stand for the agent's.
"""

from collections.abc import Sequence

from avatar_core.wire.viewer_events import Person

_AGENT = "agent"


def avatar_of(
    named: str, people: Sequence[Person], current: str | None = None, *, had_worker: bool = False
) -> str | None:
    """Whose tracks are the avatar's: who publishes on behalf of `named`, else itself; None while nobody publishes.

    Of several that publish on its behalf `current` stays, as long as it is there. An agent that `had_worker` does not
    become its own avatar when that one is gone, whatever it may sound.
    """
    workers = [person.identity for person in people if person.on_behalf_of == named and person.publishes]
    if workers:
        return current if current in workers else workers[0]
    if had_worker:
        return None
    return next((person.identity for person in people if person.identity == named and person.publishes), None)


def driver_of(avatar: str, people: Sequence[Person]) -> str:
    """The agent on whose behalf the avatar publishes; empty where nobody is named."""
    return next((person.on_behalf_of for person in people if person.identity == avatar), "")


def company_of(avatar: str, driver: str, people: Sequence[Person]) -> set[str]:
    """Who should not be heard beside the avatar: its agent and that one's other avatars, or else every agent.

    A user may talk over an avatar.
    """
    agents = (person for person in people if person.kind == _AGENT)
    if driver:
        agents = (person for person in people if driver in (person.identity, person.on_behalf_of))
    return {person.identity for person in agents} - {avatar}


def who_is_there(people: Sequence[Person], left_out: int = 0) -> str:
    """For an error: everybody with what they publish."""
    if not people:
        return "Nobody else is there."
    said = [f"{person.identity} ({_described(person)})" for person in people]
    more = f" and {left_out} more" if left_out else ""
    return f"There: {', '.join(said)}{more}."


def _described(person: Person) -> str:
    role = f"on behalf of {person.on_behalf_of}" if person.on_behalf_of else person.kind
    return f"{role}, {' and '.join(person.publishes) or 'publishes nothing'}"
