"""Curves of correlation over lags, and where they peak."""

import numpy as np

from avatar_core.metrics.observations import Floats


def correlations(one: Floats, other: Floats) -> Floats:
    """Of each pair of columns [n, lags]; 0 where either does not move."""
    one, other = one - one.mean(axis=0), other - other.mean(axis=0)
    power = (one**2).sum(axis=0) * (other**2).sum(axis=0)
    found: Floats = (one * other).sum(axis=0) / np.sqrt(np.maximum(power, 1e-18))
    return found


def peak(curve: Floats) -> tuple[float, bool]:
    """Where the largest value lies, by the parabola through it and its neighbours; whether it stands at an end."""
    best = int(np.argmax(curve))
    if best in (0, len(curve) - 1):
        return float(best), True
    before, middle, after = curve[best - 1 : best + 2]
    bend = before - 2 * middle + after
    return best + (float(0.5 * (before - after) / bend) if bend < 0 else 0.0), False
