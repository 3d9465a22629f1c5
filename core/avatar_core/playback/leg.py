"""One turn of a segment: the stretch of it that was given to one output. No tasks; the proxy moves it."""

from dataclasses import dataclass, field

from avatar_core.media.frames import AudioFrame
from avatar_core.media.resampler import Resampler
from avatar_core.playback.contract import AudioOutput
from avatar_core.playback.recall import Recall
from avatar_core.playback.segment import SegmentRef


@dataclass(frozen=True, slots=True)
class LegBegun:
    """`sink` is given the segment `ref` from `base_s` on."""

    ref: SegmentRef
    sink: AudioOutput
    base_s: float


@dataclass(frozen=True, slots=True)
class LegEnded:
    """`sink` is done with what it was given of the segment `ref`, `sent_s` from `base_s` on.

    It played `played_s` of that: by its own word where `told`, else by what was thought. `goes_on`: the rest is given
    to an output again.
    """

    ref: SegmentRef
    sink: AudioOutput
    base_s: float
    sent_s: float
    started_s: float | None
    played_s: float
    told: bool
    interrupted: bool
    goes_on: bool


@dataclass(slots=True, eq=False)
class Leg:
    """A segment on its way through one output.

    `base_s` is the position in the segment where this leg begins. `flushed`: its end was sent. `recall` is set once
    it was taken back, while its last position is awaited.
    """

    sink: AudioOutput
    ref: SegmentRef
    base_s: float
    sent_s: float = 0.0
    started_at: float | None = None
    reported_s: float | None = None
    flushed: bool = False
    recall: Recall | None = None
    recalled_at: float | None = None
    _resampler: Resampler | None = field(default=None, init=False)
    _format: tuple[int, int] | None = field(default=None, init=False)

    @property
    def converts(self) -> bool:
        """Whether its frames go through a conversion, which may hold a remainder back."""
        return self._resampler is not None

    def played_s(self, now_s: float) -> float:
        """Seconds of this leg heard by now: as last reported; else the time since its start; else none (P9).

        A leg that was taken back is not heard any longer since then.
        """
        if self.reported_s is not None:
            return min(self.reported_s, self.sent_s)
        if self.started_at is None:
            return 0.0
        until_s = now_s if self.recalled_at is None else self.recalled_at
        return min(self.sent_s, max(0.0, until_s - self.started_at))

    def convert(self, frame: AudioFrame) -> AudioFrame:
        """`frame` in the one rate and channel count of this leg, since a stream tells them once (B21).

        That is the sink's rate where it asks for one, else the first frame's. May come out empty: a filter waits.
        """
        if self._format is None:
            channels = frame.num_channels if frame.num_channels <= 2 else 1
            self._format = (self.sink.sample_rate_hz or frame.sample_rate_hz, channels)
        if self._resampler is None:
            if (frame.sample_rate_hz, frame.num_channels) == self._format:
                return frame
            self._resampler = Resampler(*self._format)
        return AudioFrame(self._resampler.push(frame), self._format[0], pts_s=frame.pts_s)

    def take_remainder(self) -> AudioFrame | None:
        """What the conversion still holds back, once; None where there is nothing."""
        if self._resampler is None or self._format is None:
            return None
        remainder = self._resampler.flush()
        self._resampler = None
        return AudioFrame(remainder, self._format[0]) if len(remainder) else None

    def end(self) -> None:
        """Flush it at its output, once."""
        if not self.flushed:
            self.flushed = True
            self.sink.flush()
