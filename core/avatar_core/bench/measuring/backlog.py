"""What waits in queues between the speech and the ear, as figures: the most of each second that was looked at."""

from dataclasses import dataclass

from avatar_core.bench.figures.figures import Figures
from avatar_core.clock import Clock

_PERIOD_S = 1.0


@dataclass(slots=True)
class _Peak:
    since_s: float
    until_s: float
    most: float


class Backlog:
    """Owned by the session; fed by whoever looks at a queue, as often as it likes."""

    def __init__(self, figures: Figures, clock: Clock) -> None:
        self._figures = figures
        self._clock = clock
        self._peaks: dict[str, _Peak] = {}

    def saw(self, metric: str, depth: float) -> None:
        """So much waits now. A second is told once the next begins."""
        now_s = self._clock.now()
        peak = self._peaks.get(metric)
        if peak is not None and now_s - peak.since_s < _PERIOD_S:
            peak.until_s, peak.most = now_s, max(peak.most, depth)
            return
        if peak is not None:
            self._figures.measure(metric, peak.most, since_s=peak.since_s, until_s=peak.until_s)
        self._peaks[metric] = _Peak(now_s, now_s, depth)
