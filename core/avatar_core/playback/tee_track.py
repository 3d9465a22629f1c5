"""The tee track: speech to avatars while there are any, else to the track itself, which is silent meanwhile."""

import dataclasses
from collections.abc import Sequence

from avatar_core.clock import Clock
from avatar_core.errors import PlaybackError
from avatar_core.media.frames import AudioFrame, Samples
from avatar_core.playback.contract import AudioOutput, PlaybackFinishedEvent
from avatar_core.playback.mixing_track import MixingTrack
from avatar_core.playback.paced_track import PacedTrack
from avatar_core.playback.tee import TeeAudioOutput
from avatar_core.playback.utterance import TrackSnapshot, UtteranceFinished


class TeeTrack(PacedTrack):
    """A paced track that stays silent while `output` has legs: an utterance begun then is theirs alone (PROTOCOLS O21).

    Sound, its end, interrupt and pause reach every leg, behind a bounded queue each, so that a slow one delays nobody;
    legs get whole frames, and convert them to the rate they ask for (O19, O20, O22). Such an utterance ends when the
    avatars say so, by their clock. One begun without legs is played here to its end; the rest of one whose last leg
    has gone is, too.
    """

    def __init__(
        self,
        sinks: Sequence[AudioOutput] = (),
        *,
        label: str = "TeeTrack",
        sample_rate_hz: int = 24_000,
        channels: int = 1,
        grace_s: float = 0.5,
        fade_s: float = 0.0,
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
        self.output = TeeAudioOutput(sinks, label=f"{label} tee", clock=clock)
        self.output.playback_started.connect(lambda started: self.utterance_started.emit(started.created_at))
        self.output.playback_finished.connect(self._on_answered)
        self._speaks_there = False
        self._given_s = 0.0
        self._heard_s = 0.0

    @property
    def is_speaking(self) -> bool:
        """The avatars have speech to play, or what PacedTrack says of its own."""
        return bool(self.output.pending_segments) or super().is_speaking

    def begin(self) -> None:
        """Begin an utterance before its first sound; where there are legs it is theirs, and begins with its sound."""
        if not self.output.legs:
            super().begin()

    def complete(self) -> None:
        """No more of this utterance comes; legs are told in order behind its sound."""
        if not self._speaks_there:
            super().complete()
            return
        self._end_there()
        self.output.flush()

    def interrupt(self, fade_s: float | None = None) -> None:
        """Drop what waits here, and stop every leg."""
        super().interrupt(fade_s)
        self._end_there()
        self.output.flush()
        self.output.clear_buffer()
        self.output.resume()

    def pause(self) -> None:
        """Hold track and legs. Raises PlaybackError, and holds none, where a leg cannot."""
        if self.output.legs:
            self.output.pause()
        super().pause()

    def resume(self) -> None:
        """Go on, here and on the legs."""
        super().resume()
        self.output.resume()

    def snapshot(self) -> TrackSnapshot:
        """All figures at this moment, with what the avatars were given and have played."""
        here = super().snapshot()
        pending = self.output.pending_segments
        return dataclasses.replace(
            here,
            utterances=here.utterances + len(pending),
            buffered_s=here.buffered_s + sum(segment.pushed_s - segment.position_s for segment in pending),
            pushed_s=here.pushed_s + self._given_s,
            played_s=here.played_s + self._heard_s + sum(segment.position_s for segment in pending),
        )

    async def aclose(self) -> None:
        """Interrupt, refuse more, let go of the legs; harmless twice."""
        await super().aclose()
        await self.output.aclose()

    async def _take(self, frame: AudioFrame) -> None:
        if not self._speaks_there and (not self.output.legs or self._utterance_open):
            await super()._take(frame)
            return
        interrupts = self._interrupts
        self._speaks_there, self._armed = True, False
        try:
            await self.output.capture_frame(frame)
        except PlaybackError:
            # The last leg has gone: what is still to be said is said here.
            self._speaks_there = False
            await super()._take(frame)
            return
        if interrupts == self._interrupts:
            self._given_s += frame.duration_s
        else:
            self._refused_s += frame.duration_s

    def _next_samples(self) -> Samples:
        samples = super()._next_samples()
        alone = self._utterances or len(self._fading) or not self.output.legs
        return samples if alone else self._nothing()

    def _end_there(self) -> None:
        self._speaks_there = False
        self._bytes.clear()

    def _on_answered(self, event: PlaybackFinishedEvent) -> None:
        pushed_s = event.segment.pushed_s if event.segment is not None else event.playback_position
        self._heard_s += event.playback_position
        self._voiced_at_s = None if event.interrupted else self._clock.now()
        self._tell(UtteranceFinished(event.playback_position, pushed_s, event.interrupted))


class TeeMixingTrack(TeeTrack, MixingTrack):
    """A tee track with a background, which is silent, too, while there are legs; it goes by meanwhile."""
