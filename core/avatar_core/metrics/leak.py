"""Speech heard where it no longer belongs: an utterance that goes on into the next, words of one avatar on another."""

from collections import Counter

import numpy as np

from avatar_core.media.sync_pattern import read_utterance
from avatar_core.metrics.alignment import correlate
from avatar_core.metrics.observations import Floats, Sound
from avatar_core.metrics.speech import Utterance
from avatar_core.metrics.speech_features import RATE_HZ, as_floats

_BLOCK_S = 0.1
_HOP_S = 0.02
_LIKENESS = 0.75
_SURE = 0.9
_SAME_DELAY_S = 0.002
_NEAR_S = 0.006
_OWN_WITHIN_S = 0.1
_OWN_SHARE = 0.9
"""What remains and is nearly as like what belongs there is that: where a buffer let go, it was not taken out whole."""
_LEAST_POWER = 1e-5
_TONE_BLOCK_S = 0.02
_TONE_WITHIN_S = 2.0
_LEAST_SHARE = 0.003
"""Of a block's power that must remain once the speech that belongs there is taken out: -25 dB, a codec's noise."""


def leak_ms(old: Sound, heard: Sound, since_s: float, until_s: float, new: tuple[Sound, Utterance] | None) -> float:
    """How much of the reference `old` was heard from `since_s` to `until_s`.

    `new` is what belongs there, its reference and what was heard of it: it is taken out first. Good to some 40 ms. The
    sync pattern is told by the tone of its utterance, since its beeps are all alike.
    """
    tone = _tone_of(old)
    if tone is not None:
        return _tone_ms(heard.between(since_s, until_s), tone)
    wanted = as_floats(old.at_rate(RATE_HZ))
    part = heard.between(since_s, until_s).at_rate(RATE_HZ)
    sound, size, hop = as_floats(part), round(_BLOCK_S * RATE_HZ), round(_HOP_S * RATE_HZ)
    if len(wanted) < size:
        return 0.0
    own = None if new is None else (as_floats(new[0].at_rate(RATE_HZ)), new[1])
    found: list[tuple[int, float, float]] = []
    for start in range(0, len(sound) - size + 1, hop):
        block = sound[start : start + size]
        at_s = part.start_s + start / RATE_HZ
        rest = block if own is None else _without(block, at_s, *own)
        power = float(rest @ rest) / size
        if power < _LEAST_POWER or power < _LEAST_SHARE * float(block @ block) / size:
            continue
        likeness = correlate(wanted, rest)
        best = int(likeness.argmax())
        if likeness[best] >= _LIKENESS and (
            own is None or _own_likeness(rest, at_s, *own) < _OWN_SHARE * likeness[best]
        ):
            found.append((start, float(likeness[best]), (start - best) / RATE_HZ))
    return 1000 * _covered_s(found)


def _tone_of(reference: Sound) -> int | None:
    """The utterance whose tone runs through the reference; None for speech."""
    tones = Counter(_tones(reference.between(0.0, _TONE_WITHIN_S)))
    return next((tone for tone, count in tones.most_common(1) if 2 * count >= sum(tones.values())), None)


def _tone_ms(heard: Sound, tone: int) -> float:
    found = _tones(heard)
    # A vowel may look like a tone for a single block.
    here = [False, *(one == tone for one in found), False]
    blocks = sum(is_it and (before or after) for before, is_it, after in zip(here, here[1:], here[2:], strict=False))
    return 1000 * _TONE_BLOCK_S * blocks


def _tones(sound: Sound) -> list[int | None]:
    size = round(_TONE_BLOCK_S * sound.sample_rate_hz)
    blocks = range(0, len(sound.samples) - size + 1, size)
    return [read_utterance(sound.samples[start : start + size], sound.sample_rate_hz) for start in blocks]


def _without(block: Floats, at_s: float, reference: Floats, heard: Utterance) -> Floats:
    """`block`, heard at `at_s`, less the best fitting share of what the new utterance says there."""
    window = _said_about(at_s, _NEAR_S, len(block), reference, heard)
    if window is None:
        return block
    best = int(correlate(window, block).argmax())
    piece = window[best : best + len(block)]
    share = float(block @ piece) / (float(piece @ piece) + 1e-9)
    rest: Floats = block - share * piece
    return rest


def _own_likeness(rest: Floats, at_s: float, reference: Floats, heard: Utterance) -> float:
    """How like `rest`, heard at `at_s`, is to what the new utterance says about there."""
    window = _said_about(at_s, _OWN_WITHIN_S, len(rest), reference, heard)
    return 0.0 if window is None else float(correlate(window, rest).max())


def _said_about(at_s: float, near_s: float, size: int, reference: Floats, heard: Utterance) -> Floats | None:
    """The reference's `size` samples that belong to `at_s`, and `near_s` more on both sides; None outside of it."""
    place, near = round(heard.alignment.reference_at(at_s) * RATE_HZ), round(near_s * RATE_HZ)
    if not -size <= place <= len(reference):
        return None
    first, last = place - near, place + size + near
    return np.pad(reference[max(0, first) : last], (max(0, -first), max(0, last - len(reference))))


def _covered_s(found: list[tuple[int, float, float]]) -> float:
    """The time covered by blocks that agree with a neighbour on the delay, or are beyond doubt."""
    covered: list[tuple[float, float]] = []
    for index, (start, likeness, delay_s) in enumerate(found):
        beside = [found[other] for other in (index - 1, index + 1) if 0 <= other < len(found)]
        agrees = any(
            abs(other_start - start) <= 2 * _HOP_S * RATE_HZ and abs(other_delay_s - delay_s) < _SAME_DELAY_S
            for other_start, _, other_delay_s in beside
        )
        if not agrees and likeness < _SURE:
            continue
        begin_s, end_s = start / RATE_HZ, start / RATE_HZ + _BLOCK_S
        if covered and begin_s <= covered[-1][1]:
            covered[-1] = (covered[-1][0], end_s)
        else:
            covered.append((begin_s, end_s))
    # A block is found when most of it is the other's: each stretch reaches one step too far on either side.
    return sum(max(_HOP_S, end_s - begin_s - 2 * _HOP_S) for begin_s, end_s in covered)
