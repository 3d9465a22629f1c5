"""The health of received pictures without a reference: their rhythm, their size, black ones, freezes."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from avatar_core.metrics.freezes import FreezeRule
from avatar_core.metrics.observations import Picture

INTERVAL_EDGES_MS = (10, 20, 30, 40, 50, 67, 100, 150, 200, 500)
"""Bounds of the histogram of intervals: below the first, between each two, from the last on."""

_BLACK_LUMA = 24
_BLACK_BRIGHTEST = 40
_LONGEST_S = 1.0


def is_black(picture: Picture) -> bool:
    """Nothing to be seen: dark on average, and nowhere more than a shimmer."""
    return picture.mean_luma <= _BLACK_LUMA and int(picture.thumbnail.max()) <= _BLACK_BRIGHTEST


def black_s(pictures: Sequence[Picture]) -> float:
    """How long black was shown; each picture until the next one, a second at most."""
    return sum(min(after.at_s - picture.at_s, _LONGEST_S) for picture, after in pairwise(pictures) if is_black(picture))


def resolution_changes(pictures: Sequence[Picture]) -> int:
    """How often the size changed from one picture to the next."""
    return sum(
        (before.width_px, before.height_px) != (after.width_px, after.height_px) for before, after in pairwise(pictures)
    )


def intervals_ms(pictures: Sequence[Picture]) -> list[float]:
    """From each picture to the next."""
    return [1000 * (after.at_s - before.at_s) for before, after in pairwise(pictures)]


def interval_histogram(intervals: Sequence[float]) -> list[int]:
    """How many intervals, in ms, lie in each class of INTERVAL_EDGES_MS: one class more than there are bounds."""
    counts = np.bincount(
        np.searchsorted(INTERVAL_EDGES_MS, intervals, side="right"), minlength=len(INTERVAL_EDGES_MS) + 1
    )
    return [int(count) for count in counts]


def freezes_s(pictures: Sequence[Picture]) -> list[float]:
    """The length of each freeze by WebRTC's rule."""
    rule = FreezeRule()
    return [length_s for picture in pictures if (length_s := rule.push(picture.at_s)) is not None]
