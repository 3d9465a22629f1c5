"""A/V offset: the flash and the beep of one event, paired (DESIGN, "Sign").

Offset = video time - audio time, + = audio leads, video is late.
"""

from collections import deque
from dataclasses import dataclass
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class OffsetSample:
    """One event seen and heard. `at_s` is when the later of the two came; `picture` the flash's number, if known."""

    at_s: float
    offset_ms: float
    picture: int | None = None


class _Event(NamedTuple):
    """A beep, or a flash and the number of its picture."""

    at_s: float
    picture: int | None = None


class OffsetPairing:
    """Pairs beeps with flashes as they come, each at most once, the nearest within `window_s`.

    A beep or flash that finds no partner within the window is counted in `lone_beeps` or `lone_flashes`: an offset is
    never made of two different events. The window must be under half the pattern's period.
    """

    def __init__(self, window_s: float = 0.45) -> None:
        self.lone_beeps = 0
        self.lone_flashes = 0
        self._window_s = window_s
        self._beeps: deque[_Event] = deque(maxlen=16)
        self._flashes: deque[_Event] = deque(maxlen=16)

    def beep(self, at_s: float) -> OffsetSample | None:
        """A beep was heard at `at_s`; returns the sample it completes, if any."""
        self._expire(at_s)
        flash = _take_nearest(self._flashes, at_s, self._window_s)
        if flash is None:
            self._beeps.append(_Event(at_s))
            return None
        return OffsetSample(max(at_s, flash.at_s), (flash.at_s - at_s) * 1000, flash.picture)

    def flash(self, at_s: float, picture: int | None = None) -> OffsetSample | None:
        """A flash was seen at `at_s`, in the picture of that number; returns the sample it completes, if any."""
        self._expire(at_s)
        beep = _take_nearest(self._beeps, at_s, self._window_s)
        if beep is None:
            self._flashes.append(_Event(at_s, picture))
            return None
        return OffsetSample(max(at_s, beep.at_s), (at_s - beep.at_s) * 1000, picture)

    def _expire(self, now_s: float) -> None:
        while self._beeps and now_s - self._beeps[0].at_s > self._window_s:
            self._beeps.popleft()
            self.lone_beeps += 1
        while self._flashes and now_s - self._flashes[0].at_s > self._window_s:
            self._flashes.popleft()
            self.lone_flashes += 1


def _take_nearest(events: deque[_Event], at_s: float, window_s: float) -> _Event | None:
    nearest = min(events, key=lambda event: abs(event.at_s - at_s), default=None)
    if nearest is None or abs(nearest.at_s - at_s) > window_s:
        return None
    events.remove(nearest)
    return nearest
