"""Whether a face speaks, from the pictures alone: what moves quickly while speech is heard, and not while it idles.

Judged by second differences of the thumbnails, which see lips start and stop but hardly a head that sways.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from avatar_core.metrics.observations import Floats, Picture
from avatar_core.metrics.sound_health import Stretch

STILL_WINDOW_S = 1.0
MOUTH_WINDOW_S = 0.3
"""Windows for still_s and for moving_until_s."""
_HOP_S = 0.1
_SHARE = 70
"""Percentile over a window: a blink is too short to count, a syllable is not."""
_ALWAYS_MOVING = 20.0
"""Grey levels; a cell that moves so while idle (a clock, a counter) says nothing."""
_OVER_IDLE = 1.6
_LEAST = 3.0
_DEAD = 1.0
_IDLE_S = 2.0
_REST_S = 0.4
_AFTER_SPEECH_S = 0.7
"""A face comes to rest after its speech; from then on it idles."""
SHORTEST_STILL_S = 2.0
_PAUSE_S = 0.5
"""A pause between words is part of the speech that a still face is judged by."""


@dataclass(frozen=True, slots=True, eq=False)
class IdleMotion:
    """How a face moves while it does not speak: `cells` that tell, and the most that any of them did."""

    cells: npt.NDArray[np.bool_]
    most: float

    @property
    def threshold(self) -> float:
        """Quickness above which it speaks."""
        return max(_LEAST, _OVER_IDLE * self.most)


class Motion:
    """How quickly each part of a face moves, in windows of `window_s` seconds."""

    def __init__(self, pictures: Sequence[Picture], window_s: float) -> None:
        self.window_s = window_s
        self.moments_s, self.quickness = _quickness(pictures, window_s)

    def idle(self, speech: Sequence[Stretch]) -> IdleMotion | None:
        """How it moves outside of `speech`; None where less than 2 s of that was seen."""
        half_s = self.window_s / 2
        busy = [(start_s - half_s, end_s + _AFTER_SPEECH_S + half_s) for start_s, end_s in speech]
        idle = self.quickness[~_touching(self.moments_s, busy)]
        if len(idle) * _HOP_S < _IDLE_S:
            return None
        cells = idle.max(axis=0) < _ALWAYS_MOVING
        return IdleMotion(cells, float(np.percentile(idle[:, cells].max(axis=1, initial=0.0), 95)))

    def still_s(self, speech: Sequence[Stretch], idle: IdleMotion | None) -> float | None:
        """For how long speech was heard from a face that did not speak; stretches of 2 s and more.

        None without knowing how it idles, unless nothing moved at all.
        """
        if not len(self.moments_s):
            return None
        margin_s = self.window_s / 2
        whole = _joined(speech)
        speaking = _touching(self.moments_s, [(start_s + margin_s, end_s - margin_s) for start_s, end_s in whole])
        if not speaking.any():
            return 0.0
        if idle is not None:
            still = speaking & (self.quickness[:, idle.cells].max(axis=1, initial=0.0) < idle.threshold)
        else:
            still = speaking & (self.quickness.max(axis=1) < _DEAD)
            if not still.any():
                return None
        return _runs_s(still, speaking, SHORTEST_STILL_S)

    def moving_until_s(self, since_s: float, idle: IdleMotion) -> float:
        """Until when the face spoke on after `since_s` (an interrupt); `since_s` where it did not. Looks 2 s ahead."""
        until_s = None
        for moment_s, row in zip(self.moments_s, self.quickness, strict=True):
            if moment_s < since_s or row[idle.cells].max(initial=0.0) < idle.threshold:
                continue
            # What moves again after a rest, a blink, does not belong to the speech.
            if moment_s > min(since_s + 2.0, (until_s or since_s) + _REST_S):
                break
            until_s = float(moment_s)
        # A window sees motion until it lies wholly behind it; on the average it sees half of itself too much.
        return since_s if until_s is None else max(since_s, until_s - self.window_s / 2 * (1 - _SHARE / 100))


def _quickness(pictures: Sequence[Picture], window_s: float) -> tuple[Floats, Floats]:
    """Middles of windows, and of each the quickness of every cell [windows, cells]."""
    if len(pictures) < 4:
        return np.zeros(0), np.zeros((0, 0))
    times_s = np.array([picture.at_s for picture in pictures])
    cells = np.stack([picture.thumbnail.reshape(-1) for picture in pictures]).astype(np.float32)
    second = np.abs(np.diff(cells, n=2, axis=0))
    at_s = times_s[1:-1]
    moments, rows = [], []
    for middle_s in np.arange(at_s[0] + window_s / 2, at_s[-1] - window_s / 2, _HOP_S):
        first, last = np.searchsorted(at_s, (middle_s - window_s / 2, middle_s + window_s / 2))
        if last - first >= 3:
            moments.append(middle_s)
            rows.append(np.percentile(second[first:last], _SHARE, axis=0))
    return np.array(moments), np.array(rows).reshape(len(rows), cells.shape[1])


def _touching(moments_s: Floats, stretches: Sequence[Stretch]) -> npt.NDArray[np.bool_]:
    found = np.zeros(len(moments_s), dtype=bool)
    for start_s, end_s in stretches:
        found |= (moments_s >= start_s) & (moments_s <= end_s)
    return found


def _joined(speech: Sequence[Stretch]) -> list[Stretch]:
    joined: list[Stretch] = []
    for start_s, end_s in sorted(speech):
        if joined and start_s - joined[-1][1] < _PAUSE_S:
            joined[-1] = (joined[-1][0], max(end_s, joined[-1][1]))
        else:
            joined.append((start_s, end_s))
    return joined


def _runs_s(still: npt.NDArray[np.bool_], speaking: npt.NDArray[np.bool_], shortest_s: float) -> float:
    edges = np.flatnonzero(np.diff(np.concatenate(([False], still, [False])).astype(np.int8)))
    lengths = []
    for first, last in zip(edges[::2], edges[1::2], strict=True):
        # A window that is still stands for its whole length, less what it may see of the motion beside it.
        beside = int(first > 0 and speaking[first - 1]) + int(last < len(speaking) and speaking[last])
        lengths.append((last - first - 1) * _HOP_S + STILL_WINDOW_S * (1 - beside * (1 - _SHARE / 100)))
    return float(sum(length for length in lengths if length >= shortest_s))
