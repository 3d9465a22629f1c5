"""The health of sound without a reference: audible stretches, silences, both at once, clipping through a codec."""

import numpy as np
import pytest

from avatar_core.metrics.observations import Sound
from avatar_core.metrics.sound_health import audible_stretches, clipped_percent, heard_at_once_ms, longest_silence_ms
from tests.fakes.heard_speech import heard, played, speech


def tone(*parts: tuple[float, float]) -> Sound:
    """Parts of (length in s, amplitude), from 100 s on."""
    pieces = [np.sin(np.arange(round(length_s * 48_000)) / 20) * level * 32767 for length_s, level in parts]
    return Sound(np.concatenate(pieces).astype(np.int16), 48_000, 100.0)


def test_audible_stretches_are_parted_by_silence_of_two_tenths_of_a_second() -> None:
    sound = tone((1.0, 0.0), (1.0, 0.2), (0.15, 0.0), (1.0, 0.2), (0.3, 0.0), (0.5, 0.2))
    stretches = audible_stretches(sound)
    assert [edge for stretch in stretches for edge in stretch] == pytest.approx([101, 103.15, 103.45, 103.95])
    assert audible_stretches(tone((1.0, 0.001))) == []


def test_longest_silence_is_that_within_the_span_ends_included() -> None:
    stretches = [(101.0, 103.0), (103.5, 104.0)]
    assert longest_silence_ms(stretches, 101.0, 104.0) == pytest.approx(500)
    assert longest_silence_ms(stretches, 100.2, 104.0) == pytest.approx(800)
    assert longest_silence_ms(stretches, 101.0, 106.0) == pytest.approx(2000)
    assert longest_silence_ms(stretches, 101.2, 102.8) == 0
    assert longest_silence_ms([], 10.0, 13.0) == pytest.approx(3000)
    assert longest_silence_ms([(1.0, 2.0)], 10.0, 11.0) == pytest.approx(1000)


def test_two_heard_at_once_count_for_the_time_they_share() -> None:
    assert heard_at_once_ms([(0.0, 2.0), (3.0, 4.0)], [(1.5, 3.25)]) == pytest.approx(750)
    assert heard_at_once_ms([(0.0, 2.0)], [(2.0, 3.0)]) == 0


@pytest.mark.parametrize("name", ["ada-welcome", "miles-bilabials", "iris-tour", "sync-pattern"])
def test_clean_speech_is_not_clipped(name: str) -> None:
    assert clipped_percent(heard(played(speech(name, 6.0)))) == 0


@pytest.mark.parametrize("name", ["ada-welcome", "iris-tour"])
def test_speech_clipped_before_the_codec_is_told_and_more_where_it_is_worse(name: str) -> None:
    samples = played(speech(name, 6.0)).astype(np.int32)
    little, much = (clipped_percent(heard(samples * gain)) for gain in (4, 12))
    assert 1 < little < much <= 100


def test_silence_is_not_clipped() -> None:
    assert clipped_percent(tone((1.0, 0.0))) == 0
