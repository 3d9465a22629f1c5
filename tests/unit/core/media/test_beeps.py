from fractions import Fraction

import av
import numpy as np
import pytest

from avatar_core.media.beeps import Beep, BeepDetector
from avatar_core.media.sync_pattern import synthesize

SECONDS = 5


def detect(sound: np.ndarray, rate: int, seed: int = 0) -> list[Beep]:
    rng = np.random.default_rng(seed)
    detector, beeps, start = BeepDetector(rate), [], 0
    while start < len(sound):
        stop = start + int(rng.integers(1, 4000))
        beeps += detector.push(sound[start:stop])
        start = stop
    return beeps


def errors_ms(beeps: list[Beep], lead_s: float = 0.0) -> np.ndarray:
    assert len(beeps) == SECONDS
    return np.array([(beep.onset_s - lead_s - 0.5 - index) * 1000 for index, beep in enumerate(beeps)])


def through_opus(sound: np.ndarray, bit_rate: int) -> np.ndarray:
    encoder = av.CodecContext.create("libopus", "w")
    encoder.sample_rate, encoder.layout, encoder.format, encoder.bit_rate = 48000, "mono", "s16", bit_rate
    encoder.options = {"application": "voip", "frame_duration": "20"}
    encoder.open()
    decoder = av.CodecContext.create("libopus", "r")
    decoder.sample_rate, decoder.layout = 48000, "mono"
    decoder.extradata = encoder.extradata
    packets = []
    for start in range(0, len(sound) - 959, 960):
        frame = av.AudioFrame.from_ndarray(sound[np.newaxis, start : start + 960].copy(), format="s16", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = 48000, start, Fraction(1, 48000)
        packets += encoder.encode(frame)
    packets += encoder.encode(None)
    return np.concatenate([frame.to_ndarray().reshape(-1) for packet in packets for frame in decoder.decode(packet)])


@pytest.mark.parametrize("rate", [16000, 22050, 24000, 44100, 48000])
def test_clean_onsets_are_found_to_a_twentieth_of_a_millisecond(rate: int) -> None:
    for utterance in (0, 7, 14):
        beeps = detect(synthesize(utterance, 0, SECONDS * rate, rate), rate, seed=utterance)
        assert np.abs(errors_ms(beeps)).max() < 0.05
        assert all(beep.level == pytest.approx(0.5, rel=0.05) for beep in beeps)


def test_onsets_in_noise_are_found_to_half_a_millisecond() -> None:
    rng = np.random.default_rng(5)
    noisy = synthesize(3, 0, SECONDS * 48000, 48000) + rng.normal(0, 1200, SECONDS * 48000)
    beeps = detect(np.clip(noisy, -32768, 32767).astype(np.int16), 48000)
    assert np.abs(errors_ms(beeps)).max() < 0.5


@pytest.mark.parametrize("bit_rate", [24000, 32000, 64000])
def test_onsets_survive_opus_to_under_a_millisecond(bit_rate: int) -> None:
    errors = []
    for utterance, lead in ((0, 0), (5, 313), (10, 701)):
        sound = np.concatenate((np.zeros(lead, dtype=np.int16), synthesize(utterance, 0, SECONDS * 48000, 48000)))
        errors.append(errors_ms(detect(through_opus(sound, bit_rate), 48000), lead / 48000))
    assert np.abs(np.concatenate(errors)).max() < 0.7


def test_stereo_is_heard_as_one() -> None:
    sound = synthesize(0, 0, 24000, 24000)
    assert len(BeepDetector(24000).push(np.stack((sound, sound), axis=1))) == 1


def test_each_beep_is_told_within_a_tenth_of_a_second_and_once() -> None:
    sound, detector = synthesize(0, 0, 24000, 24000), BeepDetector(24000)
    told = [start for start in range(0, 24000, 240) for _ in detector.push(sound[start : start + 240])]
    assert len(told) == 1
    assert 12000 < told[0] < 14400


def test_noise_and_other_tones_are_no_beeps() -> None:
    rng = np.random.default_rng(6)
    time_s = np.arange(48000) / 24000
    other = np.rint(np.sin(2 * np.pi * 1300 * time_s) * 16000).astype(np.int16)
    assert detect(other, 24000) == []
    assert detect(rng.normal(0, 5000, 48000).astype(np.int16), 24000) == []
