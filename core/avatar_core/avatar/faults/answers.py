"""What a worker tells of playback, told wrongly: never, late, early, again, of another position or segment."""

from collections.abc import AsyncIterator
from typing import Protocol

from avatar_core.avatar.faults.planted import Faults
from avatar_core.avatar.performance import SpeechReceiver
from avatar_core.clock import Clock
from avatar_core.media.frames import AudioFrame, AudioSegmentEnd
from avatar_core.room.incoming_segment import IncomingSegment
from avatar_core.tasks import TaskGroup

ANSWER_FAULTS = (
    "lost_finished",
    "late_finished_ms",
    "early_finished_ms",
    "duplicate_finished",
    "no_started",
    "wrong_position_ms",
    "stale_segment",
)


class AnsweringReceiver(SpeechReceiver, Protocol):
    """A receiver that can also answer wrongly, in the words of its wire."""

    def answer_again(self, segment: IncomingSegment, playback_position_s: float, *, interrupted: bool) -> None:
        """Say that `segment` is over, whether or not it has been said."""
        ...


class FaultyAnswers:
    """A receiver whose answers are spoilt on its own wire; what it hears is what the receiver hears.

    `receiver` is given, and closed by `aclose`.
    """

    def __init__(self, receiver: AnsweringReceiver, faults: Faults, clock: Clock) -> None:
        self.buffer_cleared = receiver.buffer_cleared
        self._receiver = receiver
        self._faults = faults
        self._clock = clock
        self._started_s: dict[str, float] = {}
        self._answered: IncomingSegment | None = None
        # Answered for whoever performs, which the sender never hears of.
        self._lost: set[str] = set()
        self._tasks = TaskGroup()

    @property
    def open_segments(self) -> tuple[IncomingSegment, ...]:
        """Those of the receiver, less what was answered to no avail."""
        return tuple(segment for segment in self._receiver.open_segments if segment.key not in self._lost)

    async def __aiter__(self) -> AsyncIterator[AudioFrame | AudioSegmentEnd]:
        async for item in self._receiver:
            if isinstance(item, AudioSegmentEnd) and self._faults["early_finished_ms"]:
                self._tasks.spawn(self._answer_early(item.segment_id), name="early answer")
            yield item

    def notify_playback_started(self, key: str) -> None:
        """Tell it, unless it is not to be told."""
        self._started_s[key] = self._clock.now()
        if "no_started" not in self._faults:
            self._receiver.notify_playback_started(key)

    def notify_playback_finished(self, key: str, playback_position_s: float, *, interrupted: bool) -> None:
        """Answer, or what the faults make of it."""
        segment = next((one for one in self._receiver.open_segments if one.key == key), None)
        position_s = max(0.0, playback_position_s + self._faults["wrong_position_ms"] / 1000)
        if segment is None:
            return
        if "lost_finished" in self._faults:
            self._lost.add(key)
            return
        if late_s := self._faults["late_finished_ms"] / 1000:
            self._tasks.spawn(self._answer_late(late_s, key, position_s, interrupted), name="late answer")
            return
        if "stale_segment" in self._faults and self._answered is not None:
            self._receiver.answer_again(self._answered, position_s, interrupted=interrupted)
            self._answered = segment
            return
        self._receiver.notify_playback_finished(key, position_s, interrupted=interrupted)
        self._answered = segment
        for _ in range(round(self._faults["duplicate_finished"])):
            self._receiver.answer_again(segment, position_s, interrupted=interrupted)

    async def aclose(self) -> None:
        """Answer nothing any more, and close the receiver. Harmless twice."""
        await self._tasks.aclose()
        await self._receiver.aclose()

    async def _answer_late(self, late_s: float, key: str, position_s: float, interrupted: bool) -> None:
        await self._clock.sleep_until(self._clock.now() + late_s)
        self._receiver.notify_playback_finished(key, position_s, interrupted=interrupted)

    async def _answer_early(self, key: str | None) -> None:
        """All of the segment is here: when it will have been heard follows from when it began."""
        segment = next((one for one in self._receiver.open_segments if one.key == key), None)
        if segment is None or segment.key not in self._started_s:
            return
        ends_s = self._started_s[segment.key] + segment.received_s
        await self._clock.sleep_until(ends_s - self._faults["early_finished_ms"] / 1000)
        self._receiver.notify_playback_finished(segment.key, segment.received_s, interrupted=False)
