"""Sound that waits for its turn, and the ends of utterances between it. Bounded by whoever pushes. Pure."""

from collections import deque
from collections.abc import Iterator
from dataclasses import replace

from avatar_core.media.frames import AudioFrame, AudioSegmentEnd

PIECE_S = 0.02


class SoundQueue:
    """Pieces of PIECE_S at most, with their media time, in the order in which they came."""

    def __init__(self) -> None:
        self.dropped_s = 0.0
        """Dropped to make room."""
        self._items: deque[AudioFrame | AudioSegmentEnd] = deque()
        self._waiting_s = 0.0
        self._dropped_from_s: float | None = None

    @property
    def waiting_s(self) -> float:
        """Seconds of sound."""
        return self._waiting_s

    @property
    def head(self) -> AudioFrame | AudioSegmentEnd | None:
        """What comes next."""
        return self._items[0] if self._items else None

    @property
    def next_media_s(self) -> float | None:
        """Media time of the first sound, or of what was dropped just before it; None without any."""
        first = next((item for item in self._items if isinstance(item, AudioFrame)), None)
        if first is None or self._dropped_from_s is None:
            return None if first is None else first.pts_s
        return self._dropped_from_s

    def push(self, item: AudioFrame | AudioSegmentEnd) -> None:
        """Append."""
        self._items.append(item)
        if isinstance(item, AudioFrame):
            self._waiting_s += item.duration_s

    def pop(self) -> AudioFrame | AudioSegmentEnd:
        """Take what comes next."""
        item = self._items.popleft()
        taken_s = 0.0
        if isinstance(item, AudioFrame):
            taken_s = item.duration_s
            self._dropped_from_s = None
        # Exactly nothing once it is empty, whatever sums of floats leave over.
        self._waiting_s = max(0.0, self._waiting_s - taken_s) if self.next_media_s is not None else 0.0
        return item

    def drop_oldest(self) -> None:
        """Make room: drop the first sound; ends of utterances stay."""
        for index, item in enumerate(self._items):
            if isinstance(item, AudioFrame):
                if self._dropped_from_s is None:
                    self._dropped_from_s = item.pts_s
                del self._items[index]
                self._waiting_s -= item.duration_s
                self.dropped_s += item.duration_s
                return

    def clear(self) -> float:
        """Forget all; returns the seconds of sound that were."""
        waiting_s, self._waiting_s = self._waiting_s, 0.0
        self._dropped_from_s = None
        self._items.clear()
        return waiting_s


def pieces(frame: AudioFrame) -> Iterator[AudioFrame]:
    """`frame` in pieces of PIECE_S, each with its media time."""
    step = max(1, round(PIECE_S * frame.sample_rate_hz))
    for start in range(0, frame.samples_per_channel, step):
        pts_s = None if frame.pts_s is None else frame.pts_s + start / frame.sample_rate_hz
        yield replace(frame, samples=frame.samples[start : start + step], pts_s=pts_s)
