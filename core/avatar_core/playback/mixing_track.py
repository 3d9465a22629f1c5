"""The paced track with a background under the speech."""

from avatar_core.clock import Clock
from avatar_core.media.frames import Samples
from avatar_core.media.mixing import Ducker, mix, padded, with_gain
from avatar_core.media.pcm_buffer import PcmBuffer
from avatar_core.media.pcm_bytes import PcmBytes
from avatar_core.playback.paced_track import PacedTrack

_BACKGROUND_LIMIT_S = 60.0


class MixingTrack(PacedTrack):
    """Speech over a background of the track's own rate, turned to `gain`, and under speech to `ducked_gain` of that.

    The background goes on through pauses and interrupts of the speech. A minute of it may wait; what exceeds that is
    refused and counted in `background_dropped_s` (PROTOCOLS O14). It is no speech: `is_speaking` ignores it.
    """

    def __init__(
        self,
        *,
        label: str = "MixingTrack",
        sample_rate_hz: int = 24_000,
        channels: int = 1,
        grace_s: float = 0.5,
        fade_s: float = 0.0,
        gain: float = 1.0,
        ducked_gain: float = 1.0,
        clock: Clock | None = None,
    ) -> None:
        super().__init__(
            label=label,
            sample_rate_hz=sample_rate_hz,
            channels=channels,
            grace_s=grace_s,
            fade_s=fade_s,
            clock=clock,
        )
        self._gain = gain
        self._ducker = Ducker(self.sample_rate_hz, ducked_gain)
        self._background_bytes = PcmBytes(self.sample_rate_hz, self.channels)
        self._background = PcmBuffer(round(_BACKGROUND_LIMIT_S * self.sample_rate_hz), channels=self.channels)

    @property
    def background_dropped_s(self) -> float:
        """Seconds of background refused for want of room."""
        return self._background.dropped / self.sample_rate_hz

    def push_background(self, pcm: bytes) -> None:
        """Take background as interleaved s16le, cut anywhere."""
        self._background.push(self._background_bytes.join(pcm).samples)

    def clear_background(self) -> None:
        """Drop the background that waits."""
        self._background.clear()
        self._background_bytes.clear()

    def _next_samples(self) -> Samples:
        speech = super()._next_samples()
        background = self._background.pop(min(self.frame_samples, len(self._background)))
        assert background is not None
        # Applied to nothing, too, so that the way down begins with the speech.
        full = padded(background, self.frame_samples)
        ducked = self._ducker.apply(with_gain(full, self._gain), speech=bool(len(speech)))
        return mix(ducked, speech) if len(speech) or len(background) else speech
