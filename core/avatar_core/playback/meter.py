"""The meter: how loud the speech is at the place where it is being heard, although it was captured long before."""

import math
from bisect import bisect_right
from dataclasses import dataclass, field

import numpy as np

from avatar_core.clock import Clock
from avatar_core.media.frames import AudioFrame
from avatar_core.playback.contract import AudioOutput, PlaybackFinishedEvent
from avatar_core.playback.follower import PlaybackFollower
from avatar_core.playback.segment import Segment, SegmentRef

WINDOW_S = 0.02
SILENCE_DBFS = -100.0
_KEPT_WINDOWS = 6_000
"""Per pending segment: two minutes, less where frames are shorter than a window. Beyond it reads as silence."""


@dataclass(frozen=True, slots=True)
class Level:
    """Loudness of one moment in dB below full scale; SILENCE_DBFS for nothing."""

    peak_dbfs: float
    rms_dbfs: float


_SILENT = Level(SILENCE_DBFS, SILENCE_DBFS)


@dataclass(slots=True)
class _Trace:
    """Levels of one segment by position."""

    ends_s: list[float] = field(default_factory=list)
    levels: list[Level] = field(default_factory=list)

    def at(self, position_s: float) -> Level:
        index = bisect_right(self.ends_s, position_s)
        return self.levels[index] if index < len(self.levels) else _SILENT


class LevelMeter(PlaybackFollower):
    """A wrapper that knows the level of what is being heard, as far as starts and progress tell where that is."""

    def __init__(self, next_in_chain: AudioOutput, *, label: str = "LevelMeter", clock: Clock | None = None) -> None:
        super().__init__(next_in_chain, label=label, clock=clock)
        self._traces: dict[SegmentRef, _Trace] = {}

    def level(self) -> Level:
        """The level heard now: of the oldest segment that is not finished; silence before its start and in pauses."""
        ref, position = next(iter(self._positions.items()), (None, None))
        if ref is None or position is None or not position.moves:
            return _SILENT
        return self._traces[ref].at(position.at(self._clock.now()))

    async def capture_frame(self, frame: AudioFrame, *, segment: SegmentRef | None = None) -> None:
        """Pass the frame on first: one that was not captured is not measured."""
        await super().capture_frame(frame, segment=segment)
        if self._capturing is not None and (trace := self._traces.get(self._capturing)) is not None:
            _measure(frame, trace)

    def on_segment_opened(self, segment: Segment) -> None:
        """A new trace begins."""
        self._traces[segment.ref] = _Trace()
        super().on_segment_opened(segment)

    def on_playback_finished(self, event: PlaybackFinishedEvent) -> None:
        """Its levels are of no use any more."""
        if event.segment is not None:
            self._traces.pop(event.segment.ref, None)
        super().on_playback_finished(event)


def _measure(frame: AudioFrame, trace: _Trace) -> None:
    """Append the levels of `frame` in windows of WINDOW_S, the last one shorter."""
    length = max(1, round(WINDOW_S * frame.sample_rate_hz))
    position_s = trace.ends_s[-1] if trace.ends_s else 0.0
    for start in range(0, frame.samples_per_channel, length):
        if len(trace.levels) >= _KEPT_WINDOWS:
            return
        window = frame.samples[start : start + length].astype(np.float64) / 32_768
        position_s += len(window) / frame.sample_rate_hz
        trace.ends_s.append(position_s)
        trace.levels.append(
            Level(_dbfs(float(np.abs(window).max())), _dbfs(math.sqrt(float(np.square(window).mean()))))
        )


def _dbfs(amplitude: float) -> float:
    return max(SILENCE_DBFS, 20 * math.log10(amplitude)) if amplitude > 0 else SILENCE_DBFS
