"""An utterance against its reference: what of it was heard, when, how long, at what pitch, with which flaws.

The sound that was sent is the reference (its time counted from 0); what a viewer heard is compared with it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from avatar_core.metrics.alignment import Alignment, align
from avatar_core.metrics.clicks import clicks
from avatar_core.metrics.observations import Floats, Sound
from avatar_core.metrics.pitch import pitch_ratio
from avatar_core.metrics.speech_features import FLOOR_DBFS, LEVEL_HOP_S, RATE_HZ, as_floats, levels

_LOUD_SHARE_DB = 30.0
"""Speech begins and ends where it is within this of its loud passages; quieter edges are a codec's to keep or not."""
_THERE_DB = 12.0
"""Within this of what it should be, a moment of speech was heard: a codec's ringing after a cut falls below it soon."""
_ABSENT_DB = 18.0
"""So much below what it should be, a moment of speech was not heard."""
_QUIET_DBFS = -50.0
_GAP_S = 0.03
_FINE_S = 0.08
_SLACK_S = 0.015
"""How far a moment of the reference may have been heard from where the alignment says."""
_KNOWN_S = 0.45
"""Half a block of the spectrum and a half more: so far beyond the middle of the last one that was recognized."""
_NEARLY_ALL = 0.9
_FEWEST_PAIRS = 4
_EXACT_APART_S = (0.25, 1.1)
_BLOCKS_APART_S = (1.0, 4.0)
"""Speed is taken between points this far apart: a jitter buffer's steps are then outvoted."""
_BREAK_S, _BREAK_SHARE = 0.15, 0.3
"""No speed moves the delay by more between neighbouring points, or by more of the time between them."""
_SKIP_S = 0.05


class Speed(NamedTuple):
    """By how much speech ran too slowly (+), or too fast; `exact`: between points that were found by waveform."""

    error_percent: float
    exact: bool


@dataclass(frozen=True, slots=True)
class Utterance:
    """What was heard of one utterance, times in monotonic seconds, the rest as the metrics of docs/measurement.md.

    `pitch_error_percent`: + = too high. It and `speed` are None where too little could be compared.
    """

    first_sound_s: float
    end_s: float
    onset_s: float
    """Of the reference's first sound, from its beginning."""
    heard_until_s: float
    """Up to where the reference was heard, from its beginning."""
    silent_until_s: float
    """And where its next sound would have been: a position between the two is as true as any."""
    duration_ratio: float
    missing_start_ms: float
    missing_end_ms: float
    skipped_ms: float
    """Of speech in the middle that was left out, so that what follows came early."""
    gaps: tuple[tuple[float, float], ...]
    """Beginning and length of each stretch in which speech should have been heard and nothing was."""
    clicks_s: tuple[float, ...]
    speed: Speed | None
    pitch_error_percent: float | None
    likeness: float
    alignment: Alignment

    @property
    def gap_ms(self) -> float:
        """All gaps together."""
        return 1000 * sum(length_s for _, length_s in self.gaps)

    @property
    def rate_error_percent(self) -> float | None:
        """+ = too slow."""
        return None if self.speed is None else self.speed.error_percent

    def reached_s(self, position_s: float) -> float:
        """The place in the reference, nearest to this one, up to which it was heard: silence that follows may count."""
        return min(max(position_s, self.heard_until_s), self.silent_until_s)

    def latency_ms(self, sent_s: float) -> float:
        """From `sent_s`, when the reference's beginning was sent, to its first sound, less its own leading silence."""
        return (self.first_sound_s - self.onset_s - sent_s) * 1000


def compare(reference: Sound, heard: Sound, *, earliest_s: float | None = None, cut: bool = False) -> Utterance | None:
    """Find `reference` in `heard` and compare; None where it was not heard.

    `heard` holds all that was heard of it, with half a second on either side; where an interrupt `cut` it, what is
    missing at its end is what was not to be heard. Takes some 60 ms for each second of speech.
    """
    alignment = align(reference, heard, earliest_s=earliest_s, cut=cut)
    if alignment is None:
        return None
    wanted = levels(as_floats(reference.at_rate(RATE_HZ)), RATE_HZ)
    got = levels(as_floats(heard.at_rate(RATE_HZ)), RATE_HZ)
    moments_s = np.arange(len(wanted), dtype=np.float64) * LEVEL_HOP_S
    heard_s = alignment.heard_at(moments_s)
    near = np.clip(np.rint((heard_s - heard.start_s) / LEVEL_HOP_S).astype(int), 0, len(got) - 1)
    # Outside of what was recorded nothing was heard.
    met = np.where((heard_s >= heard.start_s) & (heard_s <= heard.end_s), got[near], FLOOR_DBFS)
    loud = float(np.percentile(wanted, 95))
    speech = np.flatnonzero(wanted > max(loud - _LOUD_SHARE_DB, _QUIET_DBFS))
    sounding = speech[met[speech] > FLOOR_DBFS + 10]
    gain_db = float(np.median((met - wanted)[sounding])) if len(sounding) else 0.0
    # Sound in its place is not yet it: other speech may follow where it was broken off.
    known = (alignment.block_reference_s[0] - _KNOWN_S, alignment.block_reference_s[-1] + _KNOWN_S)
    speech_known = speech[(moments_s[speech] >= known[0]) & (moments_s[speech] <= known[1])]
    there = speech_known[met[speech_known] > np.maximum(wanted[speech_known] + gain_db - _THERE_DB, FLOOR_DBFS + 6)]
    if not len(there):
        return None
    first, last = there[0], there[-1]
    after = speech[speech > last]
    begin_s, end_s = float(heard_s[first]), float(heard_s[last]) + LEVEL_HOP_S
    expected = wanted + gain_db
    skips = _skips(alignment)
    gaps = _gaps(got, heard.start_s, heard_s, expected, (begin_s, end_s), skips)
    edges = [begin_s, end_s, *(edge for at, length in gaps for edge in (at, at + length))]
    return Utterance(
        first_sound_s=begin_s,
        end_s=end_s,
        onset_s=float(moments_s[first]),
        heard_until_s=float(moments_s[last]) + LEVEL_HOP_S,
        silent_until_s=float(moments_s[after[0]]) if len(after) else reference.duration_s,
        duration_ratio=_ratio(heard_s, int(first), int(last)),
        missing_start_ms=1000 * float(moments_s[first] - moments_s[speech[0]]),
        missing_end_ms=1000 * float(moments_s[speech[-1]] - moments_s[last]),
        skipped_ms=1000 * sum(length_s for _, _, length_s in skips),
        gaps=gaps,
        clicks_s=clicks(reference, heard.between(begin_s, end_s), alignment, edges),
        speed=speed(alignment),
        pitch_error_percent=_pitch_error_percent(reference, heard, alignment),
        likeness=alignment.likeness,
        alignment=alignment,
    )


