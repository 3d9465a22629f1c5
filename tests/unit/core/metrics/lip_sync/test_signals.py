"""Pictures and sound on one clock."""

import numpy as np

from avatar_core.metrics.lip_sync.signals import RATE_HZ, band_pass, clock, pictures_at, powers_at


def test_a_picture_between_two_is_their_mixture_by_time() -> None:
    times_s = np.array([0.0, 0.04, 0.08])
    grids = np.array([[0.0], [10.0], [30.0]])
    assert np.allclose(pictures_at(times_s, grids, np.array([0.0, 0.01, 0.06])).ravel(), [0.0, 2.5, 20.0])


def test_before_the_first_and_after_the_last_picture_they_stand_still() -> None:
    times_s = np.array([1.0, 2.0])
    assert pictures_at(times_s, np.array([[5.0], [7.0]]), np.array([0.0, 9.0])).ravel().tolist() == [5.0, 7.0]


def test_sound_that_is_missing_is_silence_and_not_a_bridge() -> None:
    times_s = np.array([0.0, 0.01, 1.0, 1.01])
    powers = np.ones((4, 2))
    found = powers_at(times_s, powers, np.array([0.005, 0.5, 1.005]))
    assert found[:, 0].tolist() == [1.0, 0.0, 1.0]


def test_the_band_keeps_a_mouths_movement_and_leaves_out_a_slow_change_of_light() -> None:
    at_s = clock(0, 10)
    speech, light = np.sin(2 * np.pi * 4 * at_s), 5 * np.sin(2 * np.pi * 0.05 * at_s)
    passed = band_pass(np.column_stack((speech, light)))[RATE_HZ:-RATE_HZ]
    assert passed[:, 0].std() > 0.6 * speech.std()
    assert passed[:, 1].std() < 0.05 * light.std()


def test_the_band_moves_nothing_in_time() -> None:
    step = np.zeros((400, 1))
    step[200] = 1.0
    assert int(np.argmax(band_pass(step))) == 200
