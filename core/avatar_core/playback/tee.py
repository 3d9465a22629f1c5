"""TeeAudioOutput: one speech to several avatars, for side by side. Accounting of who has answered; legs deliver."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from avatar_core.clock import Clock
from avatar_core.errors import BenchError, PlaybackError
from avatar_core.media.frames import AudioFrame
from avatar_core.playback.contract import (
    AudioOutput,
    OutputCapabilities,
    PlaybackFinishedEvent,
    PlaybackProgressedEvent,
    PlaybackStartedEvent,
)
from avatar_core.playback.segment import SegmentRecord, SegmentRef
from avatar_core.playback.segmented import SegmentedOutput
from avatar_core.playback.tee_answers import TeeAnswers
from avatar_core.playback.tee_leg import TeeLeg
from avatar_core.signal import Signal

AHEAD_S = 1.0
"""Speech that the quickest leg may have waiting before `capture_frame` blocks."""
BEHIND_S = 30.0
"""Speech that the slowest leg may have waiting before it is ended: what a tee holds per leg at most."""
_LOOKS_PER_TIMEOUT = 8


@dataclass(frozen=True, slots=True)
class LegEnded:
    """A leg takes part no longer: the one that led to `output`. `why` is a sentence for the user."""

    label: str
    why: str
    output: AudioOutput


@dataclass(frozen=True, slots=True)
class LegFinished:
    """One leg's own answer to a segment; its output was `label`."""

    label: str
    segment: SegmentRef
    position_s: float
    interrupted: bool


