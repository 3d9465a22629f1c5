"""The speech of one segment, waiting to be heard: which of its samples were heard, and when. Pure."""

from collections import deque
from dataclasses import dataclass

import numpy as np

from avatar_core.media.frames import AudioFrame, Samples
from avatar_core.media.resampler import Resampler

REANCHOR_S = 0.1
"""Reports of one run scatter by a few milliseconds; one further off than this begins a new run."""


@dataclass(frozen=True, slots=True)
class Placed:
    """Mono samples that were heard from `start_s` on, in monotonic seconds."""

    start_s: float
    samples: Samples


class HeardSpeech:
    """Takes what is captured, gives what was heard. Positions are seconds from the segment's beginning.

    At most `limit_s` seconds that were not heard yet are kept; what exceeds them is not, and counted in `unkept_s`.
    """

    def __init__(self, sample_rate_hz: int, *, limit_s: float) -> None:
        self.unkept_s = 0.0
        self.started_at_s: float | None = None
        self.placed_until_s: float | None = None
        """Monotonic time up to which it is known what was heard of it; None before its start."""
        self._rate = sample_rate_hz
        self._limit = round(limit_s * sample_rate_hz)
        self._resampler = Resampler(sample_rate_hz, 1)
        # What is kept, with the position in samples of its first one, and where the next captured one belongs.
        self._chunks: deque[Samples] = deque()
        self._first = 0
        self._end = 0
        self._heard = 0
        # The run being heard: position `_run_from` was heard at `_run_at_s`.
        self._run_from = 0
        self._run_at_s: float | None = None

    def push(self, frame: AudioFrame) -> None:
        """The next frame was captured."""
        self._keep(self._resampler.push(frame)[:, 0])

    def started(self, at_s: float) -> None:
        """Its first sample was heard at `at_s`."""
        self.started_at_s = self.placed_until_s = at_s

    def progressed(self, offset_s: float, duration_s: float, started_at_s: float) -> list[Placed]:
        """`duration_s` from `offset_s` on were heard from `started_at_s` on."""
        self._begin_run(round(offset_s * self._rate), started_at_s)
        return self._place(round((offset_s + duration_s) * self._rate))

    def finished(self, position_s: float, now_s: float) -> list[Placed]:
        """It is over, after `position_s` seconds in all; what no report told of followed the last run."""
        self._keep(self._resampler.flush()[:, 0])
        missing = round(position_s * self._rate) - self._heard
        if missing <= 0:
            return []
        if self._run_at_s is None:
            self._run_at_s = now_s - position_s if self.started_at_s is None else self.started_at_s
        return self._place(self._first + missing)

    def _begin_run(self, position: int, at_s: float) -> None:
        if self._run_at_s is not None:
            expected_s = self._run_at_s + (position - self._run_from) / self._rate
            if abs(at_s - expected_s) <= REANCHOR_S and position - self._first <= REANCHOR_S * self._rate:
                return
        self._skip_to(position)
        self._run_from, self._run_at_s = position, at_s

    def _place(self, until: int) -> list[Placed]:
        assert self._run_at_s is not None
        placed: list[Placed] = []
        while self._chunks and self._first < until:
            chunk = self._chunks[0]
            count = min(len(chunk), until - self._first)
            start_s = self._run_at_s + (self._first - self._run_from) / self._rate
            placed.append(Placed(start_s, chunk[:count]))
            self._drop(count)
            self._heard += count
        self.placed_until_s = self._run_at_s + (self._first - self._run_from) / self._rate
        return placed

    def _skip_to(self, position: int) -> None:
        """What lies before was given to an output that was replaced, and never heard."""
        while self._chunks and self._first < position:
            self._drop(min(len(self._chunks[0]), position - self._first))

    def _drop(self, count: int) -> None:
        chunk = self._chunks[0]
        if count < len(chunk):
            self._chunks[0] = chunk[count:]
        else:
            self._chunks.popleft()
        self._first += count

    def _keep(self, samples: Samples) -> None:
        room = max(0, self._limit - (self._end - self._first))
        kept = samples[:room]
        self.unkept_s += (len(samples) - len(kept)) / self._rate
        if len(kept):
            self._chunks.append(np.ascontiguousarray(kept))
            self._end += len(kept)
