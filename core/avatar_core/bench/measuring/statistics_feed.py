"""WebRTC's statistics of both sides, as they are: the viewer tells its own, the agent's connection is asked."""

import asyncio
import json
from collections.abc import Callable

from avatar_core.bench.contract import WebRtcStatistics
from avatar_core.clock import Clock
from avatar_core.errors import RoomError
from avatar_core.room.connection import RoomConnection
from avatar_core.signal import Signal
from avatar_core.wire import viewer_events

_INTERVAL_S = 1.0


class StatisticsFeed:
    """Owned by the session; `sampled` has every reading."""

    def __init__(self, clock: Clock) -> None:
        self.sampled: Signal[WebRtcStatistics] = Signal("statistics")
        self._clock = clock

    def take(self, message: object) -> None:
        """One of the viewer's events."""
        if isinstance(message, viewer_events.TrackStatistics):
            of = f"{message.kind} of {message.identity}"
            self.sampled.emit(WebRtcStatistics(message.at_s, "viewer", of, json.loads(message.entries)))

    async def watch_agent(self, connection: RoomConnection, goes_on: Callable[[], bool]) -> None:
        """Ask the agent's connection once a second, while `goes_on`."""
        while goes_on():
            try:
                both = await connection.stats()
            except RoomError:
                # It is lost, or being connected again, which is told elsewhere.
                both = {}
            for direction, entries in both.items():
                self.sampled.emit(WebRtcStatistics(self._clock.now(), "agent", direction, entries))
            await asyncio.sleep(_INTERVAL_S)