class TeeAudioOutput(SegmentedOutput):
    """Gives every frame, end and interrupt to all `sinks`; each stands below a swap proxy of its own (`legs`).

    A segment finishes when all legs have answered it: at the least position of those that still take part, as
    interrupted where one of them was. A leg that refuses speech, falls BEHIND_S behind, or lets `leg_timeout_s` pass
    without a sign of life while another has gone further, is ended as interrupted and told in `leg_ended`; nobody
    waits for it meanwhile. The last leg is never ended for being slow. Legs may come and go: one that comes takes part
    from the next segment on. Made inside a running loop; the outputs below are given, not owned.
    """

    def __init__(
        self,
        sinks: Sequence[AudioOutput],
        *,
        label: str = "TeeAudioOutput",
        leg_timeout_s: float = 5.0,
        clock: Clock | None = None,
    ) -> None:
        super().__init__(label=label, clock=clock)
        self.leg_ended = Signal[LegEnded](f"{label}.leg_ended")
        self.leg_finished = Signal[LegFinished](f"{label}.leg_finished")
        self._leg_timeout_s = leg_timeout_s
        self._legs: list[TeeLeg] = []
        self._answers = TeeAnswers[TeeLeg]()
        self._cleared: set[SegmentRef] = set()
        self._clears = 0
        self._taken = asyncio.Event()
        self._paused = False
        self._attached = False
        for sink in sinks:
            self.add(sink)
        self._tasks.spawn(self._watch(), name=f"{label} watch")

    @property
    def legs(self) -> tuple[AudioOutput, ...]:
        """The heads of the legs that take part: swap proxies, whose tail can be replaced."""
        return tuple(leg.output for leg in self._live)

    def add(self, sink: AudioOutput) -> None:
        """Give speech to `sink`, too, from the next segment on. TypeError for what is no AudioOutput."""
        if not isinstance(sink, AudioOutput):
            raise TypeError(f"a tee leads to audio outputs, not to {sink!r}")
        leg = TeeLeg(sink, clock=self._clock)
        self._legs.append(leg)
        self._listen(leg)
        if self._attached:
            leg.output.on_attached()
        self._tasks.spawn(leg.deliver(self._taken.set, self._on_refused), name=f"{self.label} to {leg.label}")

    def remove(self, sink: AudioOutput) -> None:
        """Give no more to `sink`: it falls silent, what it has finishes as interrupted. Nothing for a stranger."""
        for leg in self._live:
            if leg.output.next_in_chain is sink:
                self._end_leg(leg, "it was removed")
                self._legs.remove(leg)
                self._tasks.spawn(leg.output.aclose(), name=f"{self.label} lets go of {leg.label}")

    @property
    def sample_rate_hz(self) -> int | None:
        """The rate that all legs ask for; None where they differ: each leg then converts."""
        rates = {leg.output.sample_rate_hz for leg in self._live}
        return rates.pop() if len(rates) == 1 else None

    @property
    def capabilities(self) -> OutputCapabilities:
        """What all legs can do by themselves."""
        each = [leg.output.capabilities for leg in self._live]
        return OutputCapabilities(
            pause=bool(each) and all(one.pause for one in each),
            exact_position=bool(each) and all(one.exact_position for one in each),
        )

    @property
    def can_pause(self) -> bool:
        """Whether all legs can, by whatever means."""
        return bool(self._live) and all(leg.output.can_pause for leg in self._live)

    async def capture_frame(self, frame: AudioFrame, *, segment: SegmentRef | None = None) -> None:
        """Give a frame to every leg, once the quickest has room. A clear meanwhile drops it.

        Raises PlaybackError once no leg is left.
        """
        clears = self._clears
        while (live := self._live) and min(leg.queued_s for leg in live) >= AHEAD_S and not self._closed:
            self._taken.clear()
            await self._taken.wait()
        if clears != self._clears:
            return
        if not live:
            raise PlaybackError(f"{self.label}: no avatar is left of {len(self._legs)}; set another chain")
        record = self._account(frame, segment)
        if record.finished or record.ref in self._cleared:
            return
        for leg in live:
            if self._answers.takes_part(leg, record.ref):
                leg.put(record.ref, frame)
            if leg.queued_s > BEHIND_S and len(self._live) > 1:
                self._end_leg(leg, f"it fell {leg.queued_s:.0f} s behind")

    def flush(self) -> None:
        """End the segment being captured, on every leg in order behind its frames."""
        record = self._capturing
        super().flush()
        if record is not None and not record.finished and record.ref not in self._cleared:
            for leg in self._live:
                if self._answers.takes_part(leg, record.ref):
                    leg.put(record.ref, None)

    def clear_buffer(self) -> None:
        """Interrupt every leg; each answers with what it had played."""
        self._clears += 1
        self._cleared.update(self._pending)
        for leg in self._live:
            leg.clear()
            self._answer_unheard(leg)
        self._taken.set()

    def pause(self) -> None:
        """Hold every leg. Raises PlaybackError, and holds none, where one cannot."""
        if not self.can_pause:
            raise PlaybackError(f"{self.label}: not every avatar can pause; interrupt instead")
        self._paused = True
        for leg in self._live:
            leg.output.pause()

    def resume(self) -> None:
        """Go on, on every leg."""
        self._paused = False
        for leg in self._live:
            leg.heard_from()
            leg.output.resume()

    def on_attached(self) -> None:
        """Attach every leg."""
        self._attached = True
        for leg in self._live:
            leg.output.on_attached()

    def on_detached(self) -> None:
        """Detach every leg."""
        self._attached = False
        for leg in self._live:
            leg.output.on_detached()

    async def aclose(self) -> None:
        """Finish what is pending as interrupted, end the tasks, let go of the outputs; harmless twice."""
        self._closed = True
        self._taken.set()
        await self._tasks.aclose()
        for leg in self._legs:
            await leg.output.aclose()
            self._answer_unheard(leg)
        await super().aclose()

    def _on_segment_over(self) -> None:
        self._cleared &= self._pending.keys()
        for leg in self._legs:
            leg.given &= self._pending.keys()

    @property
    def _live(self) -> list[TeeLeg]:
        return [leg for leg in self._legs if not leg.ended]

    def _open(self, ref: SegmentRef) -> SegmentRecord:
        self._answers.open(ref, self._live)
        return super()._open(ref)

    def _listen(self, leg: TeeLeg) -> None:
        leg.output.playback_started.connect(lambda event: self._leg_started(leg, event))
        leg.output.playback_progressed.connect(lambda event: self._leg_progressed(leg, event))
        leg.output.playback_finished.connect(lambda event: self._leg_finished(leg, event))
        # Speech carried over to another output below the leg, which that one refused.
        leg.output.delivery_failed.connect(lambda failure: self._end_leg(leg, f"it takes no speech: {failure}"))

    def _leg_started(self, leg: TeeLeg, event: PlaybackStartedEvent) -> None:
        leg.heard_from()
        record = self._find(event.segment.ref)
        if record is not None and record.started_at is None:
            self.on_playback_started(created_at=event.created_at, segment=record.ref)

    def _leg_progressed(self, leg: TeeLeg, event: PlaybackProgressedEvent) -> None:
        leg.heard_from()
        # Progress is never revised (R6), so one leg tells it: the first that takes part, and only what is new.
        record = self._find(event.segment.ref)
        if record is None or next(iter(self._live), None) is not leg:
            return
        told_s = max(0.0, record.position_s - event.offset)
        if told_s < event.duration:
            self.on_playback_progressed(
                started_at=event.started_at + told_s,
                offset=event.offset + told_s,
                duration=event.duration - told_s,
                segment=record.ref,
            )

    def _leg_finished(self, leg: TeeLeg, event: PlaybackFinishedEvent) -> None:
        leg.heard_from()
        if event.segment is not None:
            self._answer(leg, event.segment.ref, event)

    def _answer(self, leg: TeeLeg, ref: SegmentRef, event: PlaybackFinishedEvent) -> None:
        if self._answers.answer(leg, ref, event):
            self.leg_finished.emit(LegFinished(leg.label, ref, event.playback_position, event.interrupted))
            self._finish_if_answered(ref)

    def _finish_if_answered(self, ref: SegmentRef) -> None:
        outcome = self._answers.outcome(ref, self._live)
        if outcome is not None:
            self.on_playback_finished(
                playback_position=outcome.playback_position, interrupted=outcome.interrupted, segment=ref
            )

    def _answer_unheard(self, leg: TeeLeg) -> None:
        """Answer for `leg` the segments that never reached its output."""
        for ref in self._answers:
            if ref not in leg.given:
                self._answer(leg, ref, PlaybackFinishedEvent(playback_position=0.0, interrupted=True))

    def _end_leg(self, leg: TeeLeg, why: str) -> None:
        if leg.ended:
            return
        ended = LegEnded(leg.label, why, leg.output.next_in_chain or leg.output)
        leg.leave(why)
        self.leg_ended.emit(ended)
        for ref in self._answers:
            self._finish_if_answered(ref)
        self._taken.set()

    def _on_refused(self, leg: TeeLeg, failure: BenchError) -> None:
        self._end_leg(leg, f"it takes no speech: {failure}")

    async def _watch(self) -> None:
        while True:
            await self._clock.sleep_until(self._clock.now() + self._leg_timeout_s / _LOOKS_PER_TIMEOUT)
            now_s = self._clock.now()
            for leg in self._live:
                if self._paused or not self._lags(leg):
                    leg.lagging_since_s = None
                elif leg.lagging_since_s is None:
                    leg.lagging_since_s = now_s
                elif now_s - max(leg.lagging_since_s, leg.alive_s) >= self._leg_timeout_s:
                    self._end_leg(leg, f"it gave no sign of life for {self._leg_timeout_s:g} s")

    def _lags(self, leg: TeeLeg) -> bool:
        """Whether another leg has gone further: taken all it was given, or finished what this one has not."""
        others = [other for other in self._live if other is not leg]
        if leg.queued_s > 0 and any(other.queued_s == 0 for other in others):
            return True
        return self._answers.is_behind(leg, self._live)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(label={self.label!r}, legs={[leg.output for leg in self._legs]!r})"
