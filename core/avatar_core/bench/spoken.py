"""What was said, kept by segment until it is over: the reference that what was heard is compared with."""

from dataclasses import dataclass, field, replace

import numpy as np

from avatar_core.clock import Clock
from avatar_core.media.frames import AudioFrame
from avatar_core.metrics.observations import Mono, Sound
from avatar_core.metrics.utterance import Course
from avatar_core.playback.contract import AudioOutput, PlaybackFinishedEvent, PlaybackStartedEvent
from avatar_core.playback.segment import Segment, SegmentRef
from avatar_core.playback.wrapper import AudioOutputWrapper
from avatar_core.signal import Signal

KEPT_S = 110.0
"""Of one segment; what is longer is not compared, since the viewer remembers little more."""


@dataclass(frozen=True, slots=True, eq=False)
class Spoken:
    """A segment that is over. `sound` is None where it can't be compared, and `why` says why."""

    id: str
    sound: Sound | None
    course: Course
    why: str = ""


@dataclass(slots=True)
class _Speech:
    course: Course
    pieces: list[Mono] = field(default_factory=list)
    rate_hz: int = 0
    length_s: float = 0.0
    why: str = ""


class SpokenKeeper(AudioOutputWrapper):
    """A wrapper that keeps each segment's sound; `over` hands it out when the segment is finished.

    Memory: 110 s of each pending segment.
    """

    def __init__(self, next_in_chain: AudioOutput, *, label: str = "SpokenKeeper", clock: Clock) -> None:
        super().__init__(next_in_chain, label=label, clock=clock)
        self.over = Signal[Spoken](f"{label}.over")
        self._clock = clock
        self._speeches: dict[SegmentRef, _Speech] = {}
        self._capturing: SegmentRef | None = None

    def spoil(self, why: str) -> None:
        """What is pending can't be compared: it was paused, or given to another avatar."""
        for speech in self._speeches.values():
            speech.why = speech.why or why

    async def capture_frame(self, frame: AudioFrame, *, segment: SegmentRef | None = None) -> None:
        """Pass the frame on first: one that was not captured was not said."""
        sent_s = self._clock.now()
        await super().capture_frame(frame, segment=segment)
        speech = self._speeches.get(self._capturing) if self._capturing is not None else None
        if speech is None:
            return
        if not speech.pieces:
            speech.rate_hz, speech.course = frame.sample_rate_hz, replace(speech.course, sent_s=sent_s)
        speech.length_s += frame.duration_s
        if speech.length_s > KEPT_S:
            speech.why = speech.why or f"it is longer than {KEPT_S:.0f} s"
            speech.pieces.clear()
        elif frame.sample_rate_hz != speech.rate_hz:
            speech.why = speech.why or "its rate changed"
        else:
            speech.pieces.append(_mono(frame))

    def pause(self) -> None:
        """Pass it on; what is paused is not heard as it was said."""
        self.spoil("it was paused")
        super().pause()

    def on_segment_opened(self, segment: Segment) -> None:
        """Its sound is kept from now on."""
        self._capturing = segment.ref
        self._speeches[segment.ref] = _Speech(Course(self._clock.now()))
        super().on_segment_opened(segment)

    def on_playback_started(self, event: PlaybackStartedEvent) -> None:
        """When it is said to have been heard first."""
        if (speech := self._speeches.get(event.segment.ref)) is not None:
            speech.course = replace(speech.course, started_s=event.created_at)
        super().on_playback_started(event)

    def on_playback_finished(self, event: PlaybackFinishedEvent) -> None:
        """It is over: handed out."""
        speech = self._speeches.pop(event.segment.ref, None) if event.segment is not None else None
        super().on_playback_finished(event)
        if speech is None or event.segment is None:
            return
        course = replace(
            speech.course,
            finished_s=self._clock.now(),
            position_s=event.playback_position,
            interrupted=event.interrupted,
        )
        whole = Sound(np.concatenate(speech.pieces), speech.rate_hz) if speech.pieces and not speech.why else None
        self.over.emit(Spoken(event.segment.id, whole, course, speech.why))


def _mono(frame: AudioFrame) -> Mono:
    if frame.samples.shape[1] == 1:
        return frame.samples[:, 0]
    mean: Mono = np.rint(frame.samples.mean(axis=1)).astype(np.int16)
    return mean
