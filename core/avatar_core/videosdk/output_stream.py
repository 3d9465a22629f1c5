"""VideoSDK's `agents.room.output_stream`: its tracks of one voice, under its names, over the paced tracks."""

import asyncio
from collections.abc import Awaitable, Callable
from fractions import Fraction

import av
import numpy as np
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack

from avatar_core.media.frames import AudioFrame
from avatar_core.media.mixing import mix
from avatar_core.playback.mixing_track import MixingTrack
from avatar_core.playback.paced_track import PacedTrack

__all__ = ["CustomAudioStreamTrack", "MediaStreamError", "MixingCustomAudioStreamTrack"]


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
        layout = "mono" if self.channels == 1 else "stereo"
        frame = av.AudioFrame.from_ndarray(np.frombuffer(chunk, dtype="<i2").reshape(1, -1), "s16", layout)
        frame.sample_rate = self.sample_rate
        return frame

    def next_timestamp(self) -> tuple[int, Fraction]:
        """Take the next frame's timestamp, with its time base."""
        return self._track.next_timestamp(), self.time_base_fraction

    async def recv(self) -> av.AudioFrame:
        """The next 20 ms when they are due; MediaStreamError, aiortc's, once the track has ended (PROTOCOLS O12)."""
        if self.readyState != "live":
            raise MediaStreamError
        paced = await self._track.recv()
        frame = self.buildAudioFrames(paced.to_bytes())
        frame.pts = round((paced.pts_s or 0.0) * self.sample_rate)
        frame.time_base = self.time_base_fraction
        return frame

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
