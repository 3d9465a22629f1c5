"""Outputs for tests: one moved by hand, one that plays in virtual time as a remote avatar would, and frames to say."""

import asyncio
from collections import deque

import numpy as np

from avatar_core.clock import Clock
from avatar_core.media.frames import AudioFrame, AudioSegmentEnd, Samples
from avatar_core.playback.contract import AudioOutput, OutputCapabilities, PlaybackFinishedEvent
from avatar_core.playback.paced_track import PacedTrack
from avatar_core.playback.queue_output import QueueAudioOutput
from avatar_core.playback.segment import SegmentRef
from avatar_core.playback.segmented import SegmentedOutput
from avatar_core.playback.track_output import TrackAudioOutput
from avatar_core.tasks import cancel_and_wait, spawn

RATE_HZ = 8_000
STEP_S = 0.01


def speech(duration_s: float, *, start_s: float = 0.0, rate_hz: int = RATE_HZ) -> AudioFrame:
    """A frame whose every sample tells its place: its index since the beginning of the utterance, plus one."""
    first = round(start_s * rate_hz)
    count = round(duration_s * rate_hz)
    return AudioFrame((np.arange(first, first + count) % 30_000 + 1).astype(np.int16), rate_hz)


async def say(output: AudioOutput, duration_s: float, *, flush: bool = True, id: str | None = None) -> None:
    await output.capture_frame(speech(duration_s), segment=SegmentRef(id) if id else None)
    if flush:
        output.flush()


class FinishLog:
    """Every answer an output gave, in order, and how often each segment was answered."""

    def __init__(self, output: AudioOutput) -> None:
        self.events: list[PlaybackFinishedEvent] = []
        output.playback_finished.connect(self.events.append)

    @property
    def answers(self) -> list[tuple[float, bool]]:
        """(position to the millisecond, interrupted) of each."""
        return [(round(event.playback_position, 3), event.interrupted) for event in self.events]

    @property
    def ids(self) -> list[str]:
        return [event.segment.id for event in self.events if event.segment is not None]


class HandDrivenOutput(SegmentedOutput):
    """A leaf that does nothing by itself: the test says what was played, truly or not.

    `calls` are what it was asked to do. `ready` unset makes it an avatar that never joins. `answers_clear` makes it
    finish everything within `clear_buffer`, at `clear_position_s`.
    """

    def __init__(
        self,
        label: str = "sink",
        *,
        sample_rate_hz: int | None = None,
        pause: bool = False,
        exact_position: bool = True,
        answers_clear: bool = False,
        clear_position_s: float = 0.0,
        clock: Clock | None = None,
    ) -> None:
        super().__init__(
            label=label,
            sample_rate_hz=sample_rate_hz,
            capabilities=OutputCapabilities(pause=pause, exact_position=exact_position),
            clock=clock,
        )
        self.calls: list[str] = []
        self.frames: list[AudioFrame] = []
        self.refs: list[SegmentRef] = []
        self.ready = asyncio.Event()
        self.ready.set()
        self.failure: Exception | None = None
        self._answers_clear = answers_clear
        self._clear_position_s = clear_position_s

    @property
    def can_pause(self) -> bool:
        return self.capabilities.pause

    @property
    def captured_s(self) -> float:
        return sum(frame.duration_s for frame in self.frames)

    async def capture_frame(self, frame: AudioFrame, *, segment: SegmentRef | None = None) -> None:
        await self.ready.wait()
        if self.failure is not None:
            raise self.failure
        record = self._account(frame, segment)
        self.calls.append("capture")
        self.frames.append(frame)
        if record.ref not in self.refs:
            self.refs.append(record.ref)

    def flush(self) -> None:
        self.calls.append("flush")
        super().flush()

    def clear_buffer(self) -> None:
        self.calls.append("clear")
        if self._answers_clear:
            for segment in self.pending_segments:
                self.finish(self._clear_position_s, interrupted=True, segment=segment.ref)

    def pause(self) -> None:
        self.calls.append("pause")

    def resume(self) -> None:
        self.calls.append("resume")

    def on_attached(self) -> None:
        self.calls.append("attached")

    def on_detached(self) -> None:
        self.calls.append("detached")

    def start(self, segment: SegmentRef | None = None) -> None:
        """Say that a segment began to sound, now."""
        self.on_playback_started(segment=segment)

    def finish(self, position_s: float, *, interrupted: bool = False, segment: SegmentRef | None = None) -> None:
        """Say that a segment is over; the oldest pending one unless told."""
        self.on_playback_finished(playback_position=position_s, interrupted=interrupted, segment=segment)


