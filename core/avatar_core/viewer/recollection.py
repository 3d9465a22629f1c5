"""The last two minutes of what a viewer got of one participant, kept so that an utterance can be measured after it.

Kept in arrays: what is read out of them in a thread must not hold up the clock that dates what comes meanwhile.
"""

from collections import deque
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from avatar_core.media.frames import Pixels
from avatar_core.metrics.observations import Mono, Sound, joined
from avatar_core.metrics.thumbnails import THUMBNAIL, Thumbnailer

KEPT_S = 130.0
_MAX_FPS = 61
_BLOCK_S = 1.0
_APART_S = 0.002
"""Sound that follows within this is joined; a receiver's clock wanders by less."""


@dataclass(frozen=True, slots=True, eq=False)
class Recalled:
    """Sound, and by picture [n] its time, size [n, 2] (width, height) and thumbnail [n, 36, 64]."""

    sound: Sound | None
    times_s: npt.NDArray[np.float64]
    sizes_px: npt.NDArray[np.int32]
    thumbnails: Pixels


class Recollection:
    """Owned by the watch of one participant, which adds; what is older than KEPT_S falls out."""

    def __init__(self) -> None:
        self._blocks: deque[_Block] = deque()
        self._thumbnail_of = Thumbnailer()
        self._capacity = round(KEPT_S * _MAX_FPS)
        self._times_s = np.zeros(self._capacity)
        self._sizes_px = np.zeros((self._capacity, 2), np.int32)
        # Zeros take no memory until they are written.
        self._thumbnails = np.zeros((self._capacity, *THUMBNAIL), np.uint8)
        self._pictures = 0

    def add_sound(self, samples: Mono, sample_rate_hz: int, start_s: float) -> None:
        """Mono samples whose first one was heard at `start_s`."""
        last = self._blocks[-1] if self._blocks else None
        if last is None or not last.takes(samples, sample_rate_hz, start_s):
            self._blocks.append(last := _Block(sample_rate_hz, start_s))
            while self._blocks[0].end_s < start_s - KEPT_S:
                self._blocks.popleft()
        last.add(samples)

    def add_picture(self, luma: Pixels, at_s: float) -> None:
        """A picture, of which its size and its thumbnail are kept; `luma` is [height, width]."""
        index = self._pictures % self._capacity
        self._times_s[index] = at_s
        self._sizes_px[index] = luma.shape[::-1]
        self._thumbnails[index] = self._thumbnail_of(luma)
        self._pictures += 1

    def since(self, since_s: float) -> Recalled:
        """What came from `since_s` on, copied."""
        sound = joined(block.sound() for block in tuple(self._blocks) if block.end_s > since_s)
        count = min(self._pictures, self._capacity)
        order = np.arange(self._pictures - count, self._pictures) % self._capacity
        order = order[self._times_s[order] >= since_s]
        whole = None if sound is None else sound.between(since_s, sound.end_s)
        return Recalled(whole, self._times_s[order], self._sizes_px[order], self._thumbnails[order])


class _Block:
    """A second of sound without a hole."""

    def __init__(self, sample_rate_hz: int, start_s: float) -> None:
        self._samples = np.zeros(round(_BLOCK_S * sample_rate_hz), np.int16)
        self._rate = sample_rate_hz
        self._start_s = start_s
        self._length = 0

    @property
    def end_s(self) -> float:
        return self._start_s + self._length / self._rate

    def takes(self, samples: Mono, sample_rate_hz: int, start_s: float) -> bool:
        fits = self._length + len(samples) <= len(self._samples) or not self._length
        return fits and sample_rate_hz == self._rate and abs(start_s - self.end_s) <= _APART_S

    def add(self, samples: Mono) -> None:
        if len(samples) > len(self._samples) - self._length:
            self._samples = np.concatenate((self._samples[: self._length], samples))
        else:
            self._samples[self._length : self._length + len(samples)] = samples
        self._length += len(samples)

    def sound(self) -> Sound:
        return Sound(self._samples[: self._length], self._rate, self._start_s)
