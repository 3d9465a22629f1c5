"""The seam between our output chain and that of livekit-agents: either one stands as the leaf of the other.

Needs livekit-agents installed; loaded by whoever asks for it, never by the package.
"""

from livekit.agents.voice import io

from avatar_core.clock import Clock, MonotonicClock, wall_time
from avatar_core.errors import PlaybackError
from avatar_core.media.frames import AudioFrame
from avatar_core.playback.contract import (
    AudioOutput,
    OutputCapabilities,
    PlaybackFinishedEvent,
    PlaybackProgressedEvent,
    PlaybackStartedEvent,
)
from avatar_core.playback.segment import SegmentRef
from avatar_core.playback.segmented import SegmentedOutput
from avatar_core.room import sdk

CLEAR_TIMEOUT_S = 2.5
"""More than their own fallback of 2 s, so that theirs is heard first."""


class LiveKitOutputLeaf(SegmentedOutput):
    """Their AudioOutput as a leaf of ours. Their events name no segment, so the oldest pending one is meant (B3).

    `exact_position` says whether its positions are those of what was heard; theirs mostly are of what was sent (B7).
    A clear that it does not answer within CLEAR_TIMEOUT_S is answered here. `output` is given, not owned.
    """

    def __init__(self, output: io.AudioOutput, *, exact_position: bool = False, clock: Clock | None = None) -> None:
        super().__init__(label=output.label, sample_rate_hz=output.sample_rate, clock=clock)
        self._output = output
        self._exact_position = exact_position
        output.on("playback_started", self._on_started)
        output.on("playback_progressed", self._on_progressed)
        output.on("playback_finished", self._on_finished)

    @property
    def sample_rate_hz(self) -> int | None:
        """The rate that theirs asks for; it may be a proxy whose sink changes."""
        return self._output.sample_rate

    @property
    def capabilities(self) -> OutputCapabilities:
        """What theirs can do by itself."""
        return OutputCapabilities(pause=self._output.can_pause, exact_position=self._exact_position)

    async def capture_frame(self, frame: AudioFrame, *, segment: SegmentRef | None = None) -> None:
        """Give a frame to theirs. Raises PlaybackError with what it raised."""
        record = self._account(frame, segment)
        if record.finished:
            return
        counted = self._output.captured_playout_segments
        taken = False
        try:
            await self._output.capture_frame(sdk.from_audio_frame(frame))
            taken = True
        except Exception as failure:  # whatever an output of somebody else's raises
            raise PlaybackError(f"{self.label} takes no speech: {failure}") from failure
        finally:
            if not taken:
                record.pushed_s -= frame.duration_s
                if record.pushed_s <= 0 and counted == self._output.captured_playout_segments:
                    # It never counted the segment, so it will never answer it.
                    self.on_playback_finished(playback_position=0.0, interrupted=True, segment=record.ref)

    def flush(self) -> None:
        """End the segment on both sides."""
        super().flush()
        self._output.flush()

    def clear_buffer(self) -> None:
        """Interrupt theirs."""
        self._output.clear_buffer()
        self._finish_within(CLEAR_TIMEOUT_S, tuple(self._pending))

    def pause(self) -> None:
        """Pause theirs; PlaybackError where it can't."""
        if not self._output.can_pause:
            super().pause()
        self._output.pause()

    def resume(self) -> None:
        """Resume theirs."""
        self._output.resume()

    def on_attached(self) -> None:
        """Attach theirs."""
        self._output.on_attached()

    def on_detached(self) -> None:
        """Detach theirs."""
        self._output.on_detached()

    async def aclose(self) -> None:
        """Listen to theirs no longer and finish what is pending; harmless twice."""
        if not self._closed:
            self._output.off("playback_started", self._on_started)
            self._output.off("playback_progressed", self._on_progressed)
            self._output.off("playback_finished", self._on_finished)
        await super().aclose()

    def _on_started(self, event: io.PlaybackStartedEvent) -> None:
        self.on_playback_started(created_at=self._monotonic(event.created_at))

    def _on_progressed(self, event: io.PlaybackProgressedEvent) -> None:
        self.on_playback_progressed(
            started_at=self._monotonic(event.started_at), offset=event.offset, duration=event.duration
        )

    def _on_finished(self, event: io.PlaybackFinishedEvent) -> None:
        self.on_playback_finished(
            playback_position=event.playback_position,
            interrupted=event.interrupted,
            synchronized_transcript=event.synchronized_transcript,
        )

    def _monotonic(self, wall_s: float) -> float:
        return self._clock.now() - (wall_time() - wall_s)


