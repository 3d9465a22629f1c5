"""The lock: at which lag a filter over the picture foretells the voice best, judged on what it was not learned from."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from avatar_core.metrics.lip_sync.history import REACH_S, Stretch
from avatar_core.metrics.lip_sync.peaks import correlations, peak
from avatar_core.metrics.lip_sync.signals import RATE_HZ
from avatar_core.metrics.observations import Floats

Lags = npt.NDArray[np.int64]

_STEP = 4
"""Rows are taken at 25 Hz; lags stay at 10 ms."""
_FOLDS = 4
_RIDGE = 0.3
_SOUND_RIDGE = 0.05
_SPREAD = 0.5
"""Added to each cell's standard deviation, in grays: what hardly moves does not count more for it."""
_FAR_S = (1.5, 6.5)
_CHUNK_S = 1.0
_REFINED = 6
"""The bands move the peak by no more lags than these."""
_REACH = round(REACH_S * RATE_HZ)
_NEAR: Lags = np.arange(-_REACH, _REACH + 1)
_AHEAD: Lags = np.arange(_REACH + 2, round(_FAR_S[0] * RATE_HZ), 2)
_BEYOND: Lags = np.concatenate((-_AHEAD[::-1], _AHEAD))


@dataclass(frozen=True, slots=True)
class Lock:
    """The best lag and what speaks for it.

    `score`: correlation of the voice with what was foretold at that lag, cross-validated. `rival`: the largest such
    correlation at lags at which nothing can be in sync; `distance`: how far above all those it stands, in their
    standard deviations. `out_of_range`: half a second or more fits better. `cells` [576] and `sounds` [11] are
    weights: of a mouth, and of the voice it follows.
    """

    offset_ms: float
    out_of_range: bool
    score: float
    rival: float
    distance: float
    cells: Floats
    sounds: Floats


def find_lock(stretch: Stretch) -> Lock:
    """The lock of a stretch of 4 s or more: by loudness first, then by the bands that this mouth follows."""
    spread = stretch.cells.std(axis=0) + _SPREAD
    rows = (stretch.cells / spread)[::_STEP]
    foretold = _cross_validated(rows)
    far = _far_lags(stretch.length_s)

    targets = _at_lags(stretch.sounds[:, 0], np.concatenate((_NEAR, _BEYOND, far)), len(rows))
    near, beyond, rival = np.split(correlations(foretold @ targets, targets), np.cumsum((len(_NEAR), len(_BEYOND))))
    at, at_edge = peak(near)
    best = round(at)
    score = float(near[best])
    rivals = [float(rival[chunk].max()) for chunk in _chunks(far)]

    # The mouth as it is seen at that lag says which bands of the voice it follows: these place the peak better. They
    # are fitted to this very lag, so they have no say in whether it is one: with them, chance looks good as well.
    sounds = _fit_sounds(stretch, foretold @ targets[:, best], int(_NEAR[best]))
    close: Lags = np.clip(_NEAR[best] + np.arange(-_REFINED, _REFINED + 1), -_REACH, _REACH)
    targets = _at_lags(stretch.sounds @ sounds, close, len(rows))
    refined, unsure = peak(correlations(foretold @ targets, targets))
    if not unsure:
        at = refined + best - _REFINED
    return Lock(
        offset_ms=(at - _REACH) * 1000 / RATE_HZ,
        out_of_range=at_edge or float(beyond.max()) > score,
        score=score,
        rival=max(rivals),
        distance=float((score - np.mean(rivals)) / (np.std(rivals) + 0.02)),
        cells=_learn(rows, targets[:, round(at) - best + _REFINED]) / spread,
        sounds=sounds,
    )


def _cross_validated(rows: Floats) -> Floats:
    """The matrix [n, n] that foretells any target [n] from `rows` [n, cells], each fold from the others alone."""
    kernel = rows @ rows.T
    kernel *= len(rows) / max(float(np.trace(kernel)), 1e-9)
    everything = np.arange(len(rows))
    foretold = np.zeros_like(kernel)
    for fold in np.array_split(everything, _FOLDS):
        rest = np.setdiff1d(everything, fold)
        learned = kernel[np.ix_(rest, rest)] + _RIDGE * np.eye(len(rest))
        foretold[np.ix_(fold, rest)] = np.linalg.solve(learned, kernel[np.ix_(rest, fold)]).T
    return foretold


def _learn(rows: Floats, target: Floats) -> Floats:
    """Weights [cells] of a ridge regression on all of `rows`."""
    kernel = rows @ rows.T
    scale = max(float(np.trace(kernel)), 1e-9) / len(rows)
    weights: Floats = rows.T @ np.linalg.solve(kernel + _RIDGE * scale * np.eye(len(rows)), target)
    return weights


def _fit_sounds(stretch: Stretch, mouth: Floats, lag: int) -> Floats:
    """Weights [11] of loudness and bands whose sum is most like `mouth` at `lag`."""
    lags: Lags = np.array([lag])
    sounds: Floats = np.column_stack([_at_lags(band, lags, len(mouth)) for band in stretch.sounds.T])
    gram = sounds.T @ sounds
    ridge = _SOUND_RIDGE * max(float(np.trace(gram)), 1e-9) / len(gram) * np.eye(len(gram))
    return np.asarray(np.linalg.solve(gram + ridge, sounds.T @ mouth), dtype=np.float64)


def _far_lags(length_s: float) -> Lags:
    """Lags of both signs at which nothing can be in sync; fewer where the stretch is short."""
    nearest_s, furthest_s = _FAR_S[0], max(_FAR_S[0] + _CHUNK_S, min(_FAR_S[1], length_s / 2))
    ahead: Lags = np.arange(round(nearest_s * RATE_HZ), round(furthest_s * RATE_HZ), 2)
    return np.concatenate((-ahead[::-1], ahead))


def _chunks(lags: Lags) -> list[npt.NDArray[np.bool_]]:
    """Which of the far lags belong to each second of them, on either side."""
    number = np.sign(lags) * ((abs(lags) - round(_FAR_S[0] * RATE_HZ)) // round(_CHUNK_S * RATE_HZ) + 1)
    return [number == one for one in np.unique(number)]


def _at_lags(sound: Floats, lags: Lags, rows: int) -> Floats:
    """The sound [rows, lags] that belongs to each row of the pictures, were they late by each lag.

    Far lags reach beyond what is there and go on at its other end: out of sync, all sound is equal.
    """
    index = _REACH + _STEP * np.arange(rows)[:, np.newaxis] - lags
    found: Floats = sound[index % len(sound)]
    return found
