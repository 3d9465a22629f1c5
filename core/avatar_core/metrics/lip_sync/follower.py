"""The offset of one talking face while it is watched: an answer every few seconds, or the reason why there is none."""

from collections import deque
from dataclasses import dataclass

from avatar_core.media.frames import Samples
from avatar_core.media.picture_grid import Grid
from avatar_core.metrics.lip_sync.gate import Refusal, accepts_window, judge_lock, judge_stretch
from avatar_core.metrics.lip_sync.history import History, Stretch
from avatar_core.metrics.lip_sync.lock import Lock, find_lock
from avatar_core.metrics.lip_sync.windows import Window, window_offset

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
    correlation in sync stands above the best one out of sync. `jumped`: from the last windows alone, which agree with
    each other and not with what was before them. The offset is raw: what a mouth reads when in sync is in `bias`.
    """

    offset_ms: float | None
    since_s: float
    dated_s: float
    confidence: float
    refusal: Refusal | None = None
    jumped: bool = False
    windows: tuple[Window, ...] = ()


class FaceFollower:
    """Owned by whoever watches one face; pictures and sound come as they do, `answer` is asked every 2 to 4 s.

    It costs about 0.15 s of one core with a full history, where the process keeps its linear algebra to one thread
    (OPENBLAS_NUM_THREADS=1); with more threads it costs several times that. It belongs off any loop that keeps time.
    """

    def __init__(self, sample_rate_hz: int) -> None:
        self._history = History(sample_rate_hz)
        self._locks: deque[tuple[float, Lock]] = deque(maxlen=_FILTERS_KEPT)
        """With the end of what each was found on."""
        self._last_window: Window | None = None

    def picture(self, grid: Grid, at_s: float) -> None:
        """A picture, as PictureGrid shrinks it, was received at `at_s`."""
        self._history.picture(grid, at_s)

    def sound(self, samples: Samples, start_s: float) -> None:
        """Sound whose first sample was heard at `start_s`; cut anywhere, but in order."""
        self._history.sound(samples, start_s)

    def answer(self) -> Answer:
        """As of the newest picture and sound."""
        stretch = self._history.stretch()
        if stretch is None:
            return Answer(None, 0.0, 0.0, 0.0, Refusal.TOO_SHORT)
        windows = self._windows(stretch)
        jumped = self._jump(stretch, windows)
        if jumped is not None:
            return jumped
        refusal = judge_stretch(stretch)
        if refusal is not None:
            return Answer(None, stretch.start_s, stretch.middle_s, 0.0, refusal, windows=windows)
        lock = find_lock(stretch)
        refusal = judge_lock(lock, stretch.length_s)
        if refusal is None:
            self._locks.append((stretch.start_s + stretch.length_s, lock))
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

    def _jump(self, stretch: Stretch, windows: tuple[Window, ...]) -> Answer | None:
        """What two short windows in a row agree on, where the last lock says otherwise.

        What was before them is forgotten: a history across a jump has no offset.
        """
        before, now = self._last_window, next((one for one in windows if one.length_s == _JUMP_WINDOW_S), None)
        self._last_window = now
        if before is None or now is None or not self._locks or abs(before.offset_ms - now.offset_ms) > _AGREE_MS:
            return None
        offset_ms = (before.offset_ms + now.offset_ms) / 2
        if abs(offset_ms - self._locks[-1][1].offset_ms) <= _JUMP_MS:
            return None
        since_s = before.at_s - before.length_s / 2
        self._history.forget_before(since_s)
        return Answer(offset_ms, since_s, now.at_s, now.score, jumped=True, windows=windows)
