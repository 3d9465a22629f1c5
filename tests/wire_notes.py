"""What a connection's wire record noted, in a form that a test can compare."""

from avatar_core.room.connection import RoomConnection
from avatar_core.room.wire_record import WireEvent


def followed(connection: RoomConnection) -> list[WireEvent]:
    """What goes over its wire from now on, the lossy reports left out."""
    events: list[WireEvent] = []
    connection.wire.noted.connect(lambda event: events.append(event) if event.kind != "packet" else None)
    return events


def told(events: list[WireEvent]) -> list[tuple[str, str, str]]:
    """Direction, kind and name of each."""
    return [(event.direction, event.kind, event.name) for event in events]
