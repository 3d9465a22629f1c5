"""Two voices on one time axis, handed out in order as stereo: left the user, right the agent. Pure."""

import enum

import numpy as np

from avatar_core.media.frames import Samples


class Side(enum.IntEnum):
    """The channel of a voice, as LiveKit's recorder has them."""

    USER = 0
    AGENT = 1


class StereoTimeline:
    """Samples are placed where they were heard and taken from the beginning on; what nobody said is silence.

    What is placed before what was taken already is cut and counted in `late`.
    """

    def __init__(self) -> None:
        self.late = 0
        self._taken = 0
        # Room grows by doubling: a voice is placed piece by piece, and all that waits must not be copied for each.
        self._room = np.zeros((0, 2), dtype=np.int16)
        self._waiting = 0

    @property
    def taken(self) -> int:
        """Samples handed out so far."""
        return self._taken

    @property
    def end(self) -> int:
        """The end of the last sample placed."""
        return self._taken + self._waiting

    def place(self, side: Side, start: int, samples: Samples) -> None:
        """Put mono samples [n] from sample `start` on."""
        cut = min(len(samples), max(0, self._taken - start))
        self.late += cut
        samples, start = samples[cut:], start + cut - self._taken
        if not len(samples):
            return
        end = start + len(samples)
        if end > len(self._room):
            room = np.zeros((max(end, 2 * len(self._room)), 2), dtype=np.int16)
            room[: len(self._room)] = self._room
            self._room = room
        self._room[start:end, side] = samples
        self._waiting = max(self._waiting, end)

    def take(self, until: int) -> Samples:
        """Everything up to sample `until`, as [n, 2]; nothing where that was taken already."""
        count = max(0, until - self._taken)
        taken = self._room[:count]
        if len(taken) < count:
            taken = np.concatenate((taken, np.zeros((count - len(taken), 2), dtype=np.int16)))
        self._room = self._room[count:]
        self._waiting = max(0, self._waiting - count)
        self._taken += count
        return taken
