"""The paced track: speech in as it comes, 20 ms frames out when they are due. Pulled by `recv`; no room, no aiortc."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Literal

import numpy as np

from avatar_core.clock import Clock, MonotonicClock
from avatar_core.media.frames import AudioFrame, Samples
from avatar_core.media.mixing import faded, padded
from avatar_core.media.pcm_buffer import PcmBuffer
from avatar_core.media.pcm_bytes import PcmBytes
from avatar_core.media.resampler import Resampler
from avatar_core.playback.pacing import FramePacer
from avatar_core.playback.utterance import TrackSnapshot, Utterance, UtteranceFinished
from avatar_core.signal import Signal
from avatar_core.tasks import TaskGroup

FRAME_S = 0.02


class PacedTrack:
    """Speech of any rate becomes frames of one rate and one or two channels; silence where there is none.

    An utterance begins with its first sound, or with `on_complete`, and ends exactly once: heard to its end after
    `complete`, or interrupted (PROTOCOLS O7 to O11). At most `max_buffered_s` wait: beyond that `push` waits
    (`overflow` "wait") or the newest is dropped and counted ("drop"). A part of a frame waits for the rest of it
    until `complete`, or `grace_s`, then it is padded and played.
    """

    def __init__(
        self,
        *,
        label: str = "PacedTrack",
        sample_rate_hz: int = 24_000,
        channels: int = 1,
        grace_s: float = 0.5,
        fade_s: float = 0.0,
        max_buffered_s: float = 60.0,
        overflow: Literal["wait", "drop"] = "wait",
        clock: Clock | None = None,
    ) -> None:
        self.label = label
        self.sample_rate_hz = sample_rate_hz
        self.channels = channels
        self.frame_samples = round(FRAME_S * sample_rate_hz)
        self.utterance_started = Signal[float](f"{label}.utterance_started")
        """When the first sound of an utterance was handed out, in seconds of the clock."""
        self.utterance_finished = Signal[UtteranceFinished](f"{label}.utterance_finished")
        self._grace_s = grace_s
        self._fade_s = fade_s
        self._overflow = overflow
        self._clock = clock or MonotonicClock()
        self._pacer = FramePacer(sample_rate_hz, self.frame_samples, self._clock)
        self._resampler = Resampler(sample_rate_hz, channels)
        self._buffer = PcmBuffer(round(max_buffered_s * sample_rate_hz), channels=channels)
        self._utterances: deque[Utterance] = deque()
        # What an interrupt lets fade; it ends by itself, and no further interrupt depends on it (O5).
        self._fading = self._nothing()
        self._bytes = PcmBytes(sample_rate_hz, channels)
        self._on_complete: Callable[[], Awaitable[None]] | None = None
        self._armed = False
        self._accepting = True
        self._manual = False
        self._paused = False
        self._closed = False
        self._interrupts = 0
        self._voiced_at_s: float | None = None
        self._fed_at_s = self._clock.now()
        self._refused_s = 0.0
        self._writable = asyncio.Event()
        self._pushing = asyncio.Lock()
        self._callbacks = TaskGroup()

    @property
    def is_speaking(self) -> bool:
        """Speech waits, paused or not, or the last was handed out less than the grace period ago (PROTOCOLS O9)."""
        if len(self._buffer) or len(self._fading):
            return True
        return self._voiced_at_s is not None and self._clock.now() - self._voiced_at_s < self._grace_s

    def set_input_format(self, sample_rate_hz: int, channels: int) -> None:
        """What `push_bytes` gets from now on. ValueError for what is no format."""
        self._bytes = PcmBytes(sample_rate_hz, channels)

    async def push_bytes(self, pcm: bytes) -> None:
        """Take interleaved s16le of the input format, cut anywhere: half a sample waits for its other half."""
        await self.push(self._bytes.join(pcm))

    async def push(self, frame: AudioFrame) -> None:
        """Take speech of any rate; waits for room where it was asked to. What an interrupt overtakes is dropped."""
        interrupts = self._interrupts
        async with self._pushing:
            if not self._accepting or self._closed or interrupts != self._interrupts:
                self._refused_s += frame.duration_s
                return
            await self._take(frame)

    def begin(self) -> None:
        """Begin an utterance before its first sound, so that it ends also without one; nothing where one is open."""
        if not self._utterance_open:
            self._utterances.append(Utterance())

    def complete(self) -> None:
        """No more of this utterance comes; said twice, or after an interrupt, it changes nothing (PROTOCOLS O8).

        Where nothing is left to play the utterance is over at once, also one that `on_complete` began and that never
        had a sound.
        """
        self._bytes.clear()
        tail = self._resampler.flush()
        if len(tail):
            self._store(tail)
        elif self._armed:
            self.begin()
        if not self._utterance_open:
            return
        self._armed = False
        self._utterances[-1].complete = True
        due_s = self._pacer.due_s
        # The frame handed out last is heard until the next one is due.
        if due_s is None or self._clock.now() >= due_s or not self._utterances[0].taken:
            self._finish_heard()

    def on_complete(self, callback: Callable[[], Awaitable[None]]) -> None:
        """Call and await `callback` for each utterance heard to its end from now on, in a task of the track's.

        It replaces the one before and never cancels an end that is still to come (PROTOCOLS O11).
        """
        self._on_complete = callback
        self._armed = not self._utterances

    def interrupt(self, fade_s: float | None = None) -> None:
        """Drop what waits; its first `fade_s` seconds (the track's own by default) fade out unless paused.

        In manual mode the intake closes (PROTOCOLS O4, O6). An interrupt during a fade drops what came since; the
        fade goes on to its end.
        """
        fade_s = self._fade_s if fade_s is None else fade_s
        fade = min(round(fade_s * self.sample_rate_hz), len(self._buffer))
        if fade and not self._paused and not len(self._fading):
            kept = self._buffer.pop(fade)
            assert kept is not None
            self._fading = faded(kept)
        elif self._paused:
            self._fading = self._nothing()
        self._buffer.clear()
        self._resampler.reset()
        self._bytes.clear()
        self._armed = self._paused = False
        self._voiced_at_s = None
        self._accepting = not self._manual
        self._interrupts += 1
        self._writable.set()
        while self._utterances:
            self._finish(interrupted=True)

    def pause(self) -> None:
        """Silence from the next frame on; what waits, and what comes, stays. Harmless twice (PROTOCOLS O3)."""
        self._paused = True

    def resume(self) -> None:
        """Go on where `pause` stopped. Harmless twice."""
        self._paused = False

    def enable_input(self, *, manual: bool = False) -> None:
        """Open the intake; with `manual` each interrupt closes it until this is called again (PROTOCOLS O6)."""
        self._manual = manual
        self._accepting = True

    def next_timestamp(self) -> int:
        """Take the next frame's timestamp, in samples."""
        return self._pacer.stamp()

    async def recv(self) -> AudioFrame:
        """The next frame of 20 ms once it is due, `pts_s` counted in samples from 0. Cancelled, it loses nothing."""
        await self._pacer.wait()
        self._finish_heard()
        samples = self._next_samples()
        pts_s = self._pacer.stamp() / self.sample_rate_hz
        return AudioFrame(padded(samples, self.frame_samples), self.sample_rate_hz, pts_s)

    def snapshot(self) -> TrackSnapshot:
        """All figures at this moment."""
        rate_hz = self.sample_rate_hz
        return TrackSnapshot(
            speaking=self.is_speaking,
            paused=self._paused,
            accepting=self._accepting,
            utterances=len(self._utterances),
            buffered_s=len(self._buffer) / rate_hz,
            pushed_s=(self._buffer.pushed - self._buffer.dropped) / rate_hz,
            played_s=self._buffer.popped / rate_hz,
            dropped_s=self._refused_s + self._buffer.dropped / rate_hz,
            cleared_s=self._buffer.cleared / rate_hz,
            frames=self._pacer.next_pts // self.frame_samples,
            stalls=self._pacer.stalls,
        )

    async def aclose(self) -> None:
        """Interrupt without a fade, refuse more, end callbacks that still run; harmless twice."""
        self._closed = True
        self.interrupt(fade_s=0.0)
        await self._callbacks.aclose()

    async def _take(self, frame: AudioFrame) -> None:
        """Store `frame`, one at a time; what an interrupt overtakes is refused."""
        interrupts = self._interrupts
        samples = self._resampler.push(frame)
        while len(samples):
            if self._overflow == "wait" and not self._buffer.free:
                self._writable.clear()
                await self._writable.wait()
                if self._closed or interrupts != self._interrupts:
                    self._refused_s += len(samples) / self.sample_rate_hz
                    return
            count = min(len(samples), self._buffer.free) if self._overflow == "wait" else len(samples)
            self._store(samples[:count])
            samples = samples[count:]

    def _next_samples(self) -> Samples:
        """At most one frame of speech; nothing is silence."""
        if self._paused:
            return self._nothing()
        samples = self._fading[: self.frame_samples]
        self._fading = self._fading[self.frame_samples :]
        if not len(samples):
            samples = self._next_speech()
        if len(samples):
            self._voiced_at_s = self._clock.now()
        return samples

    def _next_speech(self) -> Samples:
        if not self._utterances:
            return self._nothing()
        utterance = self._utterances[0]
        starved = self._clock.now() - self._fed_at_s >= self._grace_s
        if utterance.left < self.frame_samples and not utterance.complete and not starved:
            return self._nothing()
        samples = self._buffer.pop(min(self.frame_samples, utterance.left))
        assert samples is not None
        if len(samples) and not utterance.taken:
            self.utterance_started.emit(self._clock.now())
        utterance.taken += len(samples)
        self._writable.set()
        return samples

    def _store(self, samples: Samples) -> None:
        self.begin()
        self._utterances[-1].pushed += len(samples) - self._buffer.push(samples)
        self._fed_at_s = self._clock.now()

    @property
    def _utterance_open(self) -> bool:
        return bool(self._utterances) and not self._utterances[-1].complete

    def _finish_heard(self) -> None:
        while self._utterances and self._utterances[0].drained:
            self._finish(interrupted=False)

    def _finish(self, *, interrupted: bool) -> None:
        utterance = self._utterances.popleft()
        rate_hz = self.sample_rate_hz
        self._tell(UtteranceFinished(utterance.taken / rate_hz, utterance.pushed / rate_hz, interrupted))

    def _tell(self, finished: UtteranceFinished) -> None:
        """Tell of the one end of an utterance, and call back where it was heard to its end."""
        self.utterance_finished.emit(finished)
        if not finished.interrupted and self._on_complete is not None:
            self._callbacks.spawn(_awaited(self._on_complete), name=f"{self.label} completion callback")

    def _nothing(self) -> Samples:
        return np.zeros((0, self.channels), dtype=np.int16)


async def _awaited(callback: Callable[[], Awaitable[None]]) -> None:
    await callback()
