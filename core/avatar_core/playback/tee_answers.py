"""Who of a tee's legs is to answer a segment, who has, and what that comes to. Accounting alone."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from avatar_core.playback.contract import PlaybackFinishedEvent
from avatar_core.playback.segment import SegmentRef

L = TypeVar("L")


@dataclass(slots=True)
class _Asked(Generic[L]):
    """One pending segment: the legs that were given it, and the answers so far."""

    legs: tuple[L, ...]
    answers: dict[L, PlaybackFinishedEvent] = field(default_factory=dict)


class TeeAnswers(Generic[L]):
    """The pending segments of a tee, oldest first. A leg takes part in the segments that opened while it was there."""

    def __init__(self) -> None:
        self._asked: dict[SegmentRef, _Asked[L]] = {}

    def __iter__(self) -> Iterator[SegmentRef]:
        return iter(tuple(self._asked))

    def open(self, ref: SegmentRef, legs: Collection[L]) -> None:
        """A segment begins; `legs` are to answer it."""
        self._asked[ref] = _Asked(tuple(legs))

    def takes_part(self, leg: L, ref: SegmentRef) -> bool:
        """Whether `leg` is to answer that segment, and it is pending."""
        asked = self._asked.get(ref)
        return asked is not None and leg in asked.legs

    def answer(self, leg: L, ref: SegmentRef, event: PlaybackFinishedEvent) -> bool:
        """Note an answer; False for one that was not asked for, or that was given before."""
        asked = self._asked.get(ref)
        if asked is None or leg not in asked.legs or leg in asked.answers:
            return False
        asked.answers[leg] = event
        return True

    def outcome(self, ref: SegmentRef, live: Collection[L]) -> PlaybackFinishedEvent | None:
        """What everybody heard, once all `live` legs that were asked have answered; None before. It is closed then.

        The least position of those that live, as interrupted where one of them was; where none of those that were
        asked lives, of all that answered.
        """
        asked = self._asked.get(ref)
        if asked is None or any(leg not in asked.answers for leg in asked.legs if leg in live):
            return None
        del self._asked[ref]
        counted = [event for leg, event in asked.answers.items() if leg in live] or list(asked.answers.values())
        position_s = min((event.playback_position for event in counted), default=0.0)
        return PlaybackFinishedEvent(position_s, not counted or any(event.interrupted for event in counted))

    def is_behind(self, leg: L, live: Collection[L]) -> bool:
        """Whether another of the `live` legs has answered a segment that `leg` has not."""
        return any(
            leg in asked.legs and leg not in asked.answers and any(other in live for other in asked.answers)
            for asked in self._asked.values()
        )
