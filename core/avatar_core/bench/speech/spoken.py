"""What was said, kept until it was heard: the reference that what was heard is compared with.

Compared are parts: what one output was given of a segment without a break, and of that no more than PART_S at a time.
A pause, and an avatar that takes over, begin a new part; so does length, at the quietest place that is near.
"""

from collections import deque
from dataclasses import dataclass, field

import numpy as np

from avatar_core.bench.speech.crossing import Crossings
from avatar_core.clock import Clock
from avatar_core.media.frames import AudioFrame
from avatar_core.metrics.observations import Mono, Sound
from avatar_core.metrics.utterance import Course
from avatar_core.playback.contract import AudioOutput, PlaybackFinishedEvent, PlaybackStartedEvent
from avatar_core.playback.leg import LegBegun, LegEnded
from avatar_core.playback.proxy import AudioSinkProxy
from avatar_core.playback.segment import Segment, SegmentRef
from avatar_core.playback.wrapper import AudioOutputWrapper
from avatar_core.signal import Signal

PART_S = 40.0
LEAST_S = 2.0
"""Of what was heard before or after a break there must be so much that it can be recognized."""
_HEARD_AFTER_S = 6.0
"""Speech is sent some seconds ahead: what lies so far behind the newest was heard."""
_CUT_WITHIN_S = 5.0
_QUIET_S = 0.1
_BEGUN_KEPT = 32


@dataclass(frozen=True, slots=True, eq=False)
class Spoken:
    """A part of the segment `id` that was heard from `sink`. `sound` is None where it can't be compared: `why`.

    `at_break`: speech was paused, or changed its avatar, at one of its ends. Not `expected`: whether any of it was
    heard is not known, since the output gave no answer.
    """

    id: str
    sink: AudioOutput
    sound: Sound | None
    course: Course
    why: str = ""
    at_break: bool = False
    expected: bool = True


@dataclass(slots=True)
class _Piece:
    at_s: float
    """Its place in the segment."""
    captured_s: float
    samples: Mono


@dataclass(slots=True)
class _Speech:
    """One pending segment: what is kept of it, and the leg it is on, from `from_s` on not yet handed out."""

    rate_hz: int = 0
    length_s: float = 0.0
    pieces: deque[_Piece] = field(default_factory=deque)
    leg: LegBegun | None = None
    begun_s: float = 0.0
    started_s: float | None = None
    from_s: float = 0.0
    why: str = ""
    broken: str = ""

    def sound(self, until_s: float) -> Sound | None:
        """From `from_s` to `until_s`."""
        if not self.pieces:
            return None
        first = round((self.from_s - self.pieces[0].at_s) * self.rate_hz)
        last = round((until_s - self.pieces[0].at_s) * self.rate_hz)
        samples = np.concatenate([piece.samples for piece in self.pieces])[max(0, first) : max(0, last)]
        return Sound(samples, self.rate_hz) if len(samples) else None

    def sent_s(self) -> float:
        """When what lies at `from_s` was sent."""
        captured_s = max((piece.captured_s for piece in self.pieces if piece.at_s <= self.from_s + 1e-6), default=0.0)
        return max(self.begun_s, captured_s)

    def begin_at(self, from_s: float) -> None:
        """What lies before is not needed any more."""
        self.from_s = from_s
        while len(self.pieces) > 1 and self.pieces[1].at_s <= from_s:
            self.pieces.popleft()


