"""Speech that a generator spoils: muted, clicking, at a wrong pitch or rate. Between generator and synchronizer."""

from collections import deque
from collections.abc import AsyncIterator
from dataclasses import replace

import numpy as np

from avatar_core.avatar.faults.planted import Faults
from avatar_core.avatar.faults.voice import PitchShift, RateShift
from avatar_core.avatar.generator import AvatarOptions, GeneratedItem, VideoGenerator
from avatar_core.media.frames import AudioFrame, AudioSegmentEnd, Samples

GAP_FIRST_S, GAP_EVERY_S = 1.0, 2.0
CLICK_LEVEL = 26_000
_CLICK_SAMPLES = 3
LOUD = 330
"""From there on a sample is speech and no breath: 1 % of full scale."""
_TRAIL_S = 0.7
"""Silence that an utterance may end with."""
SILENCE_FROM_S = 1.0

SPEECH_FAULTS = (
    "pitch_percent",
    "rate_percent",
    "gap_ms",
    "clicks_per_s",
    "truncated_start_ms",
    "truncated_end_ms",
    "silence_ms",
)


class FaultyGenerator(VideoGenerator):
    """A generator whose speech is spoilt on its way out."""

    def __init__(self, generator: VideoGenerator, faults: Faults, options: AvatarOptions) -> None:
        self._generator = generator
        self._faults = SpeechFaults(faults, options)

    @property
    def generation(self) -> int:
        """That of the generator."""
        return self._generator.generation

    @property
    def buffered_s(self) -> float:
        """That of the generator."""
        return self._generator.buffered_s

    async def push_audio(self, frame: AudioFrame | AudioSegmentEnd) -> None:
        """To the generator."""
        await self._generator.push_audio(frame)

    def clear_buffer(self) -> None:
        """Of the generator; what is held here is void by its generation."""
        self._generator.clear_buffer()

    async def __aiter__(self) -> AsyncIterator[GeneratedItem]:
        async for item in self._generator:
            for spoilt in self._faults.push(item):
                if spoilt.generation == self._generator.generation:
                    yield spoilt

    async def aclose(self) -> None:
        """Close the generator."""
        await self._generator.aclose()


class SpeechFaults:
    """Takes each item of a generator and gives those to go on with, in order. Positions count within an utterance."""

    def __init__(self, faults: Faults, options: AvatarOptions) -> None:
        self._faults = faults
        self._rate_hz = options.audio_sample_rate
        self._channels = options.audio_channels
        self._held: deque[GeneratedItem] = deque()
        trail_s = _TRAIL_S if "truncated_end_ms" in faults else 0.0
        self._hold = self._samples("truncated_end_ms") + round(trail_s * self._rate_hz)
        self._held_samples = 0
        self._generation = 0
        self._begin()

    def push(self, item: GeneratedItem) -> list[GeneratedItem]:
        """One item in, any number out. Those of an older generation are forgotten with it."""
        if item.generation != self._generation:
            self._generation = item.generation
            self._held.clear()
            self._held_samples = 0
            self._begin()
        if isinstance(item, AudioFrame):
            spoilt = self._spoil(item)
            self._held.append(spoilt)
            self._held_samples += spoilt.samples_per_channel
        elif isinstance(item, AudioSegmentEnd):
            self._end(item)
        else:
            self._held.append(item)
        return self._ready()

    def _begin(self) -> None:
        """A new utterance."""
        faults, shape = self._faults, (self._rate_hz, self._channels)
        self._given = 0
        self._first_loud: int | None = None
        self._first_pts_s: float | None = None
        self._voice: PitchShift | RateShift | None = None
        if faults["pitch_percent"]:
            self._voice = PitchShift(faults["pitch_percent"], *shape)
        elif faults["rate_percent"]:
            self._voice = RateShift(faults["rate_percent"], *shape)

    def _spoil(self, frame: AudioFrame) -> AudioFrame:
        if self._first_pts_s is None:
            self._first_pts_s = frame.pts_s
        if self._voice is None:
            return replace(frame, samples=self._muted(frame.samples))
        return self._timed(self._voice.push(frame.samples), frame.generation)

    def _timed(self, samples: Samples, generation: int) -> AudioFrame:
        """What the voice gave, at the time of the speech that it was."""
        slowness = 1 + self._faults["rate_percent"] / 100
        pts_s = None if self._first_pts_s is None else self._first_pts_s + self._given / slowness / self._rate_hz
        return AudioFrame(self._muted(samples), self._rate_hz, pts_s, generation)

    def _muted(self, samples: Samples) -> Samples:
        """The next samples of the utterance, silent and clicking where they are to be."""
        at = self._given + np.arange(len(samples))
        self._given += len(samples)
        if self._first_loud is None and len(loud := np.flatnonzero(np.abs(samples).max(axis=1) >= LOUD)):
            self._first_loud = int(at[loud[0]])
        silent = np.zeros(len(at), dtype=bool)
        if start := self._samples("truncated_start_ms"):
            silent[:] = self._first_loud is None or at < self._first_loud + start
        if gap := self._samples("gap_ms"):
            into = at - round(GAP_FIRST_S * self._rate_hz)
            silent |= (into >= 0) & (into % round(GAP_EVERY_S * self._rate_hz) < gap)
        if silence := self._samples("silence_ms"):
            into = at - round(SILENCE_FROM_S * self._rate_hz)
            silent |= (into >= 0) & (into < silence)
        spoilt = np.where(silent[:, np.newaxis], 0, samples).astype(np.int16)
        if per_s := self._faults["clicks_per_s"]:
            period = round(self._rate_hz / per_s)
            spoilt[(at % period >= period // 2) & (at % period < period // 2 + _CLICK_SAMPLES)] = CLICK_LEVEL
        return spoilt

    def _end(self, end: AudioSegmentEnd) -> None:
        if self._voice is not None:
            rest = self._timed(self._voice.flush(), end.generation)
            self._held.append(rest)
            self._held_samples += rest.samples_per_channel
        if self._hold:
            self._silence_last()
        self._held_samples = 0
        self._held.append(end)
        self._begin()

    def _silence_last(self) -> None:
        """The last of the utterance, which is held back by now: so much before its last sound, and all behind that."""
        left: int | None = None
        for index in range(len(self._held) - 1, -1, -1):
            item = self._held[index]
            if isinstance(item, AudioSegmentEnd) or left == 0:
                return
            if not isinstance(item, AudioFrame):
                continue
            samples = item.samples.copy()
            if left is None and len(loud := np.flatnonzero(np.abs(samples).max(axis=1) >= LOUD)):
                samples[int(loud[-1]) + 1 :] = 0
                left = self._samples("truncated_end_ms") + len(samples) - int(loud[-1]) - 1
            cut = len(samples) if left is None else min(left, len(samples))
            samples[len(samples) - cut :] = 0
            left = None if left is None else left - cut
            self._held[index] = replace(item, samples=samples)

    def _ready(self) -> list[GeneratedItem]:
        """What need not be held; pictures wait with the sound behind which they came."""
        ready: list[GeneratedItem] = []
        while self._held:
            item = self._held[0]
            length = item.samples_per_channel if isinstance(item, AudioFrame) else 0
            if self._held_samples and self._held_samples - length < self._hold:
                break
            self._held.popleft()
            if isinstance(item, AudioFrame):
                # Those of an utterance that has ended are no longer counted.
                self._held_samples = max(0, self._held_samples - length)
                if not length:
                    continue
            ready.append(item)
        return ready

    def _samples(self, name: str) -> int:
        return round(self._faults[name] / 1000 * self._rate_hz)