def _ratio(heard_s: Floats, first: int, last: int) -> float:
    """How long what was heard took, to how long it should have."""
    if last <= first:
        return 1.0
    return float(heard_s[last] - heard_s[first]) / ((last - first) * LEVEL_HOP_S)


def _gaps(
    got: Floats,
    start_s: float,
    heard_s: Floats,
    expected: Floats,
    span: tuple[float, float],
    skips: list[tuple[float, float, float]],
) -> tuple[tuple[float, float], ...]:
    """Stretches that are far quieter than the reference is anywhere near; within `span`, but not at `skips`."""
    moments_s = start_s + np.arange(len(got)) * LEVEL_HOP_S
    slack = round(_SLACK_S / LEVEL_HOP_S)
    least = np.lib.stride_tricks.sliding_window_view(np.pad(expected, slack, mode="edge"), 2 * slack + 1).min(axis=1)
    wanted = np.interp(moments_s, np.maximum.accumulate(heard_s), least)
    # A codec rings on where sound is cut off, and fills silence with a little noise.
    absent = (wanted > _QUIET_DBFS) & (got < wanted - _ABSENT_DB)
    absent &= (moments_s > span[0]) & (moments_s < span[1])
    for since_s, until_s, _ in skips:
        absent &= (moments_s < since_s - _FINE_S) | (moments_s > until_s + _FINE_S)
    found = []
    for first, last in runs(absent):
        # A window of 10 ms is quiet only where all of it is: the silence reaches half a window further on both sides.
        at_s, length_s = start_s + (first - 1) * LEVEL_HOP_S, (last - first + 1) * LEVEL_HOP_S
        if length_s >= _GAP_S:
            found.append((at_s, length_s))
    return tuple(found)


def runs(mask: npt.NDArray[np.bool_]) -> list[tuple[int, int]]:
    """First index and index past the last of each stretch of True."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], mask, [False])).astype(np.int8)))
    return [(int(first), int(last)) for first, last in zip(edges[::2], edges[1::2], strict=True)]


def _skips(alignment: Alignment) -> list[tuple[float, float, float]]:
    """Where speech was left out, the delay falling at once by more than a jitter buffer takes away at a time.

    Between which two moments it was heard to be so, and how much is missing.
    """
    heard_s = alignment.heard_s[alignment.exact]
    falls_s = -np.diff(heard_s - alignment.reference_s[alignment.exact])
    return [
        (float(heard_s[at]), float(heard_s[at + 1]), float(falls_s[at])) for at in np.flatnonzero(falls_s > _SKIP_S)
    ]


def speed(alignment: Alignment, held_s: Callable[[Floats], Floats] | None = None) -> Speed | None:
    """Median speed between points near each other: those found by waveform, where nearly all were, else by spectrum.

    `held_s`: how long sound that was heard at these moments had been held back, which is taken off where points lie
    seconds apart; between those near each other steps of it are outvoted. Where the delay breaks, speech was left out
    or put in, or is taken for what it is not, and points on either side say nothing. None where there are too few.
    """
    if alignment.exact.mean() >= _NEARLY_ALL:
        exact_s, heard_s = alignment.reference_s[alignment.exact], alignment.heard_s[alignment.exact]
        found = _slowness_percent(exact_s, heard_s, *_EXACT_APART_S)
        if found is not None:
            return Speed(found, exact=True)
    came_s = alignment.block_heard_s - (held_s(alignment.block_heard_s) if held_s is not None else 0.0)
    found = _slowness_percent(alignment.block_reference_s, came_s, *_BLOCKS_APART_S)
    return None if found is None else Speed(found, exact=False)


def _slowness_percent(reference_s: Floats, heard_s: Floats, low_s: float, high_s: float) -> float | None:
    apart_s = reference_s[None, :] - reference_s[:, None]
    near = (apart_s >= low_s) & (apart_s <= high_s)
    moves_s, steps_s = np.abs(np.diff(heard_s - reference_s)), np.diff(reference_s)
    stretch = np.concatenate(([0], np.cumsum(moves_s > np.maximum(_BREAK_S, _BREAK_SHARE * steps_s))))
    near &= stretch[None, :] == stretch[:, None]
    if near.sum() < _FEWEST_PAIRS:
        return None
    return 100 * float(np.median((heard_s[None, :] - heard_s[:, None])[near] / apart_s[near]) - 1)


def _pitch_error_percent(reference: Sound, heard: Sound, alignment: Alignment) -> float | None:
    ratio = pitch_ratio(as_floats(reference.at_rate(RATE_HZ)), heard.at_rate(RATE_HZ), alignment)
    return None if ratio is None else 100 * (ratio - 1)
