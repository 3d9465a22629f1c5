"""Delivery: sends what is due, in order, to the output that is current. Whose turn it is, the proxy decides."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from avatar_core.playback.contract import AudioOutput
from avatar_core.playback.handover import Handed, HandOver
from avatar_core.playback.leg import Leg, LegBegun
from avatar_core.playback.passage import Passage, Passages
from avatar_core.playback.segment import SegmentRef
from avatar_core.signal import Signal

Spawn = Callable[[Coroutine[Any, Any, None]], asyncio.Task[None]]


class Courier:
    """Brings passages to `sink`, one frame at a time, whoever asked first doing the work for all.

    While `held`, and while a passage awaits a position from its last output, delivery waits: order is kept (the
    first law). At most `kept_limit_s` seconds of sent speech are kept, the oldest are forgotten.
    """

    def __init__(self, sink: AudioOutput, *, spawn: Spawn, kept_limit_s: float) -> None:
        self.leg_begun: Signal[LegBegun] = Signal("leg begun")
        self.sink = sink
        self.held = False
        # Counts the turns: each swap and each recall begins a new one.
        self.generation = 0
        self.passages = Passages()
        self._spawn = spawn
        self._kept_limit_s = kept_limit_s
        self._hand_over = HandOver()
        self._delivering = asyncio.Lock()
        self._changed = asyncio.Event()
        self._errand: asyncio.Task[None] | None = None

    async def deliver(self) -> None:
        """Send what is due until nothing is. Cancelled or failed, it leaves the rest due."""
        async with self._delivering:
            while (passage := self.passages.next_due()) is not None:
                if self.held or passage.awaits_position:
                    self._changed.clear()
                    await self._changed.wait()
                else:
                    await self._send(passage)

    def dispatch(self) -> None:
        """Something changed: tell whoever delivers, or see to it in a task where nobody does."""
        self._changed.set()
        if self._delivering.locked() or self.passages.next_due() is None:
            return
        if self._errand is None or self._errand.done():
            self._errand = self._spawn(self.deliver())

    def cut(self) -> None:
        """Call off the hand-over in progress; its frame stays due."""
        self._hand_over.cut()

    async def _send(self, passage: Passage) -> None:
        """Send the next frame of a segment, or its end."""
        leg = passage.leg or self._begin_leg(passage)
        frame = passage.tape.next_unsent()
        outgoing = leg.take_remainder() if frame is None else leg.convert(frame)
        if outgoing is not None and outgoing.samples_per_channel:
            handed = await self._hand_over.give(leg, outgoing)
            if handed is Handed.SLIPPED and (passage.ending or passage.leg is not leg or leg.recall is not None):
                # Taken after the clear that came with the cut, so cleared once more.
                leg.sink.flush()
                leg.sink.clear_buffer()
            if handed is not Handed.GIVEN or passage.leg is not leg or leg.recall is not None:
                return
        if frame is None:
            leg.end()
        elif passage.tape.next_unsent() is frame:
            passage.tape.mark_sent()
            leg.sent_s += frame.duration_s
            self.passages.forget_beyond(self._kept_limit_s)

    def _begin_leg(self, passage: Passage) -> Leg:
        leg = Leg(self.sink, SegmentRef(passage.record.ref.id, self.generation), passage.tape.mark_s)
        passage.leg = leg
        passage.record.generation = self.generation
        passage.record.sink = self.sink.label
        self.leg_begun.emit(LegBegun(passage.record.ref, self.sink, leg.base_s))
        return leg
