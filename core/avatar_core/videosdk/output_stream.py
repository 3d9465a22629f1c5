"""VideoSDK's `agents.room.output_stream`: its tracks of one voice, under its names, over the paced tracks."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from fractions import Fraction

import av
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack

from avatar_core.media.av_frames import to_av_audio, to_timed_av_audio
from avatar_core.media.frames import AudioFrame
from avatar_core.media.mixing import mix
from avatar_core.playback.mixing_track import MixingTrack
from avatar_core.playback.paced_track import PacedTrack
from avatar_core.playback.tee import LegEnded
from avatar_core.playback.tee_track import TeeMixingTrack, TeeTrack
from avatar_core.videosdk.sink_output import SinkAudioOutput

__all__ = [
    "CustomAudioStreamTrack",
    "MediaStreamError",
    "MixingCustomAudioStreamTrack",
    "TeeCustomAudioStreamTrack",
    "TeeMixingCustomAudioStreamTrack",
]

_log = logging.getLogger(__name__)


class CustomAudioStreamTrack(MediaStreamTrack):
    """24 kHz mono s16 speech as an aiortc track. All behaviour is PacedTrack's; `loop` is kept, not used."""

    kind = "audio"

    def __init__(self, loop: asyncio.AbstractEventLoop | None) -> None:
        super().__init__()
        self.loop = loop
        self._track = self._make_track()
        self.sample_rate = self._track.sample_rate_hz
        self.channels = self._track.channels
        self.sample_width = 2
        self.samples = self._track.frame_samples
        self.chunk_size = self.samples * self.channels * self.sample_width
        self.time_base_fraction = Fraction(1, self.sample_rate)

    @property
    def can_pause(self) -> bool:
        """Always."""
        return True

    @property
    def is_speaking(self) -> bool:
        """Speech waits, or was heard within the grace period of 0.5 s (PROTOCOLS O9)."""
        return self._track.is_speaking

    def interrupt(self) -> None:
        """Drop what waits; in manual mode close the intake (PROTOCOLS O4, O6)."""
        self._track.interrupt()

    async def pause(self) -> None:
        """Silence until `resume`; nothing is lost."""
        self._track.pause()

    async def resume(self) -> None:
        """Go on where `pause` stopped."""
        self._track.resume()

    def enable_audio_input(self, manual_control: bool = False) -> None:
        """Open the intake; with `manual_control` each interrupt closes it again."""
        self._track.enable_input(manual=manual_control)

    def on_last_audio_byte(self, callback: Callable[[], Awaitable[None]]) -> None:
        """Call `callback` once for each utterance heard to its end (PROTOCOLS O11)."""
        self._track.on_complete(callback)

    def mark_synthesis_complete(self) -> None:
        """No more of this utterance comes."""
        self._track.complete()

    async def add_new_bytes(self, audio_data: bytes) -> None:
        """Take s16le; waits while a minute of speech waits already."""
        await self._track.push_bytes(audio_data)

    def buildAudioFrames(self, chunk: bytes) -> av.AudioFrame:
        """`chunk` of interleaved s16le as a frame; ValueError where it is no whole number of samples."""
        return to_av_audio(AudioFrame.from_bytes(chunk, self.sample_rate, self.channels))

    def next_timestamp(self) -> tuple[int, Fraction]:
        """Take the next frame's timestamp, with its time base."""
        return self._track.next_timestamp(), self.time_base_fraction

    async def recv(self) -> av.AudioFrame:
        """The next 20 ms when they are due; MediaStreamError, aiortc's, once the track has ended (PROTOCOLS O12)."""
        if self.readyState != "live":
            raise MediaStreamError
        return to_timed_av_audio(await self._track.recv())

    async def cleanup(self) -> None:
        """Interrupt and end the track; harmless twice (PROTOCOLS O13)."""
        await self._track.aclose()
        self.stop()

    def _make_track(self) -> PacedTrack:
        return PacedTrack(label=type(self).__name__)


class MixingCustomAudioStreamTrack(CustomAudioStreamTrack):
    """A speech track with a background. All behaviour is MixingTrack's."""

    _track: MixingTrack

    async def add_background_bytes(self, audio_data: bytes) -> None:
        """Take background as s16le; what exceeds a minute is dropped and counted (PROTOCOLS O14)."""
        self._track.push_background(audio_data)

    def mix_audio(self, primary_chunk: bytes, background_chunk: bytes) -> bytes:
        """The saturated sum, as long as `primary_chunk` (PROTOCOLS O16, O17)."""
        parts = [
            AudioFrame.from_bytes(chunk, self.sample_rate, self.channels) for chunk in (primary_chunk, background_chunk)
        ]
        return mix(parts[0].samples, parts[1].samples).astype("<i2").tobytes()

    def _make_track(self) -> MixingTrack:
        return MixingTrack(label=type(self).__name__)


class TeeCustomAudioStreamTrack(CustomAudioStreamTrack):
    """A speech track for avatars: silent while there are `sinks`, which get its sound. All behaviour is TeeTrack's.

    A sink is an object with `handle_audio_input(bytes)`, or a callable, async or not; it gets 24 kHz mono s16le. One
    that raises is warned of and gets no more until it is added again; without any, the track speaks itself. Made
    inside a running loop. `pipeline` is kept, not used.
    """

    _track: TeeTrack

    def __init__(
        self, loop: asyncio.AbstractEventLoop | None, sinks: Iterable[object] | None = None, pipeline: object = None
    ) -> None:
        super().__init__(loop)
        self.pipeline = pipeline
        # Equal sinks count as one, and none need be hashable.
        self._taking_part: list[tuple[object, SinkAudioOutput]] = []
        self._made: list[SinkAudioOutput] = []
        self._track.output.leg_ended.connect(self._on_leg_ended)
        for sink in sinks or ():
            self.add_sink(sink)

    @property
    def sinks(self) -> list[object]:
        """Those that take part."""
        return [sink for sink, _ in self._taking_part]

    def add_sink(self, sink: object) -> None:
        """Give speech to `sink`, too, from the next utterance on (PROTOCOLS O22). TypeError for what is no sink."""
        if sink not in self.sinks:
            output = SinkAudioOutput(sink, sample_rate_hz=self.sample_rate)
            self._taking_part.append((sink, output))
            self._made.append(output)
            self._track.output.add(output)

    def remove_sink(self, sink: object) -> None:
        """Interrupt `sink` and give it no more; nothing for one that is not there (PROTOCOLS O22)."""
        for known, output in tuple(self._taking_part):
            if known == sink:
                self._taking_part.remove((known, output))
                self._track.output.remove(output)

    async def cleanup(self) -> None:
        """Interrupt, end the track, let go of the sinks; harmless twice."""
        await super().cleanup()
        for output in self._made:
            await output.aclose()

    def _on_leg_ended(self, ended: LegEnded) -> None:
        left = [(sink, output) for sink, output in self._taking_part if output is not ended.output]
        if len(left) < len(self._taking_part):
            self._taking_part = left
            _log.warning("%s takes part no longer: %s", ended.label, ended.why)

    def _make_track(self) -> TeeTrack:
        return TeeTrack(label=type(self).__name__)


class TeeMixingCustomAudioStreamTrack(TeeCustomAudioStreamTrack, MixingCustomAudioStreamTrack):
    """A tee track with a background. All behaviour is TeeMixingTrack's."""

    _track: TeeMixingTrack

    def _make_track(self) -> TeeMixingTrack:
        return TeeMixingTrack(label=type(self).__name__)
