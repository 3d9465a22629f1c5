"""The power of a voice by bands."""

import numpy as np
import pytest

from avatar_core.metrics.lip_sync.voice import VoiceBands, envelopes, spoken_share

RATE = 16_000


def burst_at(at_s: float, length_s: float = 2.0, hz: float = 500.0) -> np.ndarray:
    """Silence with 100 ms of a tone in it."""
    index = np.arange(round(length_s * RATE))
    inside = (index >= at_s * RATE) & (index < (at_s + 0.1) * RATE)
    return np.where(inside, np.rint(8000 * np.sin(2 * np.pi * hz * index / RATE)), 0).astype(np.int16)


def test_a_burst_is_found_where_it_is_however_the_sound_is_cut() -> None:
    sound = burst_at(1.0)
    whole = VoiceBands(RATE).push(sound, 5.0)
    pieces = VoiceBands(RATE)
    cut = [pieces.push(sound[start : start + 371], 5.0 + start / RATE) for start in range(0, len(sound), 371)]
    times_s, powers = np.concatenate([one for one, _ in cut]), np.concatenate([two for _, two in cut])
    assert np.allclose(powers, whole[1]) and np.allclose(times_s, whole[0])
    loud = times_s[powers[:, 0] > 0.5 * powers[:, 0].max()]
    assert loud[0] == pytest.approx(6.0, abs=0.015) and loud[-1] == pytest.approx(6.1, abs=0.015)


def test_the_power_is_that_of_full_scale() -> None:
    _, powers = VoiceBands(RATE).push(burst_at(0.5), 0.0)
    assert powers[:, 0].max() == pytest.approx((8000 / 32768) ** 2 / 2, rel=0.1)


def test_a_low_and_a_high_tone_go_into_other_bands() -> None:
    low = VoiceBands(RATE).push(burst_at(0.5, hz=200), 0.0)[1][:, 1:].max(axis=0)
    high = VoiceBands(RATE).push(burst_at(0.5, hz=4500), 0.0)[1][:, 1:].max(axis=0)
    assert np.argmax(low) < np.argmax(high)


def test_sound_after_a_gap_begins_anew_at_its_own_time() -> None:
    bands = VoiceBands(RATE)
    bands.push(burst_at(0.5), 0.0)
    times_s, _ = bands.push(burst_at(0.5), 10.0)
    assert times_s[0] == pytest.approx(10.01)


def test_silence_is_not_made_loud() -> None:
    _, powers = VoiceBands(RATE).push(np.ones(2 * RATE, np.int16), 0.0)
    assert envelopes(powers).max() < 0.1
    assert spoken_share(powers) == 0.0


def test_the_share_of_speech_is_that_of_the_loud_moments() -> None:
    _, powers = VoiceBands(RATE).push(np.tile(burst_at(0.2, 0.4), 10), 0.0)
    assert spoken_share(powers) == pytest.approx(0.25, abs=0.05)


def test_a_rate_too_low_for_a_voice_is_refused() -> None:
    with pytest.raises(ValueError, match="8000 samples a second"):
        VoiceBands(4_000)