class SpokenKeeper(AudioOutputWrapper):
    """A wrapper that keeps each segment's sound; `over` hands out its parts as they are over.

    Memory: of each pending segment a part and what is on its way.
    """

    def __init__(self, next_in_chain: AudioOutput, *, label: str = "SpokenKeeper", clock: Clock) -> None:
        super().__init__(next_in_chain, label=label, clock=clock)
        self.over = Signal[Spoken](f"{label}.over")
        self.crossings = Crossings()
        self._clock = clock
        self._speeches: dict[SegmentRef, _Speech] = {}
        self._capturing: SegmentRef | None = None
        # When each of the last legs began.
        self._begun: deque[tuple[LegBegun, float]] = deque(maxlen=_BEGUN_KEPT)
        self._proxy = next(link for link in self.chain() if isinstance(link, AudioSinkProxy))
        self._proxy.leg_begun.connect(self._on_leg_begun)
        self._proxy.leg_ended.connect(self._on_leg_ended)

    def rest_sent_s(self, spoken: Spoken) -> float | None:
        """When what follows a part that was broken off was sent to the same output; None where it was not, so far."""
        if not (spoken.course.goes_on and spoken.course.interrupted):
            return None
        since_s = spoken.course.sent_s
        legs = (at_s for leg, at_s in self._begun if (leg.ref.id, leg.sink) == (spoken.id, spoken.sink))
        return next((at_s for at_s in legs if at_s > since_s), None)

    async def capture_frame(self, frame: AudioFrame, *, segment: SegmentRef | None = None) -> None:
        """Pass the frame on first: one that was not captured was not said."""
        captured_s = self._clock.now()
        await super().capture_frame(frame, segment=segment)
        speech = self._speeches.get(self._capturing) if self._capturing is not None else None
        if speech is None:
            return
        speech.rate_hz = speech.rate_hz or frame.sample_rate_hz
        if frame.sample_rate_hz != speech.rate_hz:
            speech.broken = "its rate changed"
        if speech.broken:
            speech.pieces.clear()
            return
        speech.pieces.append(_Piece(speech.length_s, captured_s, _mono(frame)))
        speech.length_s += frame.duration_s
        while speech.leg is not None and speech.length_s - speech.from_s >= PART_S + _HEARD_AFTER_S:
            self._cut(speech.leg, speech)

    def pause(self) -> None:
        """Pass it on; an output that can hold by itself tells nothing of where it did."""
        if not self._proxy.pause_is_emulated:
            for speech in self._speeches.values():
                speech.why = "it was paused by the avatar's own means"
        super().pause()

    def on_segment_opened(self, segment: Segment) -> None:
        """Its sound is kept from now on."""
        self._capturing = segment.ref
        self._speeches[segment.ref] = _Speech()
        super().on_segment_opened(segment)

    def on_playback_started(self, event: PlaybackStartedEvent) -> None:
        """When it is said to have been heard first."""
        if (speech := self._speeches.get(event.segment.ref)) is not None:
            speech.started_s = event.created_at
        super().on_playback_started(event)

    def on_playback_finished(self, event: PlaybackFinishedEvent) -> None:
        """Nothing more comes of it."""
        if event.segment is not None:
            self._speeches.pop(event.segment.ref, None)
        super().on_playback_finished(event)

    def _on_leg_begun(self, begun: LegBegun) -> None:
        self._begun.append((begun, self._clock.now()))
        if (speech := self._speeches.get(begun.ref)) is not None:
            speech.leg, speech.begun_s, speech.why = begun, self._clock.now(), ""
            speech.begin_at(begun.base_s)
            self.crossings.entered(begun.ref, begun.sink, lambda: speech.sound(speech.length_s))

    def _on_leg_ended(self, ended: LegEnded) -> None:
        speech = self._speeches.get(ended.ref)
        if speech is None or speech.leg is None or not ended.sent_s:
            return
        begins_s, speech.leg = speech.from_s, None
        position_s = ended.base_s + ended.played_s - begins_s
        sent = speech.sound(ended.base_s + ended.sent_s)
        if ended.goes_on:
            self.crossings.left(ended.ref, ended.sink, sent.between(0.0, position_s) if sent is not None else None)
        at_break = ended.goes_on or ended.base_s > 0
        heard_s = position_s if ended.interrupted else ended.base_s + ended.sent_s - begins_s
        why = speech.broken or speech.why
        if begins_s > ended.base_s and position_s < 0:
            why = why or "it is told not to have been heard so far"
        if at_break and heard_s < LEAST_S:
            why = why or f"less than {LEAST_S:.0f} s of it lie before or after a break"
        course = Course(
            speech.sent_s(),
            started_s=ended.started_s if begins_s == ended.base_s else None,
            finished_s=self._clock.now() if ended.told else None,
            position_s=position_s if ended.told else None,
            interrupted=ended.interrupted,
            begins_s=begins_s,
            goes_on=ended.goes_on,
        )
        self.over.emit(Spoken(ended.ref.id, ended.sink, None if why else sent, course, why, at_break, ended.told))

    def _cut(self, leg: LegBegun, speech: _Speech) -> None:
        """Hand out a part of what goes on; its end can be told by nobody."""
        until_s = speech.from_s + _quiet_place_s(speech.sound(speech.from_s + PART_S))
        course = Course(
            speech.sent_s(),
            started_s=speech.started_s if speech.from_s == leg.base_s == 0 else None,
            begins_s=speech.from_s,
            goes_on=True,
        )
        part = None if speech.why else speech.sound(until_s)
        self.over.emit(Spoken(leg.ref.id, leg.sink, part, course, speech.why, speech.from_s == leg.base_s > 0))
        speech.begin_at(until_s)


def _quiet_place_s(sound: Sound | None) -> float:
    """Near the end of PART_S of sound, the middle of its quietest tenth of a second."""
    if sound is None:
        return PART_S
    size = round(_QUIET_S * sound.sample_rate_hz)
    tail = sound.samples[-round(_CUT_WITHIN_S * sound.sample_rate_hz) :].astype(np.float64)
    blocks = (tail[: len(tail) // size * size].reshape(-1, size) ** 2).mean(axis=1)
    return (len(sound.samples) - len(tail) + (int(blocks.argmin()) + 0.5) * size) / sound.sample_rate_hz


def _mono(frame: AudioFrame) -> Mono:
    if frame.samples.shape[1] == 1:
        return frame.samples[:, 0]
    mean: Mono = np.rint(frame.samples.mean(axis=1)).astype(np.int16)
    return mean
