"""Who else is in the viewer's room, told whenever that changes."""

from collections.abc import Callable, Mapping

from avatar_core.clock import Clock
from avatar_core.room.values import Participant, TrackKind
from avatar_core.wire.fields import MediaKind
from avatar_core.wire.livekit import ATTRIBUTE_PUBLISH_ON_BEHALF
from avatar_core.wire.viewer_events import MAX_PEOPLE, Person, RoomPeople


class PeopleReport:
    """Owned by the viewer, which says when to look."""

    def __init__(
        self, participants: Callable[[], Mapping[str, Participant]], tell: Callable[[object], None], clock: Clock
    ) -> None:
        self._participants = participants
        self._tell = tell
        self._clock = clock
        self._told: tuple[Person, ...] | None = None

    def look(self) -> None:
        """Tell who is there, unless that is known already."""
        people = tuple(sorted(map(_person, self._participants().values()), key=_is_bystander))
        if people != self._told:
            self._told = people
            left_out = max(0, len(people) - MAX_PEOPLE)
            self._tell(RoomPeople(people[:MAX_PEOPLE], left_out, self._clock.now()))


def _person(participant: Participant) -> Person:
    kinds = {publication.kind for publication in participant.publications}
    publishes: list[MediaKind] = ["audio"] if TrackKind.AUDIO in kinds else []
    publishes += ["video"] if TrackKind.VIDEO in kinds else []
    on_behalf_of = participant.attributes.get(ATTRIBUTE_PUBLISH_ON_BEHALF, "")
    return Person(participant.identity, participant.kind, on_behalf_of, tuple(publishes))


def _is_bystander(person: Person) -> bool:
    return not person.publishes and person.kind != "agent"
