"""The offset of a few seconds: the mouth is seen through a filter that was learned before them."""

from dataclasses import dataclass

import numpy as np

from avatar_core.metrics.lip_sync.history import REACH_S, Stretch
from avatar_core.metrics.lip_sync.lock import Lock
from avatar_core.metrics.lip_sync.peaks import correlations, peak
from avatar_core.metrics.lip_sync.signals import RATE_HZ

_REACH = round(REACH_S * RATE_HZ)


@dataclass(frozen=True, slots=True)
class Window:
    """`at_s` is the middle of it; `score` the correlation of mouth and voice at the offset."""

    at_s: float
    length_s: float
    offset_ms: float
    at_edge: bool
    score: float


def window_offset(stretch: Stretch, lock: Lock, length_s: float) -> Window:
    """Of the last `length_s` of a stretch; `lock` must have been found before they began."""
    count = min(round(length_s * RATE_HZ), len(stretch.cells))
    first = len(stretch.cells) - count
    mouth = stretch.cells[first:] @ lock.cells
    voice = stretch.sounds @ lock.sounds
    lags = np.arange(-_REACH, _REACH + 1)
    heard = voice[_REACH + first + np.arange(count)[:, np.newaxis] - lags]
    curve = correlations(mouth[:, np.newaxis], heard)
    at, at_edge = peak(curve)
    return Window(
        at_s=stretch.start_s + (first + count / 2) / RATE_HZ,
        length_s=count / RATE_HZ,
        offset_ms=(at - _REACH) * 1000 / RATE_HZ,
        at_edge=at_edge,
        score=float(curve.max()),
    )
