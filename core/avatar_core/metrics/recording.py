"""What can be measured of a recording, by the functions that measure a live viewer; with a reference or without."""

from collections.abc import Sequence

from avatar_core.metrics.drift import slope_ms_per_s
from avatar_core.metrics.observations import Observation, Sound
from avatar_core.metrics.offset import OffsetPairing, OffsetSample
from avatar_core.metrics.picture_health import freezes_s, intervals_ms
from avatar_core.metrics.sound_health import audible_stretches
from avatar_core.metrics.utterance import Course, Measured, Memory, measure_utterance

# They need to know when something was sent, or told, which a recording does not say; or how large pictures came, all of
# which it has in one size.
_LIVE_ONLY = (
    "utterance_latency_ms",
    "started_error_ms",
    "finished_error_ms",
    "position_error_ms",
    "resolution_changes",
)
_SPAN_S = 1.0


def paired_offsets(beeps_s: Sequence[float], flashes_s: Sequence[float]) -> list[OffsetSample]:
    """Offsets of the events of the sync pattern, by the rule of the live viewer."""
    pairing = OffsetPairing()
    events = sorted([(at_s, True) for at_s in beeps_s] + [(at_s, False) for at_s in flashes_s])
    samples = [pairing.beep(at_s) if is_beep else pairing.flash(at_s) for at_s, is_beep in events]
    return [sample for sample in samples if sample is not None]


def measure_recording(
    observation: Observation, offsets: Sequence[OffsetSample], reference: Sound | None
) -> tuple[Measured, bool]:
    """Measure the whole of a recording; True where `reference` was recognized in it.

    Without a reference nothing is said of the speech beyond its health.
    """
    measured: Measured = {}
    if offsets:
        measured["av_offset_ms"] = tuple(sample.offset_ms for sample in offsets)
        slope = slope_ms_per_s(offsets)
        if slope is not None:
            measured["av_offset_slope_ms_per_s"] = (slope,)
    sound, pictures = observation.sound, observation.pictures
    stretches = audible_stretches(sound) if sound is not None else []
    start_s = stretches[0][0] if stretches else 0.0
    course = Course(start_s, started_s=start_s, finished_s=stretches[-1][1] if stretches else None)
    found, utterance = measure_utterance(observation, reference, course, Memory())
    measured |= {name: values for name, values in found.items() if name not in _LIVE_ONLY}
    if len(pictures) > 1:
        measured["freeze_s"] = tuple(freezes_s(pictures))
        measured["freeze_count"] = (float(len(measured["freeze_s"])),)
        shown_s = pictures[-1].at_s - pictures[0].at_s
        if shown_s >= _SPAN_S:
            measured["fps"] = (len(intervals_ms(pictures)) / shown_s,)
    return {name: values for name, values in measured.items() if values}, utterance is not None
