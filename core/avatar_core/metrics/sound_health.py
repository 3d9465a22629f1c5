"""The health of received sound without a reference: where it was audible, silent, clipped, or there twice."""

from collections.abc import Sequence

import numpy as np

from avatar_core.metrics.observations import Sound

AUDIBLE_DBFS = -50.0
"""A stretch of 10 ms is audible above this; silence from an encoder lies below -70, the pattern's carrier at -25."""

SILENT_AFTER_S = 0.2
"""Quiet for so long counts as silence, dated back to its beginning; shorter quiet is a gap between words."""

_FRAME_S = 0.01
_FULL_SCALE = 32_700

Stretch = tuple[float, float]


def audible_stretches(sound: Sound) -> list[Stretch]:
    """From when to when it was audible, in the time of `sound`; quiet of less than 0.2 s does not part them."""
    size = round(_FRAME_S * sound.sample_rate_hz)
    frames = sound.samples[: len(sound.samples) // size * size].reshape(-1, size).astype(np.float64) / 32768
    loud = np.flatnonzero((frames**2).mean(axis=1) > 10 ** (AUDIBLE_DBFS / 10))
    found: list[Stretch] = []
    for frame in loud:
        start_s = sound.start_s + float(frame) * _FRAME_S
        if found and start_s - found[-1][1] < SILENT_AFTER_S:
            found[-1] = (found[-1][0], start_s + _FRAME_S)
        else:
            found.append((start_s, start_s + _FRAME_S))
    return found


def silences(audible: Sequence[Stretch], start_s: float, end_s: float) -> list[Stretch]:
    """What lies between the audible stretches from one moment to another, those at either end included."""
    edges = [start_s, *(edge for stretch in audible for edge in stretch if stretch[1] > start_s), end_s]
    between = zip(edges[::2], edges[1::2], strict=True)
    inside = ((max(since_s, start_s), min(until_s, end_s)) for since_s, until_s in between)
    return [(since_s, until_s) for since_s, until_s in inside if until_s > since_s]


def longest_silence_ms(
    audible: Sequence[Stretch], start_s: float, end_s: float, *, pauses: Sequence[Stretch] = ()
) -> float:
    """The longest silence between two moments, those at either end included; `pauses` in it don't count."""
    return 1000 * max(
        (
            until_s - since_s - sum(_overlap_s((since_s, until_s), pause) for pause in pauses)
            for since_s, until_s in silences(audible, start_s, end_s)
        ),
        default=0.0,
    )


def heard_at_once_ms(one: Sequence[Stretch], other: Sequence[Stretch]) -> float:
    """For how long two participants were audible at the same time."""
    return 1000 * sum(_overlap_s(stretch, another) for stretch in one for another in other)


def clipped_percent(sound: Sound) -> float:
    """Share of the audible stretches of 10 ms in which two samples on end, or more, stand at full scale.

    What was clipped before a codec overshoots behind it, so it stands there again. A lone sample may be a mere peak.
    """
    size = round(_FRAME_S * sound.sample_rate_hz)
    frames = sound.samples[: len(sound.samples) // size * size].reshape(-1, size)
    power = (frames.astype(np.float64) ** 2).mean(axis=1) / 32768**2
    audible = power > 10 ** (AUDIBLE_DBFS / 10)
    if not audible.any():
        return 0.0
    full = np.abs(frames.astype(np.int32)) >= _FULL_SCALE
    clipped = (full[:, 1:] & full[:, :-1]).any(axis=1)
    return 100 * float((clipped & audible).sum() / audible.sum())


def _overlap_s(one: Stretch, other: Stretch) -> float:
    return max(0.0, min(one[1], other[1]) - max(one[0], other[0]))
