"""All that is measured of one utterance, by metric name: the speech, its sound, and the pictures that went with it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from avatar_core.metrics.leak import leak_ms
from avatar_core.metrics.motion import MOUTH_WINDOW_S, STILL_WINDOW_S, IdleMotion, Motion
from avatar_core.metrics.observations import Observation, Sound
from avatar_core.metrics.picture_health import black_s, intervals_ms, resolution_changes
from avatar_core.metrics.sound_health import Stretch, audible_stretches, clipped_percent, longest_silence_ms, silences
from avatar_core.metrics.speech import Utterance, compare

_AROUND_S = 0.5
_LEAK_WINDOW_S = 3.0
_PAUSE_S = 0.4
"""A speaker's own pause, who says nothing for so long; what is shorter belongs to speech, as between its sentences."""

Measured = dict[str, tuple[float, ...]]
"""Values by metric name, as docs/measurement.md explains them."""


@dataclass(frozen=True, slots=True)
class Course:
    """When an utterance was sent, and what was told of its playback; monotonic seconds, None where nothing was told.

    `position_s` is how much of it was heard, as told at `finished_s`; `interrupted`: it was cut there. A part of an
    utterance began `begins_s` after that did, and `goes_on` where more follows: after a pause, on another avatar, or
    at once. From `until_s` on the rest may be heard from the same avatar.
    """

    sent_s: float
    started_s: float | None = None
    finished_s: float | None = None
    position_s: float | None = None
    interrupted: bool = False
    begins_s: float = 0.0
    goes_on: bool = False
    until_s: float | None = None


@dataclass(slots=True)
class Memory:
    """What one participant's utterance leaves for the next: how its face idles, and what was said last.

    The last utterance counts only where it was cut: one that was heard to its end can't leak.
    """

    still_idle: IdleMotion | None = None
    mouth_idle: IdleMotion | None = None
    cut: Sound | None = field(default=None, repr=False)


def measure_utterance(
    observation: Observation, reference: Sound | None, course: Course, memory: Memory
) -> tuple[Measured, Utterance | None]:
    """Measure what was observed of an utterance from before it was sent until a second after its end; fills `memory`.

    The Utterance is None where there is no `reference`, or where it was not recognized in what was heard: then nothing
    is said of the speech.
    """
    measured: Measured = {}
    if course.until_s is not None:
        observation = observation.before(course.until_s)
    sound = observation.sound
    utterance = None
    if sound is not None and reference is not None:
        utterance = compare(reference, sound, earliest_s=course.sent_s - _AROUND_S, cut=course.interrupted)
    if sound is not None:
        pauses = _pauses(reference, utterance, course) if reference is not None else []
        measured |= _sound_health(sound, course, pauses)
    if utterance is not None and sound is not None and reference is not None:
        measured |= _speech(utterance, course)
        if memory.cut is not None:
            end_s = utterance.first_sound_s + _LEAK_WINDOW_S
            leaked = leak_ms(memory.cut, sound, utterance.first_sound_s, end_s, (reference, utterance))
            measured["leak_into_next_ms"] = (leaked,)
    memory.cut = reference if course.interrupted and not course.goes_on else None
    measured |= _pictures(observation, utterance, course, memory)
    return measured, utterance


def _pauses(reference: Sound, utterance: Utterance | None, course: Course) -> list[Stretch]:
    """When nothing was to be heard, by the reference itself; of one that was not recognized, as its start was told."""
    quiet = silences(audible_stretches(reference), 0.0, reference.duration_s)
    own = [(since_s, until_s - since_s) for since_s, until_s in quiet if until_s - since_s >= _PAUSE_S]
    since = np.array([since_s for since_s, _ in own])
    told_s = course.sent_s if course.started_s is None else course.started_s
    begin_s = utterance.alignment.heard_at(since) if utterance is not None else told_s + since
    return [(float(at_s), float(at_s) + length_s) for at_s, (_, length_s) in zip(begin_s, own, strict=True)]


def _sound_health(sound: Sound, course: Course, pauses: Sequence[Stretch]) -> Measured:
    heard = sound.between(course.sent_s, course.finished_s or sound.end_s)
    measured: Measured = {"clipped_percent": (clipped_percent(heard),)}
    if course.finished_s is not None or (course.goes_on and not course.interrupted):
        since_s = course.started_s or course.sent_s
        until_s = course.finished_s or heard.end_s
        silence_ms = longest_silence_ms(audible_stretches(heard), since_s, until_s, pauses=pauses)
        measured["silence_in_segment_ms"] = (silence_ms,)
    return measured


def _speech(utterance: Utterance, course: Course) -> Measured:
    measured: Measured = {
        "duration_ratio": (utterance.duration_ratio,),
        "missing_start_ms": (utterance.missing_start_ms,),
        "audio_gap_count": (float(len(utterance.gaps)),),
        "audio_gap_ms": (utterance.gap_ms,),
        "audio_skipped_ms": (utterance.skipped_ms,),
        "click_count": (float(len(utterance.clicks_s)),),
    }
    if course.begins_s == 0:
        measured["utterance_latency_ms"] = (utterance.latency_ms(course.sent_s),)
    if not course.interrupted:
        measured["missing_end_ms"] = (utterance.missing_end_ms,)
    for name, value in (
        ("rate_error_percent", utterance.rate_error_percent),
        ("pitch_error_percent", utterance.pitch_error_percent),
    ):
        if value is not None:
            measured[name] = (value,)
    if course.started_s is not None:
        measured["started_error_ms"] = (1000 * (course.started_s - utterance.first_sound_s + utterance.onset_s),)
    if course.finished_s is not None:
        # Silence that was said is to be heard out, too.
        position_s = course.position_s if course.interrupted and course.position_s is not None else math.inf
        over_s = utterance.end_s + utterance.reached_s(position_s) - utterance.heard_until_s
        measured["finished_error_ms"] = (1000 * (course.finished_s - over_s),)
    if course.position_s is not None and course.interrupted:
        # Not of one that was heard to its end: silence at the end of the reference is position, too.
        measured["position_error_ms"] = (1000 * (course.position_s - utterance.reached_s(course.position_s)),)
    return measured


def _pictures(observation: Observation, utterance: Utterance | None, course: Course, memory: Memory) -> Measured:
    pictures = observation.pictures
    if len(pictures) < 2:
        return {}
    measured: Measured = {
        "resolution_changes": (float(resolution_changes(pictures)),),
        "black_s": (black_s(pictures),),
        "frame_interval_ms": tuple(intervals_ms(pictures)),
    }
    if observation.sound is None:
        return measured
    speech = audible_stretches(observation.sound)
    motion = Motion(pictures, STILL_WINDOW_S)
    memory.still_idle = motion.idle(speech) or memory.still_idle
    still = motion.still_s(speech, memory.still_idle)
    if still is not None:
        measured["still_s"] = (still,)
    mouth = Motion(pictures, MOUTH_WINDOW_S)
    memory.mouth_idle = mouth.idle(speech) or memory.mouth_idle
    if course.interrupted and utterance is not None and memory.mouth_idle is not None:
        until_s = mouth.moving_until_s(utterance.end_s, memory.mouth_idle)
        measured["interrupt_mouth_ms"] = (1000 * (until_s - utterance.end_s),)
    return measured
