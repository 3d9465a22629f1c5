"""All rooms of one server: made by the first join, gone with the last leave."""

from aiohttp import web

from avatar_core.roomserver.config import Limits
from avatar_core.roomserver.participant import Participant
from avatar_core.roomserver.room import Room
from avatar_core.tokens import TokenClaims


class Rooms:
    """Owned by the server."""

    def __init__(self, limits: Limits, *, quiet_update_s: float = 0.0) -> None:
        self._limits = limits
        self._quiet_update_s = quiet_update_s
        self._by_name: dict[str, Room] = {}

    def __len__(self) -> int:
        return len(self._by_name)

    def participants(self) -> list[Participant]:
        """Everybody, in all rooms, at this moment."""
        return [participant for room in self._by_name.values() for participant in room.participants.values()]

    @property
    def dropped_data(self) -> int:
        """Data packets dropped by the rooms of this moment."""
        return sum(room.dropped_data for room in self._by_name.values())

    def check(self, claims: TokenClaims) -> None:
        """Raise an HTTPException where the bounds leave no place for the holder of `claims`."""
        name = claims.grants.room
        room = self._by_name.get(name)
        if len(name.encode()) > self._limits.name_bytes:
            raise web.HTTPBadRequest(text=f"The room's name is longer than {self._limits.name_bytes} bytes.")
        if room is None and len(self) >= self._limits.rooms:
            raise web.HTTPServiceUnavailable(text=f"This server holds at most {self._limits.rooms} rooms.")
        if room is not None and room.is_full and claims.identity not in room.participants:
            raise web.HTTPServiceUnavailable(
                text=f"The room holds at most {self._limits.participants_per_room} participants."
            )

    def open(self, name: str) -> Room:
        """The room of that name, made where there is none."""
        if name not in self._by_name:
            self._by_name[name] = Room(name, self._limits, self._emptied, quiet_update_s=self._quiet_update_s)
        return self._by_name[name]

    def _emptied(self, room: Room) -> None:
        del self._by_name[room.name]
