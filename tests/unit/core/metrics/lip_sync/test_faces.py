"""The offset of drawn faces that speak: found where a mouth follows the voice, refused where none does.

The rest of the test clips, and how exact all of it is, are in test_faces_measured.py.
"""

import dataclasses

import numpy as np
import pytest

from avatar_core.metrics.lip_sync.gate import Refusal, judge_lock
from avatar_core.metrics.lip_sync.lock import Lock, find_lock
from tests.faces import ten
from tests.faces.clips import Clip, Recipe, clip
from tests.faces.speech import speech


def lock_of(seen: Clip, since_s: float = 0.0, until_s: float = 24.0) -> Lock:
    return find_lock(ten.stretch_of(seen, since_s, until_s))


def short(recipe: Recipe, length_s: float = 25.0) -> Clip:
    return clip(dataclasses.replace(recipe, length_s=length_s))


@pytest.mark.parametrize("late_ms", [-200, -120, -80, -40, 40, 80, 120, 200])
def test_an_offset_is_read_as_large_as_it_is(late_ms: float) -> None:
    seen = short(ten.BY_LOUDNESS)
    in_sync, late = lock_of(seen), lock_of(seen.shifted(late_ms))
    assert judge_lock(late, 24) is None
    assert late.offset_ms - in_sync.offset_ms == pytest.approx(late_ms, abs=4)


@pytest.mark.parametrize("recipe", [ten.LINE, ten.SENTENCES, ten.SLOPPY], ids=["line", "sentences", "sloppy"])
def test_a_mouth_that_follows_the_voice_is_found(recipe: Recipe) -> None:
    lock = lock_of(short(recipe))
    assert judge_lock(lock, 24) is None
    assert abs(lock.offset_ms) < 60


def test_a_mouth_that_lags_reads_later_than_one_that_leads() -> None:
    assert lock_of(short(ten.LAGGING)).offset_ms > lock_of(short(ten.LEADING)).offset_ms + 60


@pytest.mark.parametrize("recipe", [ten.IDLE, ten.NO_FACE], ids=["idle mouth", "no face"])
def test_where_no_mouth_speaks_there_is_no_offset(recipe: Recipe) -> None:
    given = ten.answers(short(recipe), every_s=4.0)
    assert {answer.offset_ms for answer in given} == {None}
    assert given[-1].refusal is Refusal.NO_LOCK


def test_the_voice_of_another_has_no_offset() -> None:
    given = ten.answers(short(ten.LINE).with_sound_of(speech("burst", 11, 25.0)), every_s=4.0)
    assert {answer.offset_ms for answer in given} == {None}


def test_nothing_is_said_before_enough_was_seen_nor_where_nobody_speaks() -> None:
    seen = short(ten.BY_LOUDNESS)
    assert ten.answers(seen)[1].refusal is Refusal.TOO_SHORT
    silent = seen.with_sound_of(dataclasses.replace(seen.speech, samples=np.zeros_like(seen.speech.samples)))
    assert ten.answers(silent, every_s=10.0)[-1].refusal is Refusal.LITTLE_SPEECH


def test_what_is_found_once_waits_for_a_second_look() -> None:
    given = [answer for answer in ten.answers(short(ten.BY_LOUDNESS)) if answer.refusal is not Refusal.TOO_SHORT]
    assert given[0].refusal is Refusal.SEEN_ONCE and given[1].offset_ms is not None


def test_an_offset_beyond_half_a_second_is_refused() -> None:
    answer = ten.answers(short(ten.BY_LOUDNESS).shifted(700), every_s=10.0)[-1]
    assert answer.offset_ms is None and answer.refusal is Refusal.OUT_OF_RANGE


def test_a_jump_is_told_once_two_windows_agree_on_it() -> None:
    seen = clip(ten.BY_LOUDNESS)
    moved = dataclasses.replace(seen, times_s=np.where(seen.times_s < 30, seen.times_s, seen.times_s + 0.12))
    given = ten.answers(moved)
    jumps = [answer for answer in given if answer.jumped]
    assert jumps and jumps[0].since_s > 29
    before = float(np.median([one.offset_ms for one in given if one.offset_ms is not None and one.dated_s < 24]))
    assert jumps[0].offset_ms is not None and jumps[0].offset_ms - before == pytest.approx(120, abs=30)
    assert given[-1].offset_ms is not None and given[-1].offset_ms - before == pytest.approx(120, abs=15)
    assert not given[-1].jumped
    assert not any(answer.jumped for answer in ten.answers(seen))


def test_a_drift_is_read_with_its_sign() -> None:
    seen = clip(ten.BY_LOUDNESS)
    for slope in (-0.002, 0.002):
        given = ten.answers(dataclasses.replace(seen, times_s=seen.times_s * (1 + slope)), every_s=4.0)
        locks = [(answer.dated_s, answer.offset_ms) for answer in given if answer.offset_ms is not None]
        dated_s, offsets_ms = np.array(locks).T
        assert np.polyfit(dated_s, offsets_ms, 1)[0] == pytest.approx(1000 * slope, abs=1)