class RemoteOutput(SegmentedOutput):
    """Plays what it gets in the clock's time, in steps of 10 ms, and acknowledges a clear `ack_delay_s` later.

    `heard` are the samples it really played, of all segments, in order.
    """

    def __init__(
        self,
        clock: Clock,
        label: str = "remote",
        *,
        sample_rate_hz: int | None = None,
        ack_delay_s: float = 0.02,
    ) -> None:
        super().__init__(
            label=label,
            sample_rate_hz=sample_rate_hz,
            capabilities=OutputCapabilities(pause=False, exact_position=True),
            clock=clock,
        )
        self.heard: list[int] = []
        self.ready = asyncio.Event()
        self.ready.set()
        self._ack_delay_s = ack_delay_s
        self._queue: deque[tuple[SegmentRef, Samples, int] | tuple[SegmentRef, None, int]] = deque()
        self._played_s: dict[SegmentRef, float] = {}
        self._cleared: set[SegmentRef] = set()
        self._arrived = asyncio.Event()
        self._tasks.spawn(self._play(), name=f"{label} plays")

    async def capture_frame(self, frame: AudioFrame, *, segment: SegmentRef | None = None) -> None:
        await self.ready.wait()
        record = self._account(frame, segment)
        if not record.finished and record.ref not in self._cleared:
            self._queue.append((record.ref, frame.samples[:, 0], frame.sample_rate_hz))
            self._arrived.set()

    def flush(self) -> None:
        record = self._capturing
        super().flush()
        if record is not None and not record.finished and record.ref not in self._cleared:
            self._queue.append((record.ref, None, 0))
            self._arrived.set()

    def clear_buffer(self) -> None:
        refs = [ref for ref in self._pending if ref not in self._cleared]
        self._queue.clear()
        self._cleared.update(refs)
        if refs:
            self._tasks.spawn(self._acknowledge(refs), name=f"{self.label} acknowledges")

    async def _acknowledge(self, refs: list[SegmentRef]) -> None:
        await self._clock.sleep_until(self._clock.now() + self._ack_delay_s)
        for ref in refs:
            position_s = self._played_s.pop(ref, 0.0)
            self.on_playback_finished(playback_position=position_s, interrupted=True, segment=ref)

    async def _play(self) -> None:
        now_s = self._clock.now()
        while True:
            if not self._queue:
                self._arrived.clear()
                await self._arrived.wait()
                now_s = max(now_s, self._clock.now())
                continue
            ref, samples, rate_hz = self._queue.popleft()
            if samples is None:
                self.on_playback_finished(
                    playback_position=self._played_s.pop(ref, 0.0), interrupted=False, segment=ref
                )
                continue
            if ref not in self._played_s:
                self._played_s[ref] = 0.0
                self.on_playback_started(created_at=now_s, segment=ref)
            step = round(STEP_S * rate_hz)
            if len(samples) > step:
                self._queue.appendleft((ref, samples[step:], rate_hz))
            now_s += len(samples[:step]) / rate_hz
            await self._clock.sleep_until(now_s)
            if ref not in self._cleared:
                self.heard.extend(samples[:step].tolist())
                self._played_s[ref] += len(samples[:step]) / rate_hz


class QueueReader:
    """Reads a QueueAudioOutput as an avatar in the same process would, and plays in the clock's time."""

    def __init__(self, output: QueueAudioOutput, clock: Clock) -> None:
        self._output = output
        self._clock = clock
        self._played_s = 0.0
        self._clears = 0
        self._playing = False
        self.ends: list[AudioSegmentEnd] = []
        output.buffer_cleared.connect(self._on_cleared)

    async def run(self) -> None:
        now_s = self._clock.now()
        async for item in self._output:
            if isinstance(item, AudioSegmentEnd):
                self.ends.append(item)
                if self._playing:
                    self._finish(interrupted=False)
                continue
            if not self._playing:
                now_s = max(now_s, self._clock.now())
                self._playing = True
            clears = self._clears
            now_s += item.duration_s
            await self._clock.sleep_until(now_s)
            if clears == self._clears:
                self._played_s += item.duration_s

    def _on_cleared(self, _: None) -> None:
        self._clears += 1
        if self._playing:
            self._finish(interrupted=True)

    def _finish(self, *, interrupted: bool) -> None:
        played_s, self._played_s, self._playing = self._played_s, 0.0, False
        self._output.notify_playback_finished(played_s, interrupted)


class PulledTrack(TrackAudioOutput):
    """A paced track as a leaf, with the reader that pulls its frames."""

    def __init__(self, clock: Clock) -> None:
        self.track = PacedTrack(sample_rate_hz=RATE_HZ, clock=clock)
        super().__init__(self.track, clock=clock)
        self._reader = spawn(self._pull(), name="track reader")

    async def aclose(self) -> None:
        await super().aclose()
        await self.track.aclose()
        await cancel_and_wait(self._reader)

    async def _pull(self) -> None:
        while True:
            await self.track.recv()
