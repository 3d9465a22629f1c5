"""A/V offset: the flash and the beep of one event, paired (DESIGN, "Sign").

Offset = video time - audio time, + = audio leads, video is late.
"""

from collections import deque
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OffsetSample:
    """One event seen and heard. `at_s` is when the later of the two came."""

    at_s: float
    offset_ms: float


class OffsetPairing:
    """Pairs beeps with flashes as they come, each at most once, the nearest within `window_s`.

    A beep or flash that finds no partner within the window is counted in `lone_beeps` or `lone_flashes`: an offset is
    never made of two different events. The window must be under half the pattern's period.
    """

    def __init__(self, window_s: float = 0.45) -> None:
        self.lone_beeps = 0
        self.lone_flashes = 0
        self._window_s = window_s
        self._beeps: deque[float] = deque(maxlen=16)
        self._flashes: deque[float] = deque(maxlen=16)

    def beep(self, at_s: float) -> OffsetSample | None:
        """A beep was heard at `at_s`; returns the sample it completes, if any."""
        self._expire(at_s)
        flash_s = _take_nearest(self._flashes, at_s, self._window_s)
        if flash_s is None:
            self._beeps.append(at_s)
            return None
        return OffsetSample(max(at_s, flash_s), (flash_s - at_s) * 1000)

    def flash(self, at_s: float) -> OffsetSample | None:
        """A flash was seen at `at_s`; returns the sample it completes, if any."""
        self._expire(at_s)
        beep_s = _take_nearest(self._beeps, at_s, self._window_s)
        if beep_s is None:
            self._flashes.append(at_s)
            return None
        return OffsetSample(max(at_s, beep_s), (at_s - beep_s) * 1000)

    def _expire(self, now_s: float) -> None:
        while self._beeps and now_s - self._beeps[0] > self._window_s:
            self._beeps.popleft()
            self.lone_beeps += 1
        while self._flashes and now_s - self._flashes[0] > self._window_s:
            self._flashes.popleft()
            self.lone_flashes += 1


def _take_nearest(times: deque[float], at_s: float, window_s: float) -> float | None:
    nearest = min(times, key=lambda time_s: abs(time_s - at_s), default=None)
    if nearest is None or abs(nearest - at_s) > window_s:
        return None
    times.remove(nearest)
    return nearest
