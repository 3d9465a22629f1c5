"""Speech that is spoilt: exactly what was asked for, nothing else, and all of it within its own utterance."""

from dataclasses import replace

import numpy as np
import pytest

from avatar_core.avatar.faults.planted import Faults
from avatar_core.avatar.faults.speech import CLICK_LEVEL, SpeechFaults
from avatar_core.avatar.generator import AvatarOptions, GeneratedItem
from avatar_core.media.frames import AudioFrame, AudioSegmentEnd
from tests.fakes.video_generator import picture

RATE = 24_000
OPTIONS = AvatarOptions(audio_sample_rate=RATE)


def utterance(seconds: float, hz: float = 440.0, *, generation: int = 0, start_s: float = 0.0) -> list[GeneratedItem]:
    """Pictures and a tone of 20 ms frames, and the end."""
    time_s = np.arange(round(seconds * RATE)) / RATE
    tone = np.rint(8_000 * np.sin(2 * np.pi * hz * time_s) + 10_000).astype(np.int16)
    items: list[GeneratedItem] = []
    for index in range(0, len(tone), 480):
        at_s = start_s + index / RATE
        items += [picture(at_s, generation), AudioFrame(tone[index : index + 480], RATE, at_s, generation)]
    return [*items, AudioSegmentEnd("s", generation)]


def spoil(items: list[GeneratedItem], **planted: float) -> list[GeneratedItem]:
    faults = SpeechFaults(Faults(planted), OPTIONS)
    return [spoilt for item in items for spoilt in faults.push(item)]


def heard(items: list[GeneratedItem]) -> np.ndarray:
    return np.concatenate([item.samples[:, 0] for item in items if isinstance(item, AudioFrame)])


def loudest_hz(sound: np.ndarray) -> float:
    spectrum = np.abs(np.fft.rfft((sound - sound.mean()) * np.hanning(len(sound)), 1 << 19))
    return float(np.argmax(spectrum) * RATE / (1 << 19))


@pytest.mark.parametrize(
    ("planted", "silent"),
    [
        ({"truncated_start_ms": 150}, (0.0, 0.15)),
        ({"truncated_end_ms": 150}, (3.85, 4.0)),
        ({"silence_ms": 600}, (1.0, 1.6)),
    ],
)
def test_a_stretch_is_silent_and_the_rest_is_untouched(planted: dict, silent: tuple[float, float]) -> None:
    clean, spoilt = heard(utterance(4.0)), heard(spoil(utterance(4.0), **planted))
    start, stop = (round(second * RATE) for second in silent)
    assert len(spoilt) == len(clean)
    assert not spoilt[start:stop].any()
    assert np.array_equal(np.delete(spoilt, range(start, stop)), np.delete(clean, range(start, stop)))


def test_gaps_come_every_two_seconds() -> None:
    spoilt = heard(spoil(utterance(6.0), gap_ms=60))
    silent = np.flatnonzero(spoilt == 0)
    assert sorted({int(at) for at in silent // RATE}) == [1, 3, 5]
    assert len(silent) == pytest.approx(3 * 0.06 * RATE, abs=30)


def test_clicks_come_as_often_as_asked() -> None:
    spoilt = heard(spoil(utterance(4.0), clicks_per_s=2))
    assert np.count_nonzero(spoilt == CLICK_LEVEL) == 8 * 3


@pytest.mark.parametrize("percent", [3.0, -6.0, 12.0])
def test_a_wrong_pitch_is_that_and_keeps_the_length(percent: float) -> None:
    spoilt = heard(spoil(utterance(3.0), pitch_percent=percent))
    assert len(spoilt) == 3 * RATE
    assert loudest_hz(spoilt[RATE // 2 : -RATE // 2]) == pytest.approx(440 * (1 + percent / 100), rel=0.003)


@pytest.mark.parametrize("percent", [3.0, -5.0])
def test_a_wrong_rate_changes_pitch_and_length_and_keeps_the_media_time(percent: float) -> None:
    items = spoil(utterance(3.0), rate_percent=percent)
    spoilt, speed = heard(items), 1 / (1 + percent / 100)
    assert len(spoilt) == pytest.approx(3 * RATE / speed, abs=2)
    assert loudest_hz(spoilt[RATE // 2 : -RATE // 2]) == pytest.approx(440 * speed, rel=0.002)
    last = [item for item in items if isinstance(item, AudioFrame)][-1]
    assert last.pts_s is not None
    assert last.pts_s + last.duration_s * speed == pytest.approx(3.0, abs=0.001)


def test_each_utterance_is_spoilt_anew_and_every_item_comes_out_in_order() -> None:
    items = [*utterance(1.0), picture(1.0), *utterance(1.0, start_s=1.04)]
    spoilt = spoil(items, truncated_end_ms=200, truncated_start_ms=100)
    assert [type(item) for item in spoilt] == [type(item) for item in items]
    sound = heard(spoilt)
    assert [bool(sound[round(at_s * RATE)]) for at_s in (0.05, 0.5, 0.9, 1.05, 1.5, 1.9)] == [False, True, False] * 2


def test_what_is_held_back_is_forgotten_with_its_generation() -> None:
    faults = SpeechFaults(Faults({"truncated_end_ms": 500}), OPTIONS)
    for item in utterance(0.4)[:-1]:
        assert not any(isinstance(out, AudioFrame) for out in faults.push(item))
    spoilt = [out for item in utterance(0.6, generation=1) for out in faults.push(item)]
    assert {item.generation for item in spoilt} == {1}
    assert len(heard(spoilt)) == round(0.6 * RATE)


def test_pictures_between_utterances_are_not_held_back() -> None:
    faults = SpeechFaults(Faults({"truncated_end_ms": 500}), OPTIONS)
    idle = replace(picture(0.0), pts_s=3.0)
    assert faults.push(idle) == [idle]
