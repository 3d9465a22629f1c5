"""The offset of one talking face while it is watched: an answer every few seconds, or the reason why there is none."""

from collections import deque
from dataclasses import dataclass

from avatar_core.metrics.lip_sync.gate import Refusal, accepts_window, judge_lock, judge_stretch
from avatar_core.metrics.lip_sync.history import History, Stretch
from avatar_core.metrics.lip_sync.lock import Lock, find_lock
from avatar_core.metrics.lip_sync.windows import Window, window_offset
from avatar_core.metrics.observations import Observation

ANSWER_EVERY_S = 2.0
WINDOWS_S = (4.0, 8.0)
_JUMP_WINDOW_S = 4.0
_AGREE_MS = 30.0
_JUMP_MS = 45.0
_FILTERS_KEPT = 16


@dataclass(frozen=True, slots=True)
class Answer:
    """What is known at one moment. `offset_ms` None where it was refused, for the reason in `refusal`.

    `dated_s` is the middle of what it was measured on, which began at `since_s`. `confidence` (0 to 1): how far the
    correlation in sync stands above the best one out of sync. `jumped`: it is of the last window alone, which agrees
    with the one before it and not with what was known, and `confidence` is its score; so until there is a lock again.
    The offset is raw: what a mouth in sync reads is a matter of `bias`.
    """

    offset_ms: float | None
    since_s: float
    dated_s: float
    confidence: float
    refusal: Refusal | None = None
    jumped: bool = False
    windows: tuple[Window, ...] = ()


class FaceFollower:
    """Owned by whoever watches one face; `answer` is asked every 2 to 4 s.

    It costs about 0.15 s of one core with a full history, where the process keeps its linear algebra to one thread
    (OPENBLAS_NUM_THREADS=1); with more threads it costs several times that. It belongs off any loop that keeps time.
    """

    def __init__(self) -> None:
        self._history = History()
        self._locks: deque[tuple[float, Lock]] = deque(maxlen=_FILTERS_KEPT)
        """With the end of what each was found on."""
        self._candidate_ms: float | None = None
        """Of the last lock that passed the gate; chance seldom passes it twice on end."""
        self._known_ms: float | None = None
        self._since_jump = False
        self._last_window: Window | None = None

    def watch(self, observation: Observation) -> None:
        """What came next, in order; what it repeats of the last observation is left out."""
        self._history.add(observation)

    def answer(self) -> Answer:
        """As of the newest picture and sound."""
        stretch = self._history.stretch()
        if stretch is None:
            return Answer(None, 0.0, 0.0, 0.0, Refusal.TOO_SHORT)
        windows = self._windows(stretch)
        recent = self._recent(windows)
        if recent is not None and self._known_ms is not None and abs(recent.offset_ms - self._known_ms) > _JUMP_MS:
            # A history across a jump has no offset.
            self._history.forget_before(recent.at_s - recent.length_s / 2)
            self._since_jump, self._known_ms, self._candidate_ms = True, recent.offset_ms, None
            return _from_window(recent, windows)
        answer = self._locked(stretch, windows)
        return _from_window(recent, windows) if answer.refusal and recent and self._since_jump else answer

    def _locked(self, stretch: Stretch, windows: tuple[Window, ...]) -> Answer:
        refusal = judge_stretch(stretch)
        if refusal is not None:
            return Answer(None, stretch.start_s, stretch.middle_s, 0.0, refusal, windows=windows)
        lock = find_lock(stretch)
        refusal = judge_lock(lock, stretch.length_s)
        before_ms, self._candidate_ms = self._candidate_ms, lock.offset_ms if refusal is None else None
        if refusal is None and (before_ms is None or abs(lock.offset_ms - before_ms) > _AGREE_MS):
            refusal = Refusal.SEEN_ONCE
        if refusal is None:
            self._locks.append((stretch.start_s + stretch.length_s, lock))
            self._known_ms, self._since_jump = lock.offset_ms, False
        return Answer(
            lock.offset_ms if refusal is None else None,
            stretch.start_s,
            stretch.middle_s,
            max(0.0, lock.score - max(0.0, lock.rival)),
            refusal,
            windows=windows,
        )

    def _windows(self, stretch: Stretch) -> tuple[Window, ...]:
        """Those that are accepted, each through the newest filter that was learned before it."""
        end_s = stretch.start_s + stretch.length_s
        found = []
        for length_s in WINDOWS_S:
            lock = next((lock for learned_s, lock in reversed(self._locks) if learned_s <= end_s - length_s), None)
            if lock is None or stretch.length_s < length_s:
                continue
            window = window_offset(stretch, lock, length_s)
            if accepts_window(window):
                found.append(window)
        return tuple(found)

    def _recent(self, windows: tuple[Window, ...]) -> Window | None:
        """The last short window, where it agrees with the one before it."""
        before, now = self._last_window, next((one for one in windows if one.length_s == _JUMP_WINDOW_S), None)
        self._last_window = now
        agree = before is not None and now is not None and abs(before.offset_ms - now.offset_ms) <= _AGREE_MS
        return now if agree else None


def _from_window(window: Window, windows: tuple[Window, ...]) -> Answer:
    since_s = window.at_s - window.length_s / 2
    return Answer(window.offset_ms, since_s, window.at_s, window.score, jumped=True, windows=windows)
