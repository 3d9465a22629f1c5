"""When a sample was heard: the steady clock of a sound stream, read out of frames that arrive unsteadily."""

from collections import deque

_WINDOW_FRAMES = 100
_JUMP_S = 0.1


class SampleClock:
    """Maps positions in a stream to monotonic time.

    Frames are only ever late, never early, so the least delay of the last second is the clock; one frame's jitter does
    not move it. A stream that stood still (a muted track, a starved process) is anchored anew.
    """

    def __init__(self, sample_rate_hz: int) -> None:
        self._rate = sample_rate_hz
        self._position = 0
        self._anchors_s: deque[float] = deque(maxlen=_WINDOW_FRAMES)
        self.jumps = 0

    def frame(self, samples: int, received_s: float) -> float:
        """Account for a frame that arrived at `received_s`; returns when its first sample was heard."""
        end = self._position + samples
        anchor_s = received_s - end / self._rate
        if self._anchors_s and abs(anchor_s - self._anchor_s) > _JUMP_S:
            self._anchors_s.clear()
            self.jumps += 1
        self._anchors_s.append(anchor_s)
        start_s = self.at(self._position)
        self._position = end
        return start_s

    def at(self, position: float) -> float:
        """When the sample at `position`, counted from the first, was or will be heard."""
        return self._anchor_s + position / self._rate

    @property
    def _anchor_s(self) -> float:
        return min(self._anchors_s)
