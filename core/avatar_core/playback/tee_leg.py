"""One leg of a tee: the speech on its way to one of several outputs, behind a bounded queue. The tee decides."""

import asyncio
from collections import deque
from collections.abc import Callable

from avatar_core.clock import Clock
from avatar_core.errors import BenchError
from avatar_core.media.frames import AudioFrame
from avatar_core.playback.contract import AudioOutput
from avatar_core.playback.proxy import AudioSinkProxy
from avatar_core.playback.segment import SegmentRef

_Item = tuple[SegmentRef, AudioFrame | None]


class TeeLeg:
    """Hands items to its output in order, in a task of the tee's; None in place of a frame is the segment's end.

    `given` are the segments of which the output has, or had, a frame: those it answers by itself. `alive_s` is when it
    last took or told something.
    """

    def __init__(self, sink: AudioOutput, *, clock: Clock) -> None:
        self.output = AudioSinkProxy(sink, label=f"tee leg {sink.label}", clock=clock)
        self.ended = ""
        """Why nothing is given to it any more; empty while it takes part."""
        self.alive_s = clock.now()
        self.lagging_since_s: float | None = None
        self.given: set[SegmentRef] = set()
        self._clock = clock
        self._items: deque[_Item] = deque()
        self._queued_s = 0.0
        self._changed = asyncio.Event()

    @property
    def label(self) -> str:
        """The label of the output it leads to now."""
        below = self.output.next_in_chain
        return below.label if below is not None else self.output.label

    @property
    def queued_s(self) -> float:
        """Seconds of speech that its output has not taken yet."""
        return self._queued_s

    def put(self, ref: SegmentRef, frame: AudioFrame | None) -> None:
        """Queue a frame of a segment, or its end."""
        self._items.append((ref, frame))
        self._queued_s += 0.0 if frame is None else frame.duration_s
        self._changed.set()

    def clear(self) -> None:
        """Interrupt: forget what is queued, clear what the output has of it."""
        self._forget()
        # Ended first: what is said next must open a segment of its own there.
        self.output.flush()
        self.output.clear_buffer()

    def leave(self, why: str) -> None:
        """Take part no longer: the output is silenced, what it has finishes as interrupted."""
        self.ended = why
        self._forget()
        self._changed.set()
        self.output.abandon_pending()

    def heard_from(self) -> None:
        """The output took or told something."""
        self.alive_s = self._clock.now()

    async def deliver(self, taken: Callable[[], None], failed: Callable[["TeeLeg", BenchError], None]) -> None:
        """Hand over until cancelled or until the output refuses; `taken` is called after each item."""
        while True:
            while not self._items and not self.ended:
                self._changed.clear()
                await self._changed.wait()
            if self.ended:
                return
            ref, frame = item = self._items[0]
            if frame is None:
                self.output.flush()
            else:
                self.given.add(ref)
                try:
                    await self.output.capture_frame(frame, segment=ref)
                except BenchError as failure:
                    failed(self, failure)
                    return
            # A clear, or the end of the leg, may have emptied the queue meanwhile.
            if self._items and self._items[0] is item:
                self._items.popleft()
                taken_s = 0.0 if frame is None else frame.duration_s
                # Exactly nothing once it is empty: what sums of floats leave over would count as lagging.
                self._queued_s = self._queued_s - taken_s if self._items else 0.0
            self.heard_from()
            taken()

    def _forget(self) -> None:
        self._items.clear()
        self._queued_s = 0.0
