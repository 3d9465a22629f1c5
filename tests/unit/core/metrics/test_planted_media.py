"""Each fault of media that can be planted is found by its check at its size, at both strengths, and nothing else is."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import pytest

from avatar_core.avatar.faults.delays import ChangingOffset
from avatar_core.avatar.faults.pictures import PICTURE_FAULTS, PictureFaults
from avatar_core.avatar.faults.planted import Faults
from avatar_core.avatar.faults.speech import SPEECH_FAULTS, SpeechFaults
from avatar_core.avatar.faults.table import FAULTS, Level
from avatar_core.avatar.generator import AvatarOptions
from avatar_core.avatar.generators.talking_head import TalkingHead
from avatar_core.bench.settings.thresholds import load_thresholds
from avatar_core.media.frames import AudioFrame, AudioSegmentEnd, VideoFrame
from avatar_core.metrics.drift import slope_ms_per_s
from avatar_core.metrics.motion import STILL_WINDOW_S, Motion
from avatar_core.metrics.observations import Picture, Sound
from avatar_core.metrics.offset import OffsetPairing, OffsetSample
from avatar_core.metrics.picture_health import black_s, freezes_s, intervals_ms, resolution_changes
from avatar_core.metrics.sound_health import audible_stretches, clipped_percent, longest_silence_ms
from avatar_core.metrics.speech import compare
from avatar_core.metrics.summary import summarize
from avatar_core.metrics.thumbnails import Thumbnailer
from avatar_core.metrics.verdicts import judge
from avatar_core.playback.recall import SwapPolicy
from tests.fakes.clock import ManualClock
from tests.fakes.heard_speech import SENT_S, heard, speech

RATE, FPS, SPOKEN = 24_000, 30, "miles-bilabials"
OPTIONS = AvatarOptions(320, 180, FPS, RATE, 1)
JUDGED = load_thresholds(("monologue", "health"), SwapPolicy.FINISH)
SIGNED = {"av_offset_ms", "av_offset_slope_ms_per_s", "pitch_error_percent", "rate_error_percent"}


@dataclass(frozen=True)
class Expected:
    """What the check must show for a strength, and how exactly."""

    value: float
    within: float


def expected(name: str, strength: float) -> Expected:
    """By docs/measurement.md; periods are those of avatar.faults."""
    pictures_s = 1 / FPS
    return {
        "offset_ms": Expected(strength, 1e-6),
        "slope_ms_per_s": Expected(strength, 0.15),
        "freeze_s": Expected(strength, 2 * pictures_s),
        "dropped_frames_percent": Expected(1000 * pictures_s * (3 if strength < 40 else 4), 1000 * pictures_s + 1),
        "low_fps": Expected(strength, 0.5),
        "resolution_percent": Expected(2, 0),
        "mouth_still_s": Expected(strength + 0.5, 1.1),
        "black_s": Expected(2 * strength, 4 * pictures_s),
        "pitch_percent": Expected(strength, 0.5),
        "rate_percent": Expected(strength, 0.3),
        "gap_ms": Expected(strength, 35),
        "clicks_per_s": Expected(10.5 * strength, 4.5 * strength),
        "truncated_start_ms": Expected(strength, 70),
        "truncated_end_ms": Expected(strength, 90),
        "silence_ms": Expected(strength + 70, 110),
    }[name]


def spoken(faults: Faults) -> dict[str, list[float]]:
    """What the pure functions make of an utterance that was spoilt and went through Opus."""
    reference = speech(SPOKEN).at_rate(RATE)
    spoiler, size = SpeechFaults(faults, OPTIONS), RATE // 50
    frames = [
        AudioFrame(reference.samples[at : at + size], RATE, at / RATE) for at in range(0, len(reference.samples), size)
    ]
    items = [out for item in (*frames, AudioSegmentEnd("s")) for out in spoiler.push(item)]
    spoilt = np.concatenate([item.samples[:, 0] for item in items if isinstance(item, AudioFrame)])
    received = heard(Sound(spoilt, RATE).at_rate(48_000).samples)
    found = compare(reference, received)
    assert found is not None
    assert found.rate_error_percent is not None
    assert found.pitch_error_percent is not None
    end_s = SENT_S + reference.duration_s
    return {
        "duration_ratio": [found.duration_ratio],
        "missing_start_ms": [found.missing_start_ms],
        "missing_end_ms": [found.missing_end_ms],
        "audio_gap_count": [float(len(found.gaps))],
        "audio_gap_ms": [1000 * max((length_s for _, length_s in found.gaps), default=0.0)],
        "click_count": [float(len(found.clicks_s))],
        "pitch_error_percent": [found.pitch_error_percent],
        "rate_error_percent": [found.rate_error_percent],
        "silence_in_segment_ms": [longest_silence_ms(audible_stretches(received), SENT_S + 0.1, end_s - 0.5)],
        "clipped_percent": [clipped_percent(received)],
    }


@cache
def drawn() -> tuple[VideoFrame, ...]:
    """The talking head: idle for three seconds, then speaking."""
    head, samples = TalkingHead(OPTIONS, ManualClock()), speech("ada-monologue").at_rate(RATE).samples
    size = RATE // FPS
    return tuple(
        VideoFrame(
            head.draw(samples[at * size : (at + 1) * size].reshape(-1, 1) if at >= 3 * FPS else None, at / FPS),
            OPTIONS.video_width,
            OPTIONS.video_height,
            at / FPS,
        )
        for at in range(13 * FPS)
    )


def seen(faults: Faults) -> dict[str, list[float]]:
    """What the pure functions make of pictures that were spoilt."""
    spoiler, pictures = PictureFaults(faults), list[Picture]()
    thumbnail_of = Thumbnailer()
    for frame in drawn():
        if (shown := spoiler.push(frame, frame.pts_s)) is not None:
            pictures.append(Picture(frame.pts_s, shown.width, shown.height, thumbnail_of(shown.luma)))
    intervals, motion, speech = intervals_ms(pictures), Motion(pictures, STILL_WINDOW_S), [(3.0, 13.0)]
    still = motion.still_s(speech, motion.idle(speech))
    freezes = freezes_s(pictures)
    return {
        "frame_interval_ms": intervals,
        "fps": [len(intervals) / (pictures[-1].at_s - pictures[0].at_s)],
        "freeze_count": [float(len(freezes))],
        "freeze_s": freezes or [0.0],
        "resolution_changes": [float(resolution_changes(pictures))],
        "black_s": [black_s(pictures)],
        "still_s": [] if still is None else [still],
    }


def paired(faults: Faults) -> dict[str, list[float]]:
    """Flashes and beeps that leave when the faults let them."""
    offset, pairing = ChangingOffset(faults["offset_ms"] / 1000, faults["slope_ms_per_s"] / 1000), OffsetPairing()
    samples: list[OffsetSample] = []
    events = [(1 + at + offset.video_delay_s(1.0 + at), True) for at in range(30)]
    events += [(1 + at + offset.audio_delay_s, False) for at in range(30)]
    for at_s, is_flash in sorted(events):
        sample = pairing.flash(at_s) if is_flash else pairing.beep(at_s)
        samples += [sample] if sample is not None else []
    slope = slope_ms_per_s(samples)
    assert slope is not None
    return {
        "av_offset_ms": [sample.offset_ms for sample in samples],
        "av_offset_slope_ms_per_s": [slope],
    }


def figures(faults: Faults, name: str) -> dict[str, list[float]]:
    return spoken(faults) if name in SPEECH_FAULTS else seen(faults) if name in PICTURE_FAULTS else paired(faults)


def fired(measured: dict[str, list[float]]) -> set[str]:
    """The checks that are not content, by the thresholds of a run."""
    checks = [
        judge(JUDGED[name], summarize(values, signed=name in SIGNED), 0)
        for name, values in measured.items()
        if name in JUDGED
    ]
    return {check.threshold.metric for check in checks if check.verdict in ("warn", "fail")}


def value_of(name: str, values: Sequence[float]) -> float:
    summary = summarize(values, signed=name in SIGNED)
    assert summary is not None
    return summary.p95 if name == "frame_interval_ms" else summary.max if name == "freeze_s" else summary.p50


MEDIA = [(kind.name, strength) for kind in FAULTS.values() if kind.level is Level.MEDIA for strength in kind.strengths]


@pytest.mark.parametrize(("name", "strength"), MEDIA)
def test_a_planted_fault_is_found_at_its_size_and_nothing_else_is(name: str, strength: float) -> None:
    kind, wanted = FAULTS[name], expected(name, strength)
    measured = figures(Faults({name: strength}), name)
    assert value_of(kind.check, measured[kind.check]) == pytest.approx(wanted.value, abs=wanted.within + 1e-6)
    assert fired(measured) - {kind.check, *kind.follows} == set()


@pytest.mark.parametrize("name", ["gap_ms", "freeze_s", "offset_ms"])
def test_without_a_fault_nothing_is_found(name: str) -> None:
    assert fired(figures(Faults(), name)) == set()
