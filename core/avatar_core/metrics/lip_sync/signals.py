"""Both signals on one clock: grids and band powers, which come when they come, at 100 Hz and in one band."""

import numpy as np

from avatar_core.metrics.observations import Floats

RATE_HZ = 100
"""Of all that is compared."""
_MEAN_S = 0.8
_SIGMA_S = 0.02
_LONE_S = 0.05
"""Sound that is further away than this from a moment says nothing about it."""


def clock(start_s: float, end_s: float) -> Floats:
    """The moments between two times, RATE_HZ a second."""
    return start_s + np.arange(max(0, round((end_s - start_s) * RATE_HZ))) / RATE_HZ


def pictures_at(times_s: Floats, grids: Floats, moments_s: Floats) -> Floats:
    """Grids [n, cells] at other moments [m, cells], linear between pictures; the first and last stand beyond."""
    right = np.clip(np.searchsorted(times_s, moments_s), 1, len(times_s) - 1)
    left = right - 1
    span_s = np.maximum(times_s[right] - times_s[left], 1e-9)
    share = np.clip((moments_s - times_s[left]) / span_s, 0.0, 1.0)[:, np.newaxis]
    mixed: Floats = grids[left] * (1 - share) + grids[right] * share
    return mixed


def powers_at(times_s: Floats, powers: Floats, moments_s: Floats) -> Floats:
    """Band powers [n, bands] at other moments [m, bands], linear; nothing where there is no sound nearby."""
    found = np.stack([np.interp(moments_s, times_s, band) for band in powers.T], axis=1)
    right = np.clip(np.searchsorted(times_s, moments_s), 1, len(times_s) - 1)
    nearest_s = np.minimum(abs(times_s[right] - moments_s), abs(times_s[right - 1] - moments_s))
    found[nearest_s > _LONE_S] = 0.0
    return found


def band_pass(signals: Floats) -> Floats:
    """Signals [m, n] at RATE_HZ without what is slower than 0.8 s or quicker than 20 ms, with no delay."""
    return _smoothed(signals - _running_mean(signals))


def _running_mean(signals: Floats) -> Floats:
    """Of 0.8 s around each moment, of as much as there is at either end."""
    half = round(_MEAN_S * RATE_HZ / 2)
    summed = np.concatenate((np.zeros((1, signals.shape[1])), np.cumsum(signals, axis=0)))
    index = np.arange(len(signals))
    end, start = np.minimum(index + half + 1, len(signals)), np.maximum(index - half, 0)
    mean: Floats = (summed[end] - summed[start]) / (end - start)[:, np.newaxis]
    return mean


def _smoothed(signals: Floats) -> Floats:
    reach = round(3 * _SIGMA_S * RATE_HZ)
    taps = np.exp(-0.5 * (np.arange(-reach, reach + 1) / (_SIGMA_S * RATE_HZ)) ** 2)
    padded = np.pad(signals, ((reach, reach), (0, 0)), mode="edge")
    smooth = np.zeros_like(signals)
    for tap, weight in enumerate(taps / taps.sum()):
        smooth += weight * padded[tap : tap + len(signals)]
    return smooth
