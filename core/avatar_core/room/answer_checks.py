"""What a worker's answers give away of it: flaws of the protocol's other implementations, by their numbers. Pure."""

from collections import deque
from collections.abc import Collection
from dataclasses import dataclass

from avatar_core.playback.segment import SegmentRef

_EARLY_S = 0.03
"""An answer this much sooner than its sound can have been heard is no matter of clocks."""
_MORE_S = 0.02
_HELD_S, _SEGMENTS_TOLD = 0.05, 5
"""What an early end is by the told starts, and of how many segments on end, one of them excepted.

A start is told late, now and then, where the worker's machine is busy; what a worker holds back it does each time.
"""


@dataclass(frozen=True, slots=True)
class WireFinding:
    """A flaw that was seen: its number in docs/protocols.md, and what showed it, in words; monotonic seconds."""

    id: str
    evidence: str
    at_s: float


@dataclass(slots=True)
class _Sent:
    """A segment on its way: when its first frame went out, and when its last can have been heard at the earliest.

    `started_s`: when its start was told, where it was.
    """

    first_s: float
    ends_s: float
    pushed_s: float = 0.0
    started_s: float | None = None


class AnswerChecks:
    """Told of what is sent and of each answer, it says what cannot be. Times are the sender's clock."""

    def __init__(self) -> None:
        self._sent: dict[SegmentRef, _Sent] = {}
        self._ends_s = 0.0
        # By how much the ends of the last segments came before their told starts allow.
        self._early_s: deque[float] = deque(maxlen=_SEGMENTS_TOLD)
        # Interrupts that went out and were not answered yet, by answers that name no segment.
        self._interrupts_open = 0

    def sent(self, ref: SegmentRef, duration_s: float, now_s: float) -> None:
        """A frame of a segment goes out; segments are heard one after another, in real time."""
        self._ends_s = max(now_s, self._ends_s) + duration_s
        sent = self._sent.setdefault(ref, _Sent(now_s, self._ends_s))
        sent.ends_s = self._ends_s
        sent.pushed_s += duration_s

    def ends_s(self, ref: SegmentRef, now_s: float) -> float:
        """When the last of a segment can have been heard at the earliest; now for one of which nothing was sent."""
        return self._sent[ref].ends_s if ref in self._sent else now_s

    def cleared(self, now_s: float) -> None:
        """What was sent is not heard any more."""
        self._ends_s = now_s
        self._interrupts_open += 1

    def left(self) -> None:
        """The avatar is gone: another one under its name answers nothing of what was sent to it."""
        self._interrupts_open = 0

    def is_of_an_earlier_interrupt(self, *, interrupted: bool, cleared: bool) -> bool:
        """Whether an answer that names no segment is not that of the oldest one pending (`cleared`: interrupted here).

        One that nobody interrupted is not answered so while the answer of an interrupt is still to come: answers keep
        their order. That interrupt's segment was taken for over, by an end too many (B5) or after waiting in vain.
        """
        if not interrupted:
            if not cleared:
                self._interrupts_open = 0
            return False
        earlier = not cleared and self._interrupts_open > 0
        self._interrupts_open = max(0, self._interrupts_open - 1)
        return earlier

    def interrupted_again(self, now_s: float) -> WireFinding:
        """B5: an interrupt was answered that counts as answered."""
        return WireFinding("B5", "an interrupt was answered when its segment was over already", now_s)

    def started(self, ref: SegmentRef | None, now_s: float) -> WireFinding | None:
        """It was told that a segment begins to sound. B5: none is there to begin."""
        if ref is not None:
            if (sent := self._sent.get(ref)) is not None and sent.started_s is None:
                sent.started_s = now_s
            return None
        return WireFinding("B5", "playback_started was told although every segment had been answered", now_s)

    def finished_again(self, ref: SegmentRef, now_s: float) -> WireFinding:
        """B5: it was told that a segment is over that nobody waits for."""
        return WireFinding("B5", f"segment {ref.id} was answered although it was over, or never sent", now_s)

    def finished(
        self, ref: SegmentRef | None, position_s: float, now_s: float, *, interrupted: bool
    ) -> WireFinding | None:
        """It was told that a segment is over. B7: sooner than it can have been heard; B5: more than was sent.

        The start that was told took the same way as the end, so what lies between them does not depend on the way.
        """
        sent = self._sent.pop(ref, None) if ref is not None else None
        if sent is None:
            return None
        if position_s > sent.pushed_s + _MORE_S:
            claim = f"a position of {position_s:.2f} s was told for {sent.pushed_s:.2f} s of speech"
            return WireFinding("B5", claim, now_s)
        early_s = sent.first_s + position_s - now_s
        if not interrupted and early_s > _EARLY_S:
            claim = f"{position_s:.2f} s were told as heard {1000 * early_s:.0f} ms before they can have been"
            return WireFinding("B7", claim, now_s)
        if not interrupted and sent.started_s is not None:
            self._early_s.append(sent.started_s + position_s - now_s)
            if len(self._early_s) == _SEGMENTS_TOLD and (least_s := sorted(self._early_s)[1]) > _HELD_S:
                claim = (
                    f"ends were told {1000 * least_s:.0f} ms or more before the speech can have been heard, counted "
                    f"from the starts that were told ({_SEGMENTS_TOLD - 1} of {_SEGMENTS_TOLD} segments)"
                )
                return WireFinding("B7", claim, now_s)
        return None

    def unanswered(self, ref: SegmentRef, late_s: float, now_s: float) -> WireFinding:
        """B4: a segment that was flushed got no answer."""
        self._sent.pop(ref, None)
        claim = f"segment {ref.id} was not answered within {late_s:.0f} s after its end must have been heard"
        return WireFinding("B4", claim, now_s)

    def keep(self, pending: Collection[SegmentRef]) -> None:
        """All others are over."""
        self._sent = {ref: sent for ref, sent in self._sent.items() if ref in pending}
