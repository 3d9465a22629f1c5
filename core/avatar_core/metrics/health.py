"""The health of what was seen and heard of one participant between two moments, where nobody knows what was said."""

from bisect import bisect_left

from avatar_core.metrics.motion import SHORTEST_STILL_S
from avatar_core.metrics.observations import Observation
from avatar_core.metrics.sound_health import audible_stretches
from avatar_core.metrics.utterance import Course, Measured, Memory, measure_utterance


def measure_health(observation: Observation, since_s: float, until_s: float, memory: Memory) -> Measured:
    """What an utterance would be told of its sound and pictures; fills `memory` with how the face idles.

    The interval that leads up to the first picture counts, so that moments on end leave none out. Nothing is said of
    the sound where none was heard, nor of a face that was not heard for long enough to be called still.
    """
    pictures, sound = observation.pictures, observation.sound
    first, end = (bisect_left(pictures, at_s, key=lambda picture: picture.at_s) for at_s in (since_s, until_s))
    heard = sound.between(since_s, until_s) if sound is not None else None
    part = Observation(heard, pictures[max(0, first - 1) : end])
    measured, _ = measure_utterance(part, None, Course(since_s), memory)
    heard_s = [end_s - start_s for start_s, end_s in audible_stretches(heard)] if heard is not None else []
    if not heard_s:
        measured.pop("clipped_percent", None)
    if max(heard_s, default=0.0) < SHORTEST_STILL_S:
        measured.pop("still_s", None)
    return measured
