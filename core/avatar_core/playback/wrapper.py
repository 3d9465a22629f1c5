"""The base of everything that stands above the proxy: it keeps no segments, it sees all of them pass."""

from avatar_core.clock import Clock
from avatar_core.media.frames import AudioFrame
from avatar_core.playback.contract import (
    AudioOutput,
    OutputCapabilities,
    PlaybackFinishedEvent,
    PlaybackProgressedEvent,
    PlaybackStartedEvent,
)
from avatar_core.playback.proxy import AudioSinkProxy
from avatar_core.playback.segment import Segment, SegmentRef


class AudioOutputWrapper(AudioOutput):
    """Passes everything on, down and up (R10, R12, R13). A subclass overrides what it looks at or changes.

    A bare leaf given as `next_in_chain` gets a swap proxy in between; a chain that has one does not (R14).
    """

    def __init__(self, next_in_chain: AudioOutput, *, label: str, clock: Clock | None = None) -> None:
        self._next = with_swap_proxy(next_in_chain, clock=clock)
        super().__init__(label=label, next_in_chain=self._next)
        self._last_finished = PlaybackFinishedEvent(playback_position=0.0, interrupted=False)
        self._next.segment_opened.connect(self.on_segment_opened)
        self._next.playback_started.connect(self.on_playback_started)
        self._next.playback_progressed.connect(self.on_playback_progressed)
        self._next.playback_finished.connect(self.on_playback_finished)

    @property
    def sample_rate_hz(self) -> int | None:
        """The rate of the tail (R13)."""
        return self._next.sample_rate_hz

    @property
    def capabilities(self) -> OutputCapabilities:
        """What the tail can do by itself."""
        return self._next.capabilities

    @property
    def can_pause(self) -> bool:
        """Whether the tail can (R12)."""
        return self._next.can_pause

    @property
    def pending_segments(self) -> tuple[Segment, ...]:
        """The segments not yet finished, oldest first."""
        return self._next.pending_segments

    async def capture_frame(self, frame: AudioFrame, *, segment: SegmentRef | None = None) -> None:
        """Pass a frame on."""
        await self._next.capture_frame(frame, segment=segment)

    def flush(self) -> None:
        """Pass a flush on."""
        self._next.flush()

    def clear_buffer(self) -> None:
        """Pass an interrupt on."""
        self._next.clear_buffer()

    async def wait_for_playout(self) -> PlaybackFinishedEvent:
        """Wait as the tail does; returns the answer as this link passed it up."""
        await self._next.wait_for_playout()
        return self._last_finished

    def pause(self) -> None:
        """Pass a pause on."""
        self._next.pause()

    def resume(self) -> None:
        """Pass a resume on."""
        self._next.resume()

    def on_attached(self) -> None:
        """Pass on that the chain is in use."""
        self._next.on_attached()

    def on_detached(self) -> None:
        """Pass on that the chain is out of use."""
        self._next.on_detached()

    async def aclose(self) -> None:
        """Close the link below, down to the proxy; harmless twice."""
        await self._next.aclose()

    def on_segment_opened(self, segment: Segment) -> None:
        """A segment was opened below; passed up."""
        self.segment_opened.emit(segment)

    def on_playback_started(self, event: PlaybackStartedEvent) -> None:
        """The first sound of a segment was heard; passed up."""
        self.playback_started.emit(event)

    def on_playback_progressed(self, event: PlaybackProgressedEvent) -> None:
        """A stretch of a segment was heard; passed up."""
        self.playback_progressed.emit(event)

    def on_playback_finished(self, event: PlaybackFinishedEvent) -> None:
        """A segment is over; passed up. A subclass that changes the event passes the changed one."""
        self._last_finished = event
        self.playback_finished.emit(event)


def with_swap_proxy(output: AudioOutput, *, clock: Clock | None = None) -> AudioOutput:
    """`output`, below a swap proxy unless its chain has one (R14). TypeError where it is no AudioOutput."""
    if not isinstance(output, AudioOutput):
        raise TypeError(f"an audio output is required, not {output!r}")
    if any(isinstance(link, AudioSinkProxy) for link in output.chain()):
        return output
    return AudioSinkProxy(output, clock=clock)
