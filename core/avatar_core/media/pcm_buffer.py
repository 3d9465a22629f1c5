"""A bounded ring of PCM samples with exact accounting. Not thread-safe: one owner."""

from typing import Literal

import numpy as np

from avatar_core.media.frames import Samples

Overflow = Literal["refuse", "drop_oldest"]


class PcmBuffer:
    """Samples in, samples out, in order; never more than `capacity` samples per channel.

    What does not fit is refused (the newest is lost) or makes room (the oldest is lost), as `overflow` says; either
    way it is counted. All figures are samples per channel, and
    `pushed == popped + dropped + cleared + len(buffer)` always holds.
    """

    def __init__(self, capacity: int, *, channels: int = 1, overflow: Overflow = "refuse") -> None:
        if capacity < 1 or channels < 1:
            raise ValueError(f"a PCM buffer of {capacity} samples and {channels} channels holds nothing")
        self._ring = np.zeros((capacity, channels), dtype=np.int16)
        self._overflow = overflow
        self._start = 0
        self._size = 0
        self.pushed = 0
        """Offered by `push`, lost or not."""
        self.popped = 0
        """Taken by `pop`."""
        self.dropped = 0
        """Refused or overwritten for want of room."""
        self.cleared = 0
        """Thrown away by `clear`."""
        self.high_water = 0
        """The most that was ever held."""

    def __len__(self) -> int:
        return self._size

    @property
    def capacity(self) -> int:
        """The most it can hold."""
        return int(self._ring.shape[0])

    @property
    def channels(self) -> int:
        """Interleaved channels."""
        return int(self._ring.shape[1])

    @property
    def free(self) -> int:
        """How many samples fit without loss."""
        return self.capacity - self._size

    def push(self, samples: Samples) -> int:
        """Append `samples` [samples, channels]; returns how many samples were lost by it (0 in good times)."""
        if samples.ndim != 2 or samples.shape[1] != self._ring.shape[1]:
            raise ValueError(f"this buffer holds {self._ring.shape[1]} channels; the samples have {samples.shape}")
        count = int(samples.shape[0])
        lost = max(0, count - self.free)
        self.pushed += count
        self.dropped += lost
        if lost and self._overflow == "refuse":
            samples = samples[: count - lost]
        elif lost:
            # Held samples go first; a push larger than the whole ring loses its own beginning too.
            from_ring = min(lost, self._size)
            self._advance(from_ring)
            samples = samples[lost - from_ring :]
        self._write(samples)
        self.high_water = max(self.high_water, self._size)
        return lost

    def pop(self, count: int) -> Samples | None:
        """Exactly `count` samples [count, channels], or None (and nothing is taken) while fewer are held."""
        if count > self._size:
            return None
        first = min(count, self.capacity - self._start)
        taken = np.concatenate((self._ring[self._start : self._start + first], self._ring[: count - first]))
        self._advance(count)
        self.popped += count
        return taken

    def pop_all(self) -> Samples:
        """Everything held, perhaps nothing."""
        taken = self.pop(self._size)
        assert taken is not None
        return taken

    def clear(self) -> int:
        """Throw away everything held; returns how many samples that was."""
        count = self._size
        self._advance(count)
        self.cleared += count
        return count

    def _write(self, samples: Samples) -> None:
        count = int(samples.shape[0])
        end = (self._start + self._size) % self.capacity
        first = min(count, self.capacity - end)
        self._ring[end : end + first] = samples[:first]
        self._ring[: count - first] = samples[first:]
        self._size += count

    def _advance(self, count: int) -> None:
        self._start = (self._start + count) % self.capacity
        self._size -= count
