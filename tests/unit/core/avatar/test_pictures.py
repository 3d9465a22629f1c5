"""When waiting pictures are due, and which are dropped."""

import pytest

from avatar_core.avatar.pictures import PictureQueue
from tests.fakes.video_generator import picture


def queue(*pts_s: float, hold_s: float = 0.0, now_s: float = 100.0) -> PictureQueue:
    waiting = PictureQueue(8, hold_s=hold_s)
    for pts in pts_s:
        waiting.push(picture(pts), now_s)
    return waiting


def test_without_sound_the_first_picture_sets_the_time() -> None:
    waiting = queue(5.0, 5.04, hold_s=0.005)
    assert waiting.next_due_s() == pytest.approx(100.005)
    assert waiting.take(100.0) is None
    assert waiting.take(100.01).pts_s == 5.0
    assert waiting.next_due_s() == pytest.approx(100.045)


def test_sound_moves_what_belongs_to_it_and_nothing_before() -> None:
    waiting = queue(5.0, 5.04, 5.08)
    waiting.anchor(5.04, 100.5)
    assert waiting.take(100.0).pts_s == 5.0
    assert waiting.take(100.2) is None
    assert waiting.take(100.5).pts_s == 5.04
    assert waiting.next_due_s() == pytest.approx(100.54)


def test_overdue_pictures_are_skipped_and_counted() -> None:
    waiting = queue(5.0, 5.04, 5.08, 5.12)
    assert waiting.take(100.09).pts_s == 5.08
    assert (waiting.late, len(waiting)) == (2, 1)


def test_late_picture_is_shown_while_its_successor_is_not_due() -> None:
    waiting = queue(5.0, 5.04)
    assert waiting.take(100.03).pts_s == 5.0
    assert waiting.late == 0


def test_speech_that_starts_at_once_overtakes_idle_pictures() -> None:
    waiting = queue(5.0, 5.04, 5.08)
    assert waiting.take(100.0).pts_s == 5.0
    waiting.anchor(5.08, 100.01)
    assert waiting.next_due_s() == pytest.approx(100.01)
    assert waiting.take(100.01).pts_s == 5.08


def test_pictures_wait_until_the_time_of_their_sound_is_known() -> None:
    waiting = queue(5.0, 5.04)
    assert waiting.take(200.0, before_media_s=5.0) is None
    assert waiting.next_due_s(before_media_s=5.0) is None
    assert waiting.take(200.0, before_media_s=5.04).pts_s == 5.0
    assert waiting.late == 0


def test_clear_forgets_pictures_and_times() -> None:
    waiting = queue(5.0, 5.04)
    assert waiting.clear() == 2
    waiting.push(picture(9.0), 300.0)
    assert waiting.next_due_s() == 300.0


def test_capacity_is_told() -> None:
    assert not queue(*range(7)).full
    assert queue(*range(8)).full
