"""Speech on its way from a receiver to whoever draws it: frames and segment ends in order, and how much of it waits."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator

from avatar_core.media.frames import AudioFrame, AudioSegmentEnd


class SpeechItems:
    """Filled by the receiver that owns it, which keeps it within bounds by `waiting_s`; emptied by `async for`."""

    def __init__(self) -> None:
        self.waiting_s = 0.0
        """Seconds of sound that nobody has taken yet."""
        self._items: deque[AudioFrame | AudioSegmentEnd] = deque()
        self._readable = asyncio.Event()
        self._taken = asyncio.Event()

    def append(self, item: AudioFrame | AudioSegmentEnd) -> None:
        """Put an item behind the others."""
        self._items.append(item)
        if isinstance(item, AudioFrame):
            self.waiting_s += item.duration_s
        self._readable.set()

    def clear(self) -> None:
        """Forget everything; who waits for `taken` goes on."""
        self._items.clear()
        self.waiting_s = 0.0
        self._taken.set()

    async def taken(self) -> None:
        """Return once a frame has been taken, or all were forgotten."""
        self._taken.clear()
        await self._taken.wait()

    async def __aiter__(self) -> AsyncIterator[AudioFrame | AudioSegmentEnd]:
        while True:
            if not self._items:
                self._readable.clear()
                await self._readable.wait()
                continue
            item = self._items.popleft()
            if isinstance(item, AudioFrame):
                # From nothing it counts anew, so that rounding does not add up.
                self.waiting_s = max(0.0, self.waiting_s - item.duration_s) if self._items else 0.0
                self._taken.set()
            yield item
