"""Whether a face speaks, from its pictures: the drawn head through VP8, speaking, idle, with its mouth held still."""

from collections.abc import Sequence
from functools import cache

import pytest

from avatar_core.metrics.motion import MOUTH_WINDOW_S, STILL_WINDOW_S, Motion
from avatar_core.metrics.observations import Picture
from avatar_core.metrics.sound_health import Stretch
from tests.fakes.seen_pictures import talking_head


@cache
def seen(*parts: tuple[str, float]) -> tuple[Picture, ...]:
    return tuple(talking_head(parts))


def still_s(pictures: Sequence[Picture], speech: Sequence[Stretch]) -> float | None:
    motion = Motion(pictures, STILL_WINDOW_S)
    return motion.still_s(speech, motion.idle(speech))


def test_face_that_speaks_is_not_still() -> None:
    assert still_s(seen(("idle", 5.0), ("speech", 10.0), ("idle", 1.0)), [(5.1, 15.0)]) == 0.0


def test_mouth_held_still_while_the_head_moves_is_told_at_its_length() -> None:
    pictures = seen(("idle", 5.0), ("speech", 4.0), ("still", 5.0), ("speech", 3.0))
    assert still_s(pictures, [(5.1, 17.0)]) == pytest.approx(5.0, abs=1.0)


@pytest.mark.parametrize(("before_s", "length_s"), [(3.0, 3.0), (6.1, 4.0), (4.3, 5.0), (8.0, 7.0)])
def test_a_still_mouth_is_told_no_shorter_and_little_longer_than_it_was(before_s: float, length_s: float) -> None:
    """Longer by what the mouth rests between two words beside it."""
    pictures = seen(("idle", 5.0), ("speech", before_s), ("still", length_s), ("speech", 4.0))
    found = still_s(pictures, [(5.1, 9.0 + before_s + length_s)])
    assert found is not None
    assert -0.1 <= found - length_s <= 1.0


def test_idle_picture_while_speech_is_heard_is_still() -> None:
    assert still_s(seen(("idle", 12.0)), [(6.0, 11.0)]) == pytest.approx(5.0, abs=0.6)


def test_frozen_content_needs_no_idle_picture_to_be_told() -> None:
    frozen = seen(("speech", 0.5))[0].thumbnail
    pictures = [Picture(index / 30, 320, 180, frozen) for index in range(150)]
    assert still_s(pictures, [(0.0, 5.0)]) == pytest.approx(4.8, abs=0.4)


def test_it_does_not_answer_where_it_has_not_seen_the_face_idle() -> None:
    assert still_s(seen(("speech", 4.0)), [(0.0, 4.0)]) is None
    assert Motion(seen(("speech", 4.0)), MOUTH_WINDOW_S).idle([(0.0, 4.0)]) is None


def test_it_answers_by_how_the_face_idled_before() -> None:
    idle = Motion(seen(("idle", 5.0)), STILL_WINDOW_S).idle([])
    assert Motion(seen(("speech", 4.0)), STILL_WINDOW_S).still_s([(0.0, 4.0)], idle) == 0.0


def test_without_speech_nothing_is_still() -> None:
    assert still_s(seen(("idle", 5.0)), []) == 0.0
    assert still_s([], [(0.0, 1.0)]) is None


@pytest.mark.parametrize("more_s", [0.0, 0.5, 1.0])
def test_mouth_that_moves_on_after_an_interrupt_is_timed(more_s: float) -> None:
    pictures = seen(("idle", 5.0), ("speech", 3.0), ("speech", 1.0), ("idle", 3.0))
    motion = Motion(pictures, MOUTH_WINDOW_S)
    idle = motion.idle([(5.1, 9.0)])
    assert idle is not None
    assert motion.moving_until_s(9.0 - more_s, idle) - (9.0 - more_s) == pytest.approx(more_s, abs=0.2)
