"""Whether a participant that others depend on is there whole: in the room, active, publishing what is wanted of it."""

from collections.abc import Collection

from avatar_core.errors import RoomError
from avatar_core.room.connection import RoomConnection
from avatar_core.room.values import ConnectionState, TrackKind


class Presence:
    """The participant `identity` as seen by `connection`, of which a track of each of `kinds` is wanted. No state."""

    def __init__(self, connection: RoomConnection, identity: str, kinds: Collection[TrackKind] = ()) -> None:
        self.identity = identity
        self._connection = connection
        self._kinds = tuple(kinds)

    @property
    def in_room(self) -> bool:
        """Whether it has joined, if only that."""
        return self._connection.participant(self.identity) is not None

    @property
    def active(self) -> bool:
        """Whether data and RPC reach it."""
        participant = self._connection.participant(self.identity)
        return participant is not None and participant.active

    @property
    def whole(self) -> bool:
        """Whether nothing is missing."""
        return not self.missing

    @property
    def missing(self) -> str:
        """What is missing, in words; empty when nothing is."""
        participant = self._connection.participant(self.identity)
        if participant is None:
            return f"participant {self.identity!r} is not in the room"
        if not participant.active:
            return f"participant {self.identity!r} has joined but is not active yet"
        published = {publication.kind for publication in participant.publications}
        missing = [kind.value for kind in self._kinds if kind not in published]
        return f"participant {self.identity!r} publishes no {' and no '.join(missing)}" if missing else ""

    async def wait_until_whole(self, *, timeout_s: float) -> None:
        """Return once nothing is missing, at once or later; may be called before the own join (B22).

        Raises RoomError, naming what was missing after `timeout_s`, or how the connection ended.
        """
        what = f"participant {self.identity!r}"
        try:
            await self._connection.wait_for(lambda: self.whole or None, what=what, timeout_s=timeout_s)
        except RoomError as failure:
            if self._connection.state is not ConnectionState.CONNECTED:
                raise
            raise RoomError(f"waited {timeout_s:g} s, {self.missing}") from failure

    async def wait_until_active(self, *, timeout_s: float) -> None:
        """Return once data and RPC reach it; RoomError after `timeout_s` or when the connection ends."""
        await self._connection.wait_for_participant(self.identity, timeout_s=timeout_s)
