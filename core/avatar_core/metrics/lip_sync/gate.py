"""When there is an answer: what must hold of a stretch, a lock and a window. Refusals are for people to read."""

from dataclasses import dataclass
from enum import StrEnum

from avatar_core.metrics.lip_sync.history import Stretch
from avatar_core.metrics.lip_sync.lock import Lock
from avatar_core.metrics.lip_sync.windows import Window

SHORTEST_S = 8.0
_SPOKEN_SHARE = 0.15


@dataclass(frozen=True, slots=True)
class _Limits:
    """The least that makes a lock: its score, its ratio to its best rival, its distance from all of them."""

    score: float
    ratio: float
    distance: float


# Chosen on 172 pairs of which none was in sync: nothing passed at 24 s. What is short looks good by chance more often.
_LONG = _Limits(score=0.3, ratio=1.5, distance=3.0)
_SHORT = _Limits(score=0.35, ratio=1.6, distance=3.5)
_LONG_FROM_S = 16.0
_WINDOW_SCORE = 0.5


class Refusal(StrEnum):
    """Why there is no offset."""

    TOO_SHORT = "watched for too short a time"
    CUT = "the scene changed a moment ago"
    LITTLE_SPEECH = "too little speech"
    NO_LOCK = "no mouth that follows this voice was found"
    SEEN_ONCE = "found once, to be confirmed by the next look"
    OUT_OF_RANGE = "the offset is 500 ms or more"


def judge_stretch(stretch: Stretch) -> Refusal | None:
    """Whether a lock may be looked for."""
    if stretch.length_s < SHORTEST_S:
        return Refusal.CUT if stretch.cut else Refusal.TOO_SHORT
    return Refusal.LITTLE_SPEECH if stretch.spoken < _SPOKEN_SHARE else None


def judge_lock(lock: Lock, length_s: float) -> Refusal | None:
    """Whether a lock found in `length_s` is one: in sync by far more than the same face is out of sync, by chance."""
    least = _LONG if length_s >= _LONG_FROM_S else _SHORT
    if lock.score < least.score or lock.score < least.ratio * lock.rival or lock.distance < least.distance:
        return Refusal.NO_LOCK
    return Refusal.OUT_OF_RANGE if lock.out_of_range else None


def accepts_window(window: Window) -> bool:
    """Whether the offset of a window is believed."""
    return window.score >= _WINDOW_SCORE and not window.at_edge
