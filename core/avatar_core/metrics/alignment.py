"""Where each moment of a reference was heard: found by its spectrum first, then by its waveform, to a fraction of 1 ms.

A jitter buffer stretches and shortens, a fault cuts and inserts: the delay is followed along the utterance. Every
function is pure; sounds are compared at RATE_HZ.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from avatar_core.metrics.observations import Floats, Sound
from avatar_core.metrics.speech_features import HOP_S, RATE_HZ, as_floats, band_levels

_BLOCK = 60
"""Frames of the spectrum compared at once: 0.6 s, some three syllables."""
_STEP = 20
_PAD_S = 0.3
"""Silence on either side of the reference, so that its beginning and end count as such."""
_MOVE_COST = 0.06
_JUMP_COST = 2.0
_FAR_COST = 0.005
"""What a change of delay by one frame of 10 ms costs as a move, and as a jump, which costs something by itself too."""
_ALIKE = 0.5
_RECOGNIZED = 0.65
"""Likeness, 0 to 1, of a block that was heard, and mean of all: other speech of the same voice has 0.56."""
_FEWEST_BLOCKS = 4
_SURELY, _STILL_ALIKE = 0.8, 0.7
"""How many blocks at its beginning, and their mean, are enough where it was broken off; they end below the latter."""
_MAX_GAIN = 30.0

_FINE_S = 0.08
_FINE_STEP_S = 0.05
_FINE_SEARCH_S = 0.025
_FINE_LIKENESS = 0.6
_ALONE = 0.015
_STRAY_S = 0.006


@dataclass(frozen=True, slots=True, eq=False)
class Alignment:
    """Points at which a moment of the reference, `reference_s`, was heard at `heard_s` (monotonic), in rising order.

    `exact` marks those found by waveform, to a fraction of a millisecond; the others are good to some 5 ms.
    `block_reference_s` and `block_heard_s` are the points found by spectrum alone, five a second: what they say of
    speed is not led astray by a vowel's periods. `likeness` is how well the whole fits, 0 to 1.
    """

    reference_s: Floats
    heard_s: Floats
    exact: npt.NDArray[np.bool_]
    block_reference_s: Floats
    block_heard_s: Floats
    likeness: float

    def heard_at(self, reference_s: Floats) -> Floats:
        """When these moments of the reference were, or would have been, heard."""
        delay_s = np.interp(reference_s, self.reference_s, self.heard_s - self.reference_s)
        heard: Floats = reference_s + delay_s
        return heard

    def reference_at(self, heard_s: float) -> float:
        """Which moment of the reference belongs there. Outside of the points it goes on at the delay of the nearest."""
        within_s = float(np.clip(heard_s, self.heard_s[0], self.heard_s[-1]))
        return float(np.interp(within_s, self.heard_s, self.reference_s)) + heard_s - within_s


def align(reference: Sound, heard: Sound, *, earliest_s: float | None = None, cut: bool = False) -> Alignment | None:
    """Find `reference` (its time counted from 0) in `heard`; None where it was not heard.

    `earliest_s`: the reference's beginning can't have been heard before this moment. `cut`: nor need its end ever be.
    """
    reference, heard = reference.at_rate(RATE_HZ), heard.at_rate(RATE_HZ)
    coarse = _coarse(reference, heard, earliest_s, cut)
    if coarse is None:
        return None
    blocks_s, delays_s, likeness = coarse
    exact_s, exact_delays_s = _fine(as_floats(reference), heard, blocks_s, delays_s)
    far = _far_from(exact_s, blocks_s)
    times_s = np.concatenate((exact_s, blocks_s[far]))
    heard_s = times_s + np.concatenate((exact_delays_s, delays_s[far]))
    order = np.argsort(times_s, kind="stable")
    return Alignment(times_s[order], heard_s[order], (order < len(exact_s)), blocks_s, blocks_s + delays_s, likeness)


def _coarse(reference: Sound, heard: Sound, earliest_s: float | None, cut: bool) -> tuple[Floats, Floats, float] | None:
    """Block by block, the path of delays along which the spectra are most alike (dynamic programming)."""
    pad = round(_PAD_S / HOP_S)
    sent, played = as_floats(reference), as_floats(heard)
    gain = np.sqrt(_loud_power(sent) / (_loud_power(played) + 1e-12))
    wanted = np.pad(band_levels(sent), ((pad, pad), (0, 0)))
    if len(wanted) < _BLOCK:
        wanted = np.pad(wanted, ((0, _BLOCK - len(wanted)), (0, 0)))
    got = np.pad(band_levels(played * np.clip(gain, 1 / _MAX_GAIN, _MAX_GAIN)), ((pad, pad + len(wanted)), (0, 0)))
    mean = wanted.mean(axis=0)
    wanted, got = wanted - mean, got - mean
    # Delay 0 of the table: reference and heard begin together.
    first = 0 if earliest_s is None else max(0, round((earliest_s - heard.start_s) / HOP_S) - 2)
    delays = len(got) - len(wanted) + 1 - first
    if delays < 1:
        return None
    starts = np.arange(0, len(wanted) - _BLOCK + 1, _STEP)
    likeness = np.array([_likeness(wanted[at : at + _BLOCK], got[at + first :], delays) for at in starts])
    # A block without speech says nothing.
    active = np.array([np.ptp(wanted[at : at + _BLOCK].sum(axis=1)) > 60 for at in starts])
    if not active.any():
        return None
    path = _best_path(np.where(active[:, None], likeness, 0.0))
    found = likeness[np.arange(len(starts)), path]
    good = _recognized(found, active, cut)
    if not good.any():
        return None
    exact = np.array([_summit(likeness[row], path[row]) for row in np.flatnonzero(good)])
    times_s: Floats = (starts[good].astype(np.float64) + _BLOCK / 2 - pad) * HOP_S
    return times_s, heard.start_s + (first + exact) * HOP_S, float(found[good].mean())


def _recognized(found: Floats, active: npt.NDArray[np.bool_], cut: bool) -> npt.NDArray[np.bool_]:
    """The blocks that were heard: alike on the whole, or its beginning very much so, where it was broken off."""
    good: npt.NDArray[np.bool_] = active & (found >= _ALIKE)
    on_the_whole = float(found[active].mean()) >= _RECOGNIZED
    if on_the_whole and not cut:
        return good
    # It was heard up to where going on would only have brought blocks that are less alike.
    begun = 1 + int(np.cumsum(found[active] - _STILL_ALIKE).argmax())
    few = begun < min(_FEWEST_BLOCKS, int(active.sum()))
    if not on_the_whole and (few or float(found[active][:begun].mean()) < _SURELY):
        return np.zeros(len(good), dtype=bool)
    last = np.flatnonzero(active)[begun - 1]
    good[last + 1 :] = False
    return good


def _loud_power(samples: Floats) -> float:
    """Mean square of the louder passages."""
    blocks = samples[: len(samples) // 320 * 320].reshape(-1, 320)
    return float(np.percentile((blocks**2).mean(axis=1), 90)) if len(blocks) else 0.0


def _likeness(block: Floats, got: Floats, delays: int) -> Floats:
    """Cosine between `block` [frames, bands] and what was heard at each delay."""
    windows = np.lib.stride_tricks.sliding_window_view(got[: delays + _BLOCK - 1], _BLOCK, axis=0)
    dot = np.einsum("dbf,fb->d", windows, block)
    power = np.concatenate((np.zeros(1), np.cumsum((got[: delays + _BLOCK - 1] ** 2).sum(axis=1))))
    norm = np.sqrt((power[_BLOCK:] - power[:-_BLOCK]) * (block**2).sum()) + 1e-9
    cosine: Floats = dot / norm
    return cosine


def _best_path(score: Floats) -> npt.NDArray[np.intp]:
    """The delay of each block: the likest overall, where a change has its cost."""
    blocks, delays = score.shape
    total, back = score[0], np.zeros((blocks, delays), dtype=np.intp)
    for block in range(1, blocks):
        moved, moved_from = _nearest(total, _MOVE_COST)
        jumped, jumped_from = _nearest(total, _FAR_COST)
        jumps = jumped - _JUMP_COST > moved
        back[block] = np.where(jumps, jumped_from, moved_from)
        total = np.where(jumps, jumped - _JUMP_COST, moved) + score[block]
    path = np.zeros(blocks, dtype=np.intp)
    path[-1] = int(total.argmax())
    for block in range(blocks - 1, 0, -1):
        path[block - 1] = back[block, path[block]]
    return path


def _nearest(total: Floats, cost: float) -> tuple[Floats, npt.NDArray[np.intp]]:
    """For each delay the best of all, each less `cost` for every step that it is away; and which one that is."""
    here = np.arange(len(total))
    rising, falling = total + cost * here, (total - cost * here)[::-1]
    best_below, best_above = np.maximum.accumulate(rising), np.maximum.accumulate(falling)[::-1]
    from_below = np.maximum.accumulate(np.where(rising >= best_below, here, 0))
    from_above = len(total) - 1 - np.maximum.accumulate(np.where(falling >= best_above[::-1], here, 0))[::-1]
    below = best_below - cost * here >= best_above + cost * here
    best: Floats = np.where(below, best_below - cost * here, best_above + cost * here)
    return best, np.where(below, from_below, from_above)


def _summit(row: Floats, index: int) -> float:
    """`index` corrected to the top of the parabola through it and its neighbours."""
    if not 0 < index < len(row) - 1:
        return float(index)
    left, middle, right = row[index - 1 : index + 2]
    bend = left - 2 * middle + right
    return index + float(np.clip(0.5 * (left - right) / bend, -0.5, 0.5)) if bend < 0 else float(index)


def _fine(reference: Floats, heard: Sound, times_s: Floats, delays_s: Floats) -> tuple[Floats, Floats]:
    """Points found by waveform near where the spectrum says; strays among their neighbours are left out."""
    got = as_floats(heard)
    length, search = round(_FINE_S * RATE_HZ), round(_FINE_SEARCH_S * RATE_HZ)
    found: list[tuple[float, float]] = []
    for start in range(0, len(reference) - length, round(_FINE_STEP_S * RATE_HZ)):
        piece = reference[start : start + length]
        power = float(piece @ piece)
        if power / length < 1e-5:
            continue
        middle_s = (start + length / 2) / RATE_HZ
        delay_s = float(np.interp(middle_s, times_s, delays_s))
        at = round((delay_s - heard.start_s) * RATE_HZ) + start - search
        if at < 0 or at + length + 2 * search > len(got):
            continue
        window = got[at : at + length + 2 * search]
        likeness = correlate(window, piece)
        best = int(likeness.argmax())
        if likeness[best] >= _FINE_LIKENESS and _is_alone(likeness, best):
            exact = at + _summit(likeness, best) - start
            found.append((middle_s, heard.start_s + exact / RATE_HZ))
    points = np.array(found).reshape(-1, 2)
    kept = _without_strays(points[:, 1])
    return points[kept, 0], points[kept, 1]


def _is_alone(likeness: Floats, best: int) -> bool:
    """Whether no other summit is nearly as high: a steady tone looks the same after each of its periods."""
    inner = likeness[1:-1]
    summits = 1 + np.flatnonzero((inner >= likeness[:-2]) & (inner > likeness[2:]))
    others = summits[summits != best]
    return not len(others) or float(likeness[others].max()) < likeness[best] - _ALONE


def correlate(window: Floats, piece: Floats) -> Floats:
    """Normalized correlation, -1 to 1, of `piece` with `window` at each place where it fits."""
    size = 1 << (len(window) + len(piece) - 1).bit_length()
    spectrum = np.fft.rfft(window, size) * np.conj(np.fft.rfft(piece, size))
    dot = np.fft.irfft(spectrum, size)[: len(window) - len(piece) + 1]
    power = np.concatenate((np.zeros(1), np.cumsum(window * window)))
    norm = np.sqrt(np.maximum(0.0, power[len(piece) :] - power[: -len(piece)]) * float(piece @ piece))
    likeness: Floats = dot / (norm + 1e-6)
    return likeness


def _without_strays(delays_s: Floats) -> npt.NDArray[np.bool_]:
    """Which delays agree with most of their neighbours: a vowel's waveform repeats, and may be taken for another."""
    if len(delays_s) < 3:
        return np.ones(len(delays_s), dtype=bool)
    padded = np.pad(delays_s, 2, mode="reflect" if len(delays_s) > 2 else "edge")
    around = np.lib.stride_tricks.sliding_window_view(padded, 5)
    agreeing = (np.abs(around - delays_s[:, None]) < _STRAY_S).sum(axis=1)
    kept: npt.NDArray[np.bool_] = agreeing >= 3
    return kept


def _far_from(fine_s: Floats, times_s: Floats) -> npt.NDArray[np.bool_]:
    """Which points by spectrum have none by waveform within their block."""
    if not len(fine_s):
        return np.ones(len(times_s), dtype=bool)
    far: npt.NDArray[np.bool_] = np.abs(times_s[:, None] - fine_s[None, :]).min(axis=1) > _BLOCK * HOP_S / 2
    return far
