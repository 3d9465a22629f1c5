"""Clicks: sound of all frequencies for a moment, which the reference does not have there."""

from collections.abc import Sequence

import numpy as np

from avatar_core.metrics.alignment import Alignment
from avatar_core.metrics.observations import HEARD_RATE_HZ, Floats, Sound
from avatar_core.metrics.speech_features import as_floats

_CELL = 24
"""Samples of one moment at 48 kHz: half a millisecond."""
_AROUND = 40
_ASIDE = 8
"""Cells next to a moment that are not its surroundings: a codec smears a click over some 4 ms."""
_MIN_SHARPNESS = 8.0
_MIN_AMOUNT = 0.012
_OVER_REFERENCE = 2.5
_NEAR_S = 0.02
_APART_S = 0.02
_EDGE_S = 0.015
_BESIDE_S = (0.008, 0.03)
_EDGE_RATIO = 100.0
"""Of powers: 20 dB."""


def clicks(reference: Sound, heard: Sound, alignment: Alignment, edges_s: Sequence[float]) -> tuple[float, ...]:
    """When clicks were heard. None is looked for at `edges_s`, where sound begins or ends: a cut sounds like one."""
    samples = as_floats(heard.at_rate(HEARD_RATE_HZ))
    sharp, amount = _sharpness(samples)
    wanted, _ = _sharpness(as_floats(reference.at_rate(HEARD_RATE_HZ)))
    if not len(sharp) or not len(wanted):
        return ()
    cell_s = _CELL / HEARD_RATE_HZ
    candidates = np.flatnonzero((sharp > _MIN_SHARPNESS) & (amount > _MIN_AMOUNT))
    near = round(_NEAR_S / cell_s)
    found: list[float] = []
    for cell in candidates[np.argsort(-sharp[candidates])]:
        at_s = heard.start_s + (cell + 0.5) * cell_s
        if any(abs(at_s - edge) < _EDGE_S for edge in edges_s) or any(abs(at_s - one) < _APART_S for one in found):
            continue
        if _is_edge(samples, cell):
            continue
        middle = int(alignment.reference_at(at_s) / cell_s)
        own = wanted[max(0, middle - near) : max(1, middle + near)]
        if sharp[cell] > _OVER_REFERENCE * (float(own.max()) if len(own) else 0.0):
            found.append(at_s)
    return tuple(sorted(found))


def _is_edge(samples: Floats, cell: int) -> bool:
    """Whether sound begins or ends here, in speech or by a cut; a click has alike on both sides."""
    middle = (cell * 2 + 1) * _CELL // 2
    near, far = round(_BESIDE_S[0] * HEARD_RATE_HZ), round(_BESIDE_S[1] * HEARD_RATE_HZ)
    before, after = samples[max(0, middle - far) : max(0, middle - near)], samples[middle + near : middle + far]
    if not len(before) or not len(after):
        return True
    low, high = sorted((float((before**2).mean()), float((after**2).mean())))
    return high > _EDGE_RATIO * (low + 1e-8)


def _sharpness(samples: Floats) -> tuple[Floats, Floats]:
    """Of each cell: how far its high frequencies stand out of those around it, and their peak amplitude."""
    high = np.abs(np.diff(samples, n=2, prepend=[0.0, 0.0]))
    count = len(high) // _CELL
    amount = high[: count * _CELL].reshape(count, _CELL).max(axis=1) if count else np.zeros(0)
    if count < 2 * _AROUND + 1:
        return np.zeros(count), amount
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(amount, _AROUND, mode="reflect"), 2 * _AROUND + 1)
    around = np.delete(windows, np.arange(_AROUND - _ASIDE, _AROUND + _ASIDE + 1), axis=1)
    # Nine in ten of the moments around it are quieter than this: a plosive has many loud ones, a click none.
    usual = np.percentile(around, 90, axis=1)
    sharp: Floats = amount / (usual + 2e-4)
    return sharp, amount
