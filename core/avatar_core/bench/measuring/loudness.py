"""How loud the avatar is while it is heard: one figure a second, from the viewer's readings of single frames."""

import math

from avatar_core.bench.figures.figures import Figures
from avatar_core.metrics.sound_health import AUDIBLE_DBFS
from avatar_core.wire import viewer_events

_PERIOD_S = 1.0
_FEWEST = 5
"""Audible readings, of twenty in a second: below this there was next to nothing to measure."""


class Loudness:
    """Fed the readings of the avatar that is shown."""

    def __init__(self, figures: Figures) -> None:
        self._figures = figures
        self._since_s: float | None = None
        self._powers: list[float] = []

    def take(self, levels: viewer_events.Levels) -> None:
        """One reading; pauses between words don't count."""
        if self._since_s is None or levels.at_s < self._since_s:
            self._since_s, self._powers = levels.at_s, []
        if levels.rms_dbfs > AUDIBLE_DBFS:
            self._powers.append(10 ** (levels.rms_dbfs / 10))
        if levels.at_s - self._since_s < _PERIOD_S:
            return
        if len(self._powers) >= _FEWEST:
            mean_dbfs = 10 * math.log10(sum(self._powers) / len(self._powers))
            self._figures.measure("level_dbfs", mean_dbfs, since_s=self._since_s, until_s=levels.at_s)
        self._since_s, self._powers = levels.at_s, []
