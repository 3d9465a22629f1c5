"""Which part of the sound leaves when: a model of an audio output's queue, and of each utterance in it. Pure."""

import math
from collections import deque
from dataclasses import dataclass, field

from avatar_core.avatar.grain_clock import GRAIN_S, GrainClock

_EXACT_S = 1e-6
"""Sums of lengths are off by less."""


@dataclass(slots=True, eq=False)
class Utterance:
    """The speech up to one segment end: seconds given to the output, and those that had left when last asked."""

    pushed_s: float = 0.0
    played_s: float = 0.0


@dataclass(slots=True)
class _Run:
    """A stretch of queued sound: when it begins to leave and when it has left; of no utterance when it is silence."""

    starts_s: float
    ends_s: float
    utterance: Utterance | None


@dataclass(slots=True)
class Playhead:
    """What is queued leaves with the next beat of `grains`, at once where none is known, in order, and in real time.

    With each beat a whole grain leaves or nothing: what is left of less than that waits for more, with silence before
    it. So in a queue that ran dry there may be a rest, which leaves first. All times are the caller's clock.
    """

    grains: GrainClock = field(default_factory=GrainClock)
    _runs: deque[_Run] = field(default_factory=deque)
    _ends_s: float = -math.inf
    # Since the queue was empty, and a beat took the first of it.
    _pushed_s: float = 0.0
    # When it was filled before any beat was known.
    _unaligned_s: float | None = None
    _speech_ends_s: float = -math.inf

    def push(self, now_s: float, duration_s: float, utterance: Utterance | None) -> float:
        """Sound was queued; returns when its first sample leaves."""
        self.settle(now_s)
        self._align()
        rest_s = self._rest_s
        if self._ends_s - rest_s > now_s:
            starts_s = self._ends_s
        else:
            starts_s = self.grains.next_s(now_s) + rest_s
            self._pushed_s = rest_s
            self._unaligned_s = None if self.grains.is_known else now_s
        self._pushed_s += duration_s
        self._ends_s = starts_s + duration_s
        if utterance is not None:
            utterance.pushed_s += duration_s
            self._speech_ends_s = self._ends_s
        self._runs.append(_Run(starts_s, self._ends_s, utterance))
        return starts_s

    @property
    def ends_s(self) -> float:
        """When the last of what was queued has left."""
        return self._ends_s

    def shift(self, by_s: float) -> None:
        """All that has not left leaves so much later than was reckoned."""
        for run in self._runs:
            run.starts_s += by_s
            run.ends_s += by_s
        self._ends_s += by_s
        self._speech_ends_s += by_s

    def queued_s(self, now_s: float) -> float:
        """Seconds of sound that have not left."""
        return max(0.0, self._ends_s - now_s)

    def speech_s(self, now_s: float) -> float:
        """Seconds of speech that have not left."""
        self.settle(now_s)
        return sum(run.ends_s - run.starts_s for run in self._runs if run.utterance is not None)

    def only_silence(self, now_s: float) -> bool:
        """Whether nothing queued would be missed, also by an output that is GRAIN_S behind."""
        self.settle(now_s)
        spoke = now_s < self._speech_ends_s + GRAIN_S
        return not spoke and all(run.utterance is None for run in self._runs)

    def end_of(self, utterance: Utterance, now_s: float) -> float:
        """When the last queued sample of an utterance has left; now where none is queued."""
        return max((run.ends_s for run in self._runs if run.utterance is utterance), default=now_s)

    def cut(self, now_s: float) -> None:
        """The queue was emptied: what had not left never will."""
        self.settle(now_s)
        for run in self._runs:
            if run.utterance is not None:
                run.utterance.pushed_s -= run.ends_s - max(now_s, run.starts_s)
        if self._runs:
            self._count(self._runs[0], now_s)
        self._runs.clear()
        self._ends_s = now_s
        self._pushed_s = 0.0
        self._unaligned_s = None
        self._speech_ends_s = -math.inf

    def settle(self, now_s: float) -> None:
        """Bring `played_s` of every utterance up to `now_s`."""
        while self._runs and self._runs[0].ends_s <= now_s:
            self._count(self._runs.popleft(), now_s)
        if self._runs and self._runs[0].starts_s < now_s:
            self._count(self._runs[0], now_s)

    def _align(self) -> None:
        """What began to leave before any beat was known left with one all the same, as is known now."""
        if self._unaligned_s is not None and self.grains.is_known:
            self.shift(self.grains.next_s(self._unaligned_s) - self._unaligned_s)
            self._unaligned_s = None

    @property
    def _rest_s(self) -> float:
        """What is behind the last whole grain; nothing where it is not known that sound leaves in grains."""
        rest_s = math.fmod(self._pushed_s + _EXACT_S, GRAIN_S) - _EXACT_S
        return rest_s if self.grains.is_known and rest_s > _EXACT_S else 0.0

    @staticmethod
    def _count(run: _Run, now_s: float) -> None:
        left_s = max(0.0, min(now_s, run.ends_s) - run.starts_s)
        run.starts_s += left_s
        if run.utterance is not None:
            run.utterance.played_s += left_s
