"""To whom the data streams of one participant go.

LiveKit's SDK names the destinations of a stream in its header alone: a server that looks at each packet by itself hands
what follows to everybody in the room, who drops it (PROTOCOLS B16). Here it follows its header.
"""

from collections import OrderedDict
from collections.abc import Sequence

from livekit.protocol import models

_STREAMS_KEPT = 256


class StreamRoutes:
    """Owned by the participant that sends. Streams that were never ended are forgotten, the oldest first."""

    def __init__(self) -> None:
        self._destinations: OrderedDict[str, Sequence[str]] = OrderedDict()

    def destinations(self, packet: models.DataPacket) -> Sequence[str]:
        """The identities that `packet` goes to by its own word, or by its stream's; none: to everybody."""
        named = tuple(packet.destination_identities)
        if packet.HasField("stream_header"):
            self._begin(packet.stream_header.stream_id, named)
        elif not named and packet.HasField("stream_chunk"):
            return self._destinations.get(packet.stream_chunk.stream_id, ())
        elif not named and packet.HasField("stream_trailer"):
            return self._destinations.pop(packet.stream_trailer.stream_id, ())
        return named

    def _begin(self, stream_id: str, destinations: Sequence[str]) -> None:
        self._destinations.pop(stream_id, None)
        if destinations:
            self._destinations[stream_id] = destinations
        if len(self._destinations) > _STREAMS_KEPT:
            self._destinations.popitem(last=False)
