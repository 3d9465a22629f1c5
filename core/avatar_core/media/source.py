"""What speech is read from: the AudioSource contract, and the sources that are computed (tone, sync pattern)."""

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from typing import Protocol

import numpy as np

from avatar_core.errors import BenchError
from avatar_core.media.frames import AudioFrame, Samples
from avatar_core.media.sync_pattern import synthesize

FRAME_S = 0.1
"""Seconds of sound in one frame of a computed source."""


class SourceError(BenchError):
    """A file or device that sound was to be read from cannot give any."""


class AudioSource(Protocol):
    """Sound, read once from start to end; `async for` ends where the sound does.

    Frames come as fast as they are asked for, save from a live source such as a microphone: pacing is the reader's.
    """

    @property
    def name(self) -> str:
        """What a person calls it."""
        ...

    @property
    def duration_s(self) -> float | None:
        """Its length where it is known."""
        ...

    def __aiter__(self) -> AsyncIterator[AudioFrame]:
        """Frames with `pts_s` counted from the start of the source."""
        ...

    async def aclose(self) -> None:
        """Let go of the file or device; reading ends. Harmless twice."""
        ...


class ComputedSource(ABC):
    """A source whose sound is a function of the sample index."""

    def __init__(self, name: str, sample_rate_hz: int, duration_s: float | None) -> None:
        if sample_rate_hz < 8000 or (duration_s is not None and duration_s < 0):
            raise ValueError(f"{name}: {sample_rate_hz} Hz for {duration_s} s cannot be computed")
        self.name = name
        self.sample_rate_hz = sample_rate_hz
        self.duration_s = duration_s
        self._closed = False

    async def __aiter__(self) -> AsyncIterator[AudioFrame]:
        """Frames of FRAME_S, the last one shorter; endless when `duration_s` is None."""
        total = None if self.duration_s is None else round(self.duration_s * self.sample_rate_hz)
        step = round(FRAME_S * self.sample_rate_hz)
        start = 0
        while not self._closed and (total is None or start < total):
            stop = start + step if total is None else min(start + step, total)
            yield AudioFrame(self._compute(start, stop), self.sample_rate_hz, pts_s=start / self.sample_rate_hz)
            start = stop

    async def aclose(self) -> None:
        """End the reading."""
        self._closed = True

    @abstractmethod
    def _compute(self, start: int, stop: int) -> Samples:
        """Samples `start` up to `stop`, mono."""


class ToneSource(ComputedSource):
    """A steady sine, for levels and silence tests. `level` is its peak as a share of full scale."""

    def __init__(
        self, frequency_hz: float, *, duration_s: float | None = None, sample_rate_hz: int = 24000, level: float = 0.25
    ) -> None:
        super().__init__(f"Tone, {frequency_hz:g} Hz", sample_rate_hz, duration_s)
        self._frequency_hz = frequency_hz
        self._level = level

    def _compute(self, start: int, stop: int) -> Samples:
        time_s = np.arange(start, stop) / self.sample_rate_hz
        return np.rint(np.sin(2 * np.pi * self._frequency_hz * time_s) * self._level * 32767).astype(np.int16)


class SyncPatternSource(ComputedSource):
    """The sync pattern of one utterance (see sync_pattern), as long as wanted."""

    def __init__(self, utterance: int = 0, *, duration_s: float | None = None, sample_rate_hz: int = 24000) -> None:
        super().__init__(f"Sync pattern {utterance}", sample_rate_hz, duration_s)
        self._utterance = utterance

    def _compute(self, start: int, stop: int) -> Samples:
        return synthesize(self._utterance, start, stop, self.sample_rate_hz)
