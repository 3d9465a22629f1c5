"""A sink of VideoSDK's tee tracks as a leaf of the chain: it is sent speech in time, and asked for nothing."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from typing import Any

from avatar_core.clock import Clock
from avatar_core.errors import PlaybackError
from avatar_core.media.frames import AudioFrame, Samples
from avatar_core.media.resampler import remix
from avatar_core.playback.contract import OutputCapabilities
from avatar_core.playback.segment import SegmentRef
from avatar_core.playback.segmented import SegmentedOutput

AHEAD_S = 1.0
"""Speech sent before it is due: below the 2 s beyond which VideoSDK's receiver drops it (PROTOCOLS V28, V33)."""
_PIECE_S = 0.1
_TELL_TIMEOUT_S = 2.0
"""How long speech waits for a sink that is being told to stop, or to go on."""


class SinkAudioOutput(SegmentedOutput):
    """Leads to an object with `handle_audio_input(bytes)`, or to a callable, async or not: 24 kHz mono s16le.

    Its `send_segment_end`, `interrupt`, `pause` and `resume` are called where it has them. It tells nothing of what it
    plays, so that is reckoned: from the moment it was given the first sound on, in real time. One without `pause`
    plays on what it was sent, `ahead_s` at most, and is sent no more. What it raises comes out as PlaybackError.
    """

    def __init__(
        self, sink: object, *, sample_rate_hz: int = 24_000, ahead_s: float = AHEAD_S, clock: Clock | None = None
    ) -> None:
        write = getattr(sink, "handle_audio_input", sink)
        if not callable(write):
            raise TypeError(f"{sink!r} is no sink: it has no handle_audio_input and cannot be called")
        super().__init__(
            label=f"sink {type(sink).__name__}",
            sample_rate_hz=sample_rate_hz,
            capabilities=OutputCapabilities(pause=True),
            clock=clock,
        )
        self._sink = sink
        self._ahead_s = ahead_s
        self._write: Callable[[bytes], Any] = write
        self._starts_s: dict[SegmentRef, float] = {}
        # On the sink's own clock, which stands still while it is paused.
        self._ends_s = 0.0
        self._paused_s = 0.0
        self._paused_at_s: float | None = None
        self._running = asyncio.Event()
        self._running.set()
        self._clears = 0
        self._told: asyncio.Task[None] | None = None

    async def capture_frame(self, frame: AudioFrame, *, segment: SegmentRef | None = None) -> None:
        """Send a frame, no sooner than `ahead_s` before it is due. A clear meanwhile drops the rest of it."""
        clears = self._clears
        if self._told is not None:
            await asyncio.wait((self._told,), timeout=_TELL_TIMEOUT_S)
        record = self._account(frame, segment)
        samples = remix(frame.samples, 1)
        step = round(_PIECE_S * frame.sample_rate_hz)
        for piece in (samples[first : first + step] for first in range(0, len(samples), step)):
            await self._until(self._ends_s - self._ahead_s)
            await self._running.wait()
            if clears != self._clears or record.finished or self._closed:
                return
            self._reckon(record.ref, len(piece) / frame.sample_rate_hz)
            await self._send(piece)

    def flush(self) -> None:
        """Tell the sink that the utterance ends; it finishes when its last sound is due to have been played."""
        record = self._capturing
        super().flush()
        if record is not None and not record.finished:
            self._tell("send_segment_end")
            self._tasks.spawn(self._finish_when_due(record.ref, self._ends_s), name=f"{self.label} plays")

    def clear_buffer(self) -> None:
        """Interrupt the sink; all that is pending is answered at once, with what it is due to have played."""
        self._clears += 1
        now_s = self._now()
        pending, self._ends_s = tuple(self._pending.values()), now_s
        if pending:
            self._tell("interrupt")
        for record in pending:
            start_s = self._starts_s.get(record.ref, now_s)
            position_s = min(record.pushed_s, max(0.0, now_s - start_s))
            self.on_playback_finished(playback_position=position_s, interrupted=True, segment=record.ref)

    def pause(self) -> None:
        """Send no more, and have the sink stop where it can."""
        self._running.clear()
        if self._tell("pause") and self._paused_at_s is None:
            self._paused_at_s = self._clock.now()

    def resume(self) -> None:
        """Go on."""
        if not self._running.is_set():
            self._tell("resume")
            self._go_on()

    def on_playback_finished(
        self,
        *,
        playback_position: float,
        interrupted: bool,
        segment: SegmentRef | None = None,
        synchronized_transcript: str | None = None,
    ) -> None:
        """A segment is over."""
        super().on_playback_finished(
            playback_position=playback_position,
            interrupted=interrupted,
            segment=segment,
            synchronized_transcript=synchronized_transcript,
        )
        self._starts_s = {ref: start_s for ref, start_s in self._starts_s.items() if ref in self._pending}

    async def aclose(self) -> None:
        """Finish what is pending as interrupted; harmless twice."""
        self._go_on()
        await super().aclose()

    def _now(self) -> float:
        """The sink's own clock."""
        return (self._clock.now() if self._paused_at_s is None else self._paused_at_s) - self._paused_s

    def _go_on(self) -> None:
        if self._paused_at_s is not None:
            self._paused_s += self._clock.now() - self._paused_at_s
            self._paused_at_s = None
        self._running.set()

    def _reckon(self, ref: SegmentRef, duration_s: float) -> None:
        start_s = max(self._now(), self._ends_s)
        self._ends_s = start_s + duration_s
        if ref not in self._starts_s:
            self._starts_s[ref] = start_s
            self.on_playback_started(segment=ref)

    async def _send(self, piece: Samples) -> None:
        try:
            await _awaited(self._write(piece.astype("<i2").tobytes()))
        except Exception as failure:
            raise PlaybackError(f"{self.label} takes no speech: {failure}") from failure

    def _tell(self, name: str) -> bool:
        """Call that method of the sink, behind what it is being told already; False where it has none."""
        method = getattr(self._sink, name, None)
        if method is None:
            return False
        self._told = self._tasks.spawn(self._tell_after(self._told, method), name=f"{self.label} {name}")
        return True

    async def _tell_after(self, before: asyncio.Task[None] | None, method: Callable[[], Any]) -> None:
        if before is not None:
            await asyncio.wait((before,))
        await _awaited(method())

    async def _finish_when_due(self, ref: SegmentRef, end_s: float) -> None:
        await self._until(end_s)
        if ref in self._pending:
            self.on_playback_finished(playback_position=self._pending[ref].pushed_s, interrupted=False, segment=ref)

    async def _until(self, time_s: float) -> None:
        """Until the sink's own clock shows `time_s`."""
        while (left_s := time_s - self._now()) > 0:
            if self._paused_at_s is not None:
                await self._running.wait()
            else:
                await self._clock.sleep_until(self._clock.now() + left_s)


async def _awaited(answer: Awaitable[object] | object) -> None:
    if inspect.isawaitable(answer):
        await answer
