"""The A/V offset over a stretch of speech: its middle as received, and its slope, less what the way changed."""

from collections import deque
from statistics import median

from avatar_core.bench.figures.figures import Figures
from avatar_core.metrics.drift import slope_ms_per_s, within
from avatar_core.metrics.offset import OffsetSample
from avatar_core.wire import viewer_events

_KEPT = 4_000


class OffsetCourse:
    """Fed the viewer's events."""

    def __init__(self, figures: Figures) -> None:
        self._figures = figures
        self._samples: deque[OffsetSample] = deque(maxlen=_KEPT)

    def take(self, message: object) -> None:
        """Keep the samples of the sync pattern."""
        match message:
            case viewer_events.OffsetMeasured():
                self._samples.append(OffsetSample(message.at_s, message.offset_ms))

    def measure(self, heard_s: tuple[float, float], *, since_s: float, until_s: float) -> None:
        """Measure those of what was heard between two moments; it counts as measured from `since_s` to `until_s`."""
        offsets = within(tuple(self._samples), *heard_s)
        if offsets:
            middle_ms = median(sample.offset_ms for sample in offsets)
            self._figures.measure("av_offset_utterance_ms", middle_ms, since_s=since_s, until_s=until_s)
        # A jitter buffer that grows or lets go is no drift of the avatar.
        way = self._figures.way
        left = [OffsetSample(one.at_s, one.offset_ms - (way.offset_ms(one.at_s) or 0.0)) for one in offsets]
        slope = slope_ms_per_s(left)
        if slope is not None:
            self._figures.measure("av_offset_slope_ms_per_s", slope, since_s=since_s, until_s=until_s)
