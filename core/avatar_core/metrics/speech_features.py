"""How loud a sound is over time, in all and by bands of frequency: what speech is recognized and compared by."""

import numpy as np

from avatar_core.metrics.observations import Floats, Sound

RATE_HZ = 16_000
"""Speech is compared at this rate."""

HOP_S = 0.01
LEVEL_HOP_S = 0.005
_LEVEL_WINDOW_S = 0.01
_WINDOW = 512
_BANDS = 20
_LOWEST_HZ, _HIGHEST_HZ = 120.0, 7000.0
FLOOR_DBFS = -65.0
"""Levels below it are all the same: whatever noise a codec fills silence with is not speech."""


def as_floats(sound: Sound) -> Floats:
    """Samples as shares of full scale."""
    scaled: Floats = sound.samples.astype(np.float64) / 32768
    return scaled


def levels(samples: Floats, sample_rate_hz: int) -> Floats:
    """Level of `samples` every LEVEL_HOP_S, in dBFS: RMS of the 10 ms around each moment."""
    hop, half = round(LEVEL_HOP_S * sample_rate_hz), round(_LEVEL_WINDOW_S * sample_rate_hz) // 2
    power = np.concatenate((np.zeros(1), np.cumsum(samples * samples)))
    at = np.arange(0, len(samples), hop)
    low, high = np.maximum(0, at - half), np.minimum(len(samples), at + half)
    mean = np.maximum(0.0, power[high] - power[low]) / np.maximum(1, high - low)
    decibels: Floats = 10 * np.log10(mean + 10 ** (FLOOR_DBFS / 10))
    return decibels


def band_levels(samples: Floats) -> Floats:
    """Levels above the floor in dB [frames, bands] of samples at RATE_HZ, a frame every HOP_S centred on its moment."""
    hop = round(HOP_S * RATE_HZ)
    padded = np.pad(samples, _WINDOW // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[::hop]
    window = np.hanning(_WINDOW)
    power = np.abs(np.fft.rfft(frames * window, axis=1)) ** 2 / (window @ window) / _WINDOW * 2
    edges = np.geomspace(_LOWEST_HZ, _HIGHEST_HZ, _BANDS + 1) * _WINDOW / RATE_HZ
    # Where a band is narrower than the spectrum's lines, it takes the nearest.
    first = np.floor(edges[:-1]).astype(int)
    last = np.maximum(first + 1, np.floor(edges[1:]).astype(int))
    summed = np.concatenate((np.zeros((len(power), 1)), np.cumsum(power, axis=1)), axis=1)
    bands = np.maximum(0.0, summed[:, last] - summed[:, first])
    floor = 10 ** (FLOOR_DBFS / 10) / _BANDS
    above: Floats = 10 * np.log10(bands / floor + 1)
    return above
