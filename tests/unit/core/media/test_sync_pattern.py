import itertools

import numpy as np
import pytest

from avatar_core.media.sync_pattern import BEEP_S, UTTERANCES, carrier_hz, has_beep, read_utterance, synthesize

RATES = [8000, 16000, 22050, 24000, 44100, 48000]


def test_any_cutting_gives_the_same_sound() -> None:
    whole = synthesize(2, 0, 30000, 24000)
    parts = [synthesize(2, start, min(start + 777, 30000), 24000) for start in range(0, 30000, 777)]
    assert np.array_equal(np.concatenate(parts), whole)


def test_carriers_differ_and_stay_below_the_lowest_nyquist_rate() -> None:
    carriers = [carrier_hz(utterance) for utterance in range(UTTERANCES)]
    assert len(set(carriers)) == UTTERANCES
    assert max(carriers) < 4000
    assert carrier_hz(UTTERANCES) == carrier_hz(0)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("fps", [15, 25, 30, 60])
def test_windows_with_a_beep_are_told_from_those_without(rate: int, fps: int) -> None:
    sound = synthesize(7, 0, 3 * rate, rate)
    edges = [index * rate // fps for index in range(3 * fps + 1)]
    lit = [has_beep(sound[start:stop], rate) for start, stop in itertools.pairwise(edges)]
    for index, value in enumerate(lit):
        start_s, stop_s = index / fps, (index + 1) / fps
        overlap = max(min(stop_s, beep + BEEP_S) - max(start_s, beep) for beep in (0.5, 1.5, 2.5))
        if abs(overlap) > 0.002:
            assert value == (overlap > 0), f"window {index}"


def test_an_onset_in_the_last_two_milliseconds_of_a_window_counts_as_the_next() -> None:
    sound = synthesize(0, 0, 48000, 48000)
    needed = next(samples for samples in range(480) if has_beep(sound[23000 : 24000 + samples], 48000))
    assert needed / 48000 < 0.002


def test_noise_carriers_and_snippets_are_no_beep() -> None:
    rng = np.random.default_rng(3)
    assert not has_beep((rng.normal(0, 6000, 24000)).astype(np.int16), 24000)
    assert not has_beep(synthesize(0, 0, 11900, 24000), 24000)
    assert not has_beep(np.zeros(3, dtype=np.int16), 24000)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("utterance", range(UTTERANCES))
def test_each_utterance_is_known_by_twenty_milliseconds_of_it(rate: int, utterance: int) -> None:
    sound, step = synthesize(utterance, 0, rate, rate), rate // 50
    answers = {read_utterance(sound[start : start + step], rate) for start in range(step, rate - step, step)}
    assert answers <= {utterance, None}
    assert utterance in answers


def test_silence_noise_and_snippets_belong_to_no_utterance() -> None:
    rng = np.random.default_rng(4)
    assert read_utterance(np.zeros(480, dtype=np.int16), 24000) is None
    assert read_utterance(rng.normal(0, 6000, 480).astype(np.int16), 24000) is None
    assert read_utterance(synthesize(0, 4000, 4100, 24000), 24000) is None
