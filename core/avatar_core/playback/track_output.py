"""A paced track as a leaf of the chain: what is captured is played by whoever pulls the track's frames."""

from avatar_core.clock import Clock
from avatar_core.media.frames import AudioFrame
from avatar_core.playback.contract import OutputCapabilities
from avatar_core.playback.paced_track import PacedTrack
from avatar_core.playback.segment import SegmentRef
from avatar_core.playback.segmented import SegmentedOutput
from avatar_core.playback.utterance import UtteranceFinished


class TrackAudioOutput(SegmentedOutput):
    """Each segment is an utterance of `track`; positions are what the track has handed out, to one frame of 20 ms.

    It can pause by itself. The track is given, not owned: its reader sees it go on after `aclose`.
    """

    def __init__(self, track: PacedTrack, *, label: str = "TrackAudioOutput", clock: Clock | None = None) -> None:
        super().__init__(
            label=label,
            sample_rate_hz=track.sample_rate_hz,
            capabilities=OutputCapabilities(pause=True, exact_position=True),
            clock=clock,
        )
        self._track = track
        self._disconnects = (
            track.utterance_started.connect(lambda at_s: self.on_playback_started(created_at=at_s)),
            track.utterance_finished.connect(self._on_finished),
        )

    async def capture_frame(self, frame: AudioFrame, *, segment: SegmentRef | None = None) -> None:
        """Give a frame to the track, once it has room. A clear meanwhile drops it."""
        record = self._account(frame, segment)
        if not record.finished:
            self._track.begin()
            await self._track.push(frame)

    def flush(self) -> None:
        """The utterance is complete."""
        ends = self._capturing is not None and not self._capturing.finished
        super().flush()
        if ends:
            self._track.complete()

    def clear_buffer(self) -> None:
        """Interrupt the track; all that is pending is answered at once."""
        if self._pending:
            self._track.interrupt()

    def pause(self) -> None:
        """Hold the track."""
        self._track.pause()

    def resume(self) -> None:
        """Go on."""
        self._track.resume()

    async def aclose(self) -> None:
        """Interrupt what is pending, let go of the track; harmless twice."""
        if self._pending:
            self._track.interrupt()
        for disconnect in self._disconnects:
            disconnect()
        await super().aclose()

    def _on_finished(self, finished: UtteranceFinished) -> None:
        self.on_playback_finished(playback_position=finished.played_s, interrupted=finished.interrupted)
