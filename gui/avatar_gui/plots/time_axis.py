"""The one time axis of all plots: what stretch of time is shown, followed, paused, panned or zoomed."""

from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal

from avatar_gui.figures import MINUS, NARROW_SPACE

DEFAULT_SPAN_S = 60.0
SHORTEST_SPAN_S = 5.0
LONGEST_SPAN_S = 600.0
_STEPS_S = (1, 2, 5, 10, 20, 30, 60, 120)
_TICKS_AT_MOST = 7


@dataclass(frozen=True, slots=True)
class Window:
    """The stretch shown, in monotonic seconds; `now_s` is what tick labels count from."""

    start_s: float
    end_s: float
    now_s: float

    @property
    def span_s(self) -> float:
        """Its length."""
        return self.end_s - self.start_s

    def fraction(self, time_s: float) -> float:
        """0 at the left edge, 1 at the right."""
        return (time_s - self.start_s) / self.span_s

    def ticks(self) -> list[tuple[float, str]]:
        """Where ticks stand (as fractions) and what they say: seconds before now, or "now"."""
        step_s = next((step for step in _STEPS_S if self.span_s / step <= _TICKS_AT_MOST), _STEPS_S[-1])
        first = -int((self.now_s - self.start_s) / step_s + 1e-6)
        ticks = []
        for index in range(first, int((self.end_s - self.now_s) / step_s + 1e-6) + 1):
            before_s = index * step_s
            label = "now" if index == 0 else f"{MINUS}{-before_s}{NARROW_SPACE}s"
            ticks.append((self.fraction(self.now_s + before_s), label))
        return ticks


class TimeAxis(QObject):
    """Shared by every view of time.

    Signals:
        changed: the stretch shown, or following, paused or the cursor, changed by the user.
    """

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._span_s = DEFAULT_SPAN_S
        self._behind_s = 0.0
        self._now_s = 0.0
        self.paused = False
        self.cursor_s: float | None = None
        self.pinned = False

    @property
    def following(self) -> bool:
        """True while the right edge is now."""
        return self._behind_s == 0.0 and not self.paused

    @property
    def window(self) -> Window:
        """What is shown at this moment."""
        end_s = self._now_s - self._behind_s
        return Window(end_s - self._span_s, end_s, self._now_s)

    def advance(self, now_s: float) -> None:
        """Let time pass; a paused axis stands, a panned one keeps its place on the clock."""
        if self.paused:
            return
        if self._behind_s > 0:
            self._behind_s += now_s - self._now_s
        self._now_s = now_s

    def pan(self, seconds: float) -> None:
        """Move the stretch into the past (positive) or back; it never goes beyond now."""
        self._behind_s = max(0.0, self._behind_s + seconds)
        self.changed.emit()

    def zoom(self, factor: float, at: float) -> None:
        """Change the span, keeping the moment at fraction `at` in place where following allows it."""
        span_s = min(LONGEST_SPAN_S, max(SHORTEST_SPAN_S, self._span_s * factor))
        if not self.following:
            self._behind_s = max(0.0, self._behind_s + (self._span_s - span_s) * (1.0 - at))
        self._span_s = span_s
        self.changed.emit()

    def follow(self) -> None:
        """Back to now, at the usual span, not paused, no cursor."""
        self._behind_s, self._span_s, self.paused, self.pinned, self.cursor_s = 0.0, DEFAULT_SPAN_S, False, False, None
        self.changed.emit()

    def set_paused(self, paused: bool) -> None:
        """Let the picture stand still, or go on from where it stood."""
        self.paused = paused
        self.changed.emit()

    def point_at(self, time_s: float | None) -> None:
        """Put the cursor there, unless it is pinned."""
        if not self.pinned and time_s != self.cursor_s:
            self.cursor_s = time_s
            self.changed.emit()

    def pin(self, time_s: float) -> None:
        """Keep the cursor there; a second pin lets it go."""
        self.pinned = not self.pinned
        self.cursor_s = time_s
        self.changed.emit()

    def step_cursor(self, seconds: float) -> None:
        """Move the cursor by the keyboard; it appears in the middle."""
        window = self.window
        start_s = (window.start_s + window.end_s) / 2 if self.cursor_s is None else self.cursor_s
        self.cursor_s = min(window.end_s, max(window.start_s, start_s + seconds))
        self.changed.emit()
