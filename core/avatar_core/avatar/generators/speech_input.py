"""The bounded way into a generator: speech and segment ends in order, cut to short pieces."""

import asyncio
from collections import deque
from fractions import Fraction

from avatar_core.media.frames import AudioFrame, AudioSegmentEnd

_PIECE_S = 0.1
"""The longest piece that `take` gives: what comes after the way in never holds more than this at once."""


_SHORTEST_S = 0.01
"""The shortest frame a sender is expected to use; it bounds the number of pieces, segment ends among them."""


class SpeechInput:
    """At most `capacity_s` of sound, in at most `capacity_s / 0.01` pieces.

    A push waits for room; a clear lets a waiting push give up.
    """

    def __init__(self, capacity_s: float) -> None:
        self._capacity_s = capacity_s
        self._pieces: deque[AudioFrame | AudioSegmentEnd] = deque()
        # Exact, or a sum of rounded differences would refuse the last piece, or never come back to nothing.
        self._held_s = Fraction(0)
        self._clears = 0
        self._room = asyncio.Event()

    @property
    def buffered_s(self) -> float:
        """Seconds of sound held."""
        return float(self._held_s)

    async def push(self, item: AudioFrame | AudioSegmentEnd) -> None:
        """Append `item`; the rest of it is dropped when a clear comes while it waits for room."""
        clears = self._clears
        for piece in _pieces(item):
            while self._full():
                self._room.clear()
                await self._room.wait()
                if self._clears != clears:
                    return
            self._pieces.append(piece)
            self._held_s += _duration_s(piece)

    def take(self) -> AudioFrame | AudioSegmentEnd | None:
        """The oldest piece, None when there is none."""
        if not self._pieces:
            return None
        piece = self._pieces.popleft()
        self._held_s -= _duration_s(piece)
        self._room.set()
        return piece

    def clear(self) -> None:
        """Forget everything held, and what a waiting push still has in hand."""
        self._clears += 1
        self._pieces.clear()
        self._held_s = Fraction(0)
        self._room.set()

    def _full(self) -> bool:
        return self._held_s >= self._capacity_s or len(self._pieces) >= self._capacity_s / _SHORTEST_S


def _pieces(item: AudioFrame | AudioSegmentEnd) -> list[AudioFrame | AudioSegmentEnd]:
    if isinstance(item, AudioSegmentEnd) or item.duration_s <= _PIECE_S:
        return [item]
    step = max(1, int(_PIECE_S * item.sample_rate_hz))
    return [
        AudioFrame(item.samples[start : start + step], item.sample_rate_hz)
        for start in range(0, item.samples_per_channel, step)
    ]


def _duration_s(item: AudioFrame | AudioSegmentEnd) -> Fraction:
    return Fraction(item.samples_per_channel, item.sample_rate_hz) if isinstance(item, AudioFrame) else Fraction(0)
