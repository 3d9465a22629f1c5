"""What a viewer got of one participant, as values: sound with the time it was heard, pictures with theirs.

The functions of this package take these, whether they come from a live viewer or out of a recording.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from avatar_core.media.frames import AudioFrame, Pixels
from avatar_core.media.resampler import Resampler

HEARD_RATE_HZ = 48_000
"""What is heard is kept at this rate, mono."""

_MOVED_S, _STOOD_STILL_S = 0.002, 0.03
"""By more the times of two pieces leave a hole, and from here on it is one: the shortest gap in speech that is told."""
_MOST_DRAWN_OUT = 0.05

Mono = npt.NDArray[np.int16]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Sound:
    """Mono samples [n] of one rate; `start_s` is when the first one was heard (or, of a reference, its beginning)."""

    samples: Mono
    sample_rate_hz: int
    start_s: float = 0.0

    @property
    def duration_s(self) -> float:
        """Its length."""
        return len(self.samples) / self.sample_rate_hz

    @property
    def end_s(self) -> float:
        """When it ended."""
        return self.start_s + self.duration_s

    def between(self, start_s: float, end_s: float) -> "Sound":
        """The part heard between two moments; empty where nothing was."""
        first = max(0, round((start_s - self.start_s) * self.sample_rate_hz))
        last = max(first, min(len(self.samples), round((end_s - self.start_s) * self.sample_rate_hz)))
        return Sound(self.samples[first:last], self.sample_rate_hz, self.start_s + first / self.sample_rate_hz)

    def at_rate(self, sample_rate_hz: int) -> "Sound":
        """The same sound at another rate."""
        if sample_rate_hz == self.sample_rate_hz or not len(self.samples):
            return Sound(self.samples, sample_rate_hz, self.start_s)
        resampler = Resampler(sample_rate_hz)
        frame = AudioFrame(np.ascontiguousarray(self.samples).reshape(-1, 1), self.sample_rate_hz)
        converted = np.concatenate((resampler.push(frame), resampler.flush()))[:, 0]
        return Sound(converted, sample_rate_hz, self.start_s)


def joined(pieces: Iterable[Sound]) -> Sound | None:
    """Pieces in the order they were heard, of one rate, as one sound; None without any.

    Between pieces whose times leave a hole of 30 ms or more there is silence: a stream that stood still was silent.
    Where it is less, the clock that dates them moved, and not a sample is missing: what came before is drawn out, since
    a hole would sound like a click. A piece is only ever dated too late, never too early: where it would reach into the
    next one it was heard before that. So when a receiver was held up and then got all at once, there is no hole.
    """
    parts: list[Mono] = []
    end_s, rate, length = 0.0, 0, 0
    for piece in reversed(list(pieces)):
        if not parts:
            end_s, rate = piece.end_s, piece.sample_rate_hz
        hole, samples = round((end_s - piece.end_s) * rate) - length, piece.samples
        if hole >= _STOOD_STILL_S * rate:
            parts.append(np.zeros(hole, np.int16))
            length += hole
        elif hole > _MOVED_S * rate:
            # What a short piece can't take falls to those before it.
            samples = _drawn_out(samples, min(hole, int(_MOST_DRAWN_OUT * len(samples))))
        parts.append(samples)
        length += len(samples)
    return Sound(np.concatenate(parts[::-1]), rate, end_s - length / rate) if parts else None


def _drawn_out(samples: Mono, by: int) -> Mono:
    """Evenly, by so many samples."""
    index = np.linspace(0, len(samples) - 1, len(samples) + by)
    longer: Mono = np.rint(np.interp(index, np.arange(len(samples)), samples)).astype(np.int16)
    return longer


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """One picture as received: its size, and its luma in small, `thumbnail` [36, 64]."""

    at_s: float
    width_px: int
    height_px: int
    thumbnail: Pixels

    @property
    def mean_luma(self) -> float:
        """16 is black, 235 white."""
        return float(self.thumbnail.mean())


@dataclass(frozen=True, slots=True, eq=False)
class Observation:
    """What a viewer got of one participant for a while; `sound` None where it got none, `pictures` by rising time."""

    sound: Sound | None
    pictures: tuple[Picture, ...] = ()

    def before(self, until_s: float) -> "Observation":
        """What came before a moment."""
        sound = self.sound.between(self.sound.start_s, until_s) if self.sound is not None else None
        return Observation(sound, tuple(picture for picture in self.pictures if picture.at_s < until_s))
