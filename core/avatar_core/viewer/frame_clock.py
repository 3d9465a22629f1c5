"""When a picture was seen: its arrival, less what a busy process was late to take it."""

from collections import deque
from statistics import median

_WINDOW_FRAMES = 31
_BUSY_S = 0.01


class FrameClock:
    """Maps the SDK's time stamps of pictures to monotonic time.

    The stamps follow the sender's clock and the receiver's buffer, to a millisecond; arrivals follow them and are now
    and then some milliseconds late. A picture that is further from its stamp than that came late indeed.
    """

    def __init__(self) -> None:
        self._late_s: deque[float] = deque(maxlen=_WINDOW_FRAMES)

    def frame(self, pts_s: float | None, received_s: float) -> float:
        """When the picture with that stamp, in seconds of any clock, was seen that arrived at `received_s`."""
        if pts_s is None:
            return received_s
        self._late_s.append(received_s - pts_s)
        seen_s = pts_s + median(self._late_s)
        return seen_s if abs(received_s - seen_s) < _BUSY_S else received_s
