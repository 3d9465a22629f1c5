"""A sink of VideoSDK's tee tracks as a leaf of the chain: it is sent speech in time, and asked for nothing."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from typing import Any

from avatar_core.clock import Clock
from avatar_core.errors import PlaybackError
from avatar_core.media.frames import AudioFrame, Samples
from avatar_core.playback.contract import OutputCapabilities
from avatar_core.playback.reckoned_output import ReckonedOutput
from avatar_core.playback.segment import SegmentRef

AHEAD_S = 1.0
"""Speech sent before it is due: below the 2 s beyond which VideoSDK's receiver drops it (PROTOCOLS V28, V33)."""
_TELL_TIMEOUT_S = 2.0
"""How long speech waits for a sink that is being told to stop, or to go on."""


class SinkAudioOutput(ReckonedOutput):
    """Leads to an object with `handle_audio_input(bytes)`, or to a callable, async or not: mono s16le of one rate.

    Its `send_segment_end`, `interrupt`, `pause` and `resume` are called where it has them. What it raises for sound
    comes out as PlaybackError.
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
            ahead_s=ahead_s,
            clock=clock,
        )
        self._sink = sink
        self._write: Callable[[bytes], Any] = write
        self._told: asyncio.Task[None] | None = None

    async def capture_frame(self, frame: AudioFrame, *, segment: SegmentRef | None = None) -> None:
        """Send a frame, behind what the sink is being told. A clear meanwhile drops the rest of it."""
        if self._told is not None:
            await asyncio.wait((self._told,), timeout=_TELL_TIMEOUT_S)
        await super().capture_frame(frame, segment=segment)

    async def _send(self, samples: Samples, sample_rate_hz: int) -> None:
        try:
            await _awaited(self._write(samples.astype("<i2").tobytes()))
        except Exception as failure:
            raise PlaybackError(f"{self.label} takes no speech: {failure}") from failure

    def _tell_end(self) -> None:
        self._tell("send_segment_end")

    def _tell_stop(self) -> None:
        self._tell("interrupt")

    def _tell_pause(self) -> bool:
        return self._tell("pause")

    def _tell_resume(self) -> None:
        self._tell("resume")

    def _tell(self, name: str) -> bool:
        """Call that method of the sink, behind what it is being told already; False where it has none."""
        method = getattr(self._sink, name, None)
        if method is None or self._closed:
            return False
        self._told = self._tasks.spawn(self._tell_after(self._told, method), name=f"{self.label} {name}")
        return True

    async def _tell_after(self, before: asyncio.Task[None] | None, method: Callable[[], Any]) -> None:
        if before is not None:
            await asyncio.wait((before,))
        await _awaited(method())


async def _awaited(answer: Awaitable[object] | object) -> None:
    if inspect.isawaitable(answer):
        await answer
