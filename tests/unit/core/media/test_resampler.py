from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avatar_core.media.frames import AudioFrame, Samples
from avatar_core.media.resampler import Resampler, remix

RATES = [8000, 16000, 22050, 24000, 44100, 48000]


def tone(rate: int, start_s: float, duration_s: float, hz: float = 440.0) -> AudioFrame:
    time_s = start_s + np.arange(round(rate * duration_s)) / rate
    return AudioFrame(np.rint(np.sin(2 * np.pi * hz * time_s) * 16000).astype(np.int16), rate)


def convert(resampler: Resampler, frames: list[AudioFrame]) -> Samples:
    return np.concatenate([*(resampler.push(frame) for frame in frames), resampler.flush()])


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(RATES), st.sampled_from(RATES), st.lists(st.integers(0, 700), min_size=1, max_size=12))
def test_length_is_exact_however_the_sound_was_cut(source: int, target: int, cuts: list[int]) -> None:
    frames = [AudioFrame(np.ones(count, dtype=np.int16), source) for count in cuts]
    assert len(convert(Resampler(target), frames)) == round(sum(cuts) * target / source)


@pytest.mark.parametrize(("source", "target"), [(16000, 24000), (44100, 24000), (24000, 48000), (22050, 16000)])
def test_a_tone_stays_the_tone_and_in_place(source: int, target: int) -> None:
    converted = convert(Resampler(target), [tone(source, step * 0.1, 0.1) for step in range(5)])
    wanted = tone(target, 0, 0.5).samples
    inner = slice(200, -200)
    assert np.abs(converted[inner].astype(int) - wanted[inner]).max() < 60


def test_equal_rates_pass_untouched() -> None:
    frame = tone(24000, 0, 0.1)
    assert np.array_equal(convert(Resampler(24000), [frame]), frame.samples)


def test_a_change_of_rate_makes_no_click() -> None:
    rates = (16000, 44100, 24000, 16000)
    converted = convert(Resampler(24000), [tone(rate, index * 0.2, 0.2) for index, rate in enumerate(rates)])
    wanted = tone(24000, 0, 0.8).samples
    assert len(converted) == len(wanted)
    for joint in (4800, 9600, 14400):
        around = slice(joint - 100, joint + 100)
        assert np.abs(converted[around].astype(int) - wanted[around]).max() < 60, f"joint at {joint}"


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(RATES), st.integers(0, 900)), min_size=1, max_size=6))
def test_length_is_exact_across_changes_of_rate(parts: list[tuple[int, int]]) -> None:
    runs: list[list[int]] = []
    for rate, count in parts:
        if count and runs and runs[-1][0] == rate:
            runs[-1][1] += count
        elif count:
            runs.append([rate, count])
    frames = [AudioFrame(np.ones(count, dtype=np.int16), rate) for rate, count in parts]
    wanted = sum(round(Fraction(count * 24000, rate)) for rate, count in runs)
    assert len(convert(Resampler(24000), frames)) == wanted


def test_flush_begins_a_new_stream_and_reset_forgets() -> None:
    resampler = Resampler(24000)
    first = convert(resampler, [tone(16000, 0, 0.1)])
    resampler.push(AudioFrame(np.full(100, 9999, dtype=np.int16), 16000))
    resampler.reset()
    assert np.array_equal(convert(resampler, [tone(16000, 0, 0.1)]), first)


def test_stereo_is_averaged_and_mono_repeated() -> None:
    stereo = np.array([[100, 300], [-2, -4]], dtype=np.int16)
    assert remix(stereo, 1).tolist() == [[200], [-3]]
    assert remix(remix(stereo, 1), 2).tolist() == [[200, 200], [-3, -3]]


def test_stereo_is_converted_channel_by_channel() -> None:
    left, right = tone(16000, 0, 0.2, 300).samples, tone(16000, 0, 0.2, 700).samples
    converted = convert(Resampler(24000, 2), [AudioFrame(np.hstack((left, right)), 16000)])
    alone = convert(Resampler(24000), [AudioFrame(right, 16000)])
    assert np.abs(converted[:, 1:].astype(int) - alone).max() <= 1


@pytest.mark.parametrize(("rate", "channels"), [(0, 1), (24000, 0), (24000, 3)])
def test_impossible_targets_are_refused(rate: int, channels: int) -> None:
    with pytest.raises(ValueError):
        Resampler(rate, channels)
