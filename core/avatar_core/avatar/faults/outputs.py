"""The way from a synchronizer to its outputs, with faults in it; without any it is the outputs themselves."""

from avatar_core.avatar.faults.delays import ChangingOffset, DelayedAudio, DelayedVideo
from avatar_core.avatar.faults.echo import ECHO_FAULTS, Echo
from avatar_core.avatar.faults.pictures import PICTURE_FAULTS, PictureFaults
from avatar_core.avatar.faults.planted import Faults
from avatar_core.avatar.generator import AvatarOptions
from avatar_core.avatar.sinks import AudioSink, VideoSink
from avatar_core.clock import Clock
from avatar_core.media.frames import AudioFrame, VideoFrame


class FaultyOutputs:
    """`audio` and `video` are what a synchronizer is given. Made inside a running loop, ended by `aclose`."""

    def __init__(
        self, audio: AudioSink, video: VideoSink, faults: Faults, options: AvatarOptions, clock: Clock
    ) -> None:
        self.audio, self.video = audio, video
        self._delayed: DelayedVideo | None = None
        self._echo: Echo | None = None
        self._offset = ChangingOffset(
            faults["offset_ms"] / 1000, faults["slope_ms_per_s"] / 1000, faults["offset_sweep_s"]
        )
        if self._offset.audio_delay_s:
            self.audio = DelayedAudio(self.audio, self._offset.audio_delay_s, options)
        if any(name in faults for name in ("offset_ms", "slope_ms_per_s", "offset_sweep_s")):
            self.video = self._delayed = DelayedVideo(self.video, self._offset.video_delay_s, clock)
        if any(name in faults for name in ECHO_FAULTS):
            self._echo = Echo(faults, options.audio_sample_rate, options.audio_channels)
            self.audio = _EchoingAudio(self.audio, self._echo)
        if any(name in faults for name in PICTURE_FAULTS):
            self.video = _FaultyVideo(self.video, PictureFaults(faults), clock)

    @property
    def audio_delay_s(self) -> float:
        """How much later sound leaves than it was given."""
        return self._offset.audio_delay_s

    def interrupted(self) -> None:
        """What was being said is void from now on."""
        if self._echo is not None:
            self._echo.interrupted()

    async def aclose(self) -> None:
        """Drop what is delayed; harmless twice."""
        if self._delayed is not None:
            await self._delayed.aclose()


class _EchoingAudio:
    """An AudioSink with an echo in it."""

    def __init__(self, sink: AudioSink, echo: Echo) -> None:
        self._sink = sink
        self._echo = echo

    async def capture(self, frame: AudioFrame) -> None:
        await self._sink.capture(AudioFrame(self._echo.push(frame.samples), frame.sample_rate_hz))

    def clear_queue(self) -> None:
        self._sink.clear_queue()


class _FaultyVideo:
    """A VideoSink that spoils pictures."""

    def __init__(self, sink: VideoSink, faults: PictureFaults, clock: Clock) -> None:
        self._sink = sink
        self._faults = faults
        self._clock = clock

    def capture(self, frame: VideoFrame) -> None:
        if (shown := self._faults.push(frame, self._clock.now())) is not None:
            self._sink.capture(shown)
