"""Speech as a track of one's own in the room (LiveKit's RoomIO leaf): no avatar, nothing on the wire but sound."""

from avatar_core.clock import Clock
from avatar_core.errors import PlaybackError, RoomError
from avatar_core.media.frames import AudioFrame, Samples
from avatar_core.playback.contract import OutputCapabilities
from avatar_core.playback.reckoned_output import ReckonedOutput
from avatar_core.room.options import AudioPublishOptions
from avatar_core.room.publishing import PublishedAudio

VOICE_OPTIONS = AudioPublishOptions(sample_rate_hz=24_000, queue_ms=1_000)
AHEAD_S = 0.5
"""What the SDK's native queue holds at most: it paces what is sent, so that a late loop is not heard."""


class VoiceAudioOutput(ReckonedOutput):
    """Pushes speech ahead into the source queue of `audio`, published with VOICE_OPTIONS; given, not owned.

    It cannot pause by itself; above a proxy it does, by taking back what has not left.
    """

    def __init__(
        self,
        audio: PublishedAudio,
        *,
        label: str = "VoiceAudioOutput",
        ahead_s: float = AHEAD_S,
        clock: Clock | None = None,
    ) -> None:
        super().__init__(
            label=label,
            sample_rate_hz=VOICE_OPTIONS.sample_rate_hz,
            capabilities=OutputCapabilities(exact_position=True),
            ahead_s=ahead_s,
            clock=clock,
        )
        self._audio = audio

    async def _send(self, samples: Samples, sample_rate_hz: int) -> None:
        try:
            await self._audio.capture(AudioFrame(samples, sample_rate_hz))
        except (RoomError, RuntimeError) as failure:
            raise PlaybackError(f"{self.label} takes no speech: {failure}") from failure

    def _tell_stop(self) -> None:
        if not self._audio.closed:
            self._audio.clear_queue()