class LiveKitOutput(io.AudioOutput):
    """Our chain as a leaf below theirs: give it to their `AgentOutput.audio` or `replace_audio_tail`.

    `chain` is given, not owned; `aclose` lets go of it.
    """

    def __init__(self, chain: AudioOutput, *, clock: Clock | None = None) -> None:
        super().__init__(
            label=chain.label,
            capabilities=io.AudioOutputCapabilities(pause=chain.can_pause),
            sample_rate=chain.sample_rate_hz,
        )
        self._chain = chain
        self._clock = clock or MonotonicClock()
        self._opened = 0
        self._disconnects = [
            chain.segment_opened.connect(self._on_opened),
            chain.playback_started.connect(self._on_started),
            chain.playback_progressed.connect(self._on_progressed),
            chain.playback_finished.connect(self._on_finished),
        ]

    @property
    def sample_rate(self) -> int | None:
        """The rate that our chain asks for; its tail may have been replaced."""
        return self._chain.sample_rate_hz

    @property
    def can_pause(self) -> bool:
        """Whether our chain can, by whatever means."""
        return self._chain.can_pause

    async def capture_frame(self, frame: sdk.SdkAudioFrame) -> None:
        """Give a frame to our chain; what that raises is raised here, with nothing left pending."""
        counted, opened, taken = self.captured_playout_segments, self._opened, False
        await super().capture_frame(frame)
        try:
            await self._chain.capture_frame(sdk.to_audio_frame(frame))
            taken = True
        finally:
            if not taken and counted < self.captured_playout_segments and opened == self._opened:
                # They have counted a segment that ours never opened, so nobody would answer it.
                super().flush()
                self.on_playback_finished(playback_position=0.0, interrupted=True)

    def flush(self) -> None:
        """End the segment on both sides."""
        super().flush()
        self._chain.flush()

    def clear_buffer(self) -> None:
        """Interrupt our chain, which answers every segment."""
        self._chain.clear_buffer()

    def pause(self) -> None:
        """Pause our chain."""
        self._chain.pause()

    def resume(self) -> None:
        """Resume our chain."""
        self._chain.resume()

    def on_attached(self) -> None:
        """Attach our chain."""
        self._chain.on_attached()

    def on_detached(self) -> None:
        """Detach our chain."""
        self._chain.on_detached()

    async def aclose(self) -> None:
        """Let go of our chain; harmless twice."""
        for disconnect in self._disconnects:
            disconnect()

    def _on_opened(self, _: object) -> None:
        self._opened += 1

    def _on_started(self, event: PlaybackStartedEvent) -> None:
        self.on_playback_started(created_at=self._wall(event.created_at))

    def _on_progressed(self, event: PlaybackProgressedEvent) -> None:
        self.on_playback_progressed(
            started_at=self._wall(event.started_at), offset=event.offset, duration=event.duration
        )

    def _on_finished(self, event: PlaybackFinishedEvent) -> None:
        self.on_playback_finished(
            playback_position=event.playback_position,
            interrupted=event.interrupted,
            synchronized_transcript=event.synchronized_transcript,
        )

    def _wall(self, monotonic_s: float) -> float:
        return wall_time() - (self._clock.now() - monotonic_s)
