"""Pending segments on their way through the swap proxy: what is heard, what is lost, what is due. No tasks, no I/O."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from avatar_core.playback.contract import AudioOutput
from avatar_core.playback.leg import Leg
from avatar_core.playback.recall import Recall, SwapPolicy
from avatar_core.playback.segment import SegmentRecord, SegmentRef, SegmentState
from avatar_core.playback.tape import Tape

_LESS_THAN_A_SAMPLE_S = 1e-6


@dataclass(slots=True, eq=False)
class Passage:
    """One segment: its record, its speech, and the leg it is on (None between legs).

    `ending`: an interrupt dropped what was left of it, and it finishes as soon as its leg has told its position.
    """

    record: SegmentRecord
    tape: Tape = field(default_factory=Tape)
    leg: Leg | None = None
    ending: bool = False
    _heard_s: float = 0.0

    @property
    def heard_s(self) -> float:
        """Seconds played by the legs that are over; positions add up across swaps (B19)."""
        return self._heard_s

    @property
    def flushed(self) -> bool:
        """Whether it was captured in full."""
        return self.record.state is SegmentState.FLUSHED

    @property
    def awaits_position(self) -> bool:
        """Whether it was taken back from an output that has not told its position yet."""
        return self.leg is not None and self.leg.recall is not None

    @property
    def is_due(self) -> bool:
        """Whether a frame or its end is to be sent, or will be once its position is known."""
        if self.ending:
            return False
        if self.awaits_position or self.tape.next_unsent() is not None:
            return True
        return self.flushed and self.leg is not None and not self.leg.flushed

    @property
    def is_over(self) -> bool:
        """Whether no output has, or will get, any of it."""
        if self.leg is not None and (self.leg.sent_s > 0 or not self.flushed):
            return False
        return self.ending or (self.flushed and self.tape.next_unsent() is None)

    @property
    def was_sent_in_full(self) -> bool:
        """Whether outputs were given all of it that was captured."""
        return self.flushed and self.tape.mark_s >= self.record.pushed_s - _LESS_THAN_A_SAMPLE_S

    def drop(self) -> None:
        """Interrupt it: nothing more of it is sent."""
        self.ending = True
        self.tape.clear()

    def leave(self, played_s: float, *, interrupted: bool) -> None:
        """The leg is over after `played_s` seconds; what it was given beyond them is sent again or lost.

        `interrupted` is False where the output played all it was given.
        """
        leg = self.leg
        if leg is None:
            return
        self.leg = None
        self._heard_s += played_s
        self.record.position_s = self._heard_s
        recall = leg.recall
        lost_s = 0.0
        if not interrupted or self.ending:
            self.tape.forget_sent()
        elif recall is not None and recall.policy is SwapPolicy.CARRY:
            lost_s = self.tape.rewind(leg.base_s + played_s)
            recall.carried_s += self.tape.mark_to_end_s
        else:
            lost_s = leg.sent_s - played_s
            self.tape.forget_sent()
            # Seed 000: a flushed segment ends with its output, one being captured goes on with what follows.
            self.ending = self.flushed
        self.record.lost_s += lost_s
        if recall is not None:
            recall.lost_s += lost_s
            recall.awaited -= 1
            recall.settle_if_complete()


class Passages:
    """The pending segments, in the order in which they were opened."""

    def __init__(self) -> None:
        self._by_ref: dict[SegmentRef, Passage] = {}

    def __iter__(self) -> Iterator[Passage]:
        # A copy: segments end while they are gone through.
        return iter(tuple(self._by_ref.values()))

    def open(self, record: SegmentRecord) -> None:
        """Begin a passage."""
        self._by_ref[record.ref] = Passage(record)

    def get(self, ref: SegmentRef) -> Passage | None:
        """The passage of a pending segment."""
        return self._by_ref.get(ref)

    def close(self, ref: SegmentRef) -> Passage | None:
        """Take out the passage of a segment that is over."""
        return self._by_ref.pop(ref, None)

    def next_due(self) -> Passage | None:
        """The first of which something is to be sent, or will be."""
        return next((passage for passage in self._by_ref.values() if passage.is_due), None)

    def with_leg(self, sink: AudioOutput, ref: SegmentRef) -> tuple[Passage, Leg] | None:
        """The passage whose leg, now, is `ref` at `sink`: the only one that an event of `sink` may touch."""
        for passage in self._by_ref.values():
            if (leg := passage.leg) is not None and leg.sink is sink and leg.ref == ref:
                return passage, leg
        return None

    def awaits_position_from(self, sink: AudioOutput) -> bool:
        """Whether `sink` still owes the last position of a leg taken back from it."""
        return any(p.awaits_position and p.leg is not None and p.leg.sink is sink for p in self._by_ref.values())

    def take_back(self, sink: AudioOutput, recall: Recall, now_s: float) -> bool:
        """End the legs at `sink` and have `recall` await their positions; says whether there was any to clear."""
        found = False
        for passage in self:
            leg = passage.leg
            if leg is None or leg.sink is not sink or leg.recall is not None:
                continue
            found = True
            if leg.sent_s > 0:
                leg.recall = recall
                leg.recalled_at = now_s
                recall.awaited += 1
            else:
                passage.leg = None
            leg.end()
        return found

    def forget_beyond(self, limit_s: float) -> None:
        """Keep at most `limit_s` seconds of sent speech in all; the oldest goes first."""
        excess_s = sum(passage.tape.kept_s for passage in self._by_ref.values()) - limit_s
        for passage in self._by_ref.values():
            if excess_s <= 0:
                return
            excess_s -= passage.tape.forget(excess_s)
