"""What a worker tells the bench while it speaks: `AvatarReport` packets, lossy, about ten a second (`wire.livekit`)."""

import asyncio
import logging
from collections.abc import Callable

from avatar_core.clock import Clock
from avatar_core.errors import RoomError
from avatar_core.room.connection import RoomConnection
from avatar_core.tasks import cancel_and_wait, spawn
from avatar_core.wire.livekit import TOPIC_BENCH_REPORT, AvatarReport, PictureReport, SegmentReport, encode_report

_log = logging.getLogger(__name__)

PERIOD_S = 0.1
MAX_SEGMENTS, MAX_PICTURES = 8, 12
"""So many fit into one packet. The pictures are those of a period at 120 a second."""


class Reporter:
    """Sends what `read` and `left` say to `destination` while there are segments, and once when there are none.

    One comes as soon as `destination` is there: by it a sender of ours knows whom it speaks through. `read` tells the
    open segments, `left` the pictures that left since it was asked last, MAX_PICTURES at most.
    """

    def __init__(
        self,
        connection: RoomConnection,
        destination: str,
        clock: Clock,
        read: Callable[[], tuple[SegmentReport, ...]],
        left: Callable[[], tuple[PictureReport, ...]],
    ) -> None:
        self.failed = 0
        self._connection = connection
        self._destination = destination
        self._clock = clock
        self._read = read
        self._left = left
        self._sequence = 0
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin; the room is joined by now."""
        self._task = spawn(self._run(), name="avatar reports")

    async def aclose(self) -> None:
        """Stop; harmless twice."""
        await cancel_and_wait(self._task)

    async def _run(self) -> None:
        owed = True
        while True:
            segments, pictures = self._read()[:MAX_SEGMENTS], self._left()
            there = self._connection.participant(self._destination) is not None
            if (segments and not self._connection.has_left(self._destination)) or (owed and there):
                await self._send(AvatarReport(self._sequence, self._clock.now(), segments, pictures))
            owed = bool(segments) or not there
            await self._clock.sleep_until(self._clock.now() + PERIOD_S)

    async def _send(self, report: AvatarReport) -> None:
        self._sequence += 1
        try:
            await self._connection.send_data(
                encode_report(report), topic=TOPIC_BENCH_REPORT, reliable=False, destinations=[self._destination]
            )
        except RoomError as failure:
            # One of many; whether the room is gone is told elsewhere.
            self.failed += 1
            _log.debug("a report was not sent: %s", failure)
