"""When waiting pictures are due, and which are dropped."""

import pytest

from avatar_core.avatar.pictures import PictureQueue
from tests.fakes.video_generator import picture


def queue(*pts_s: float, hold_s: float = 0.0, now_s: float = 100.0, max_bytes: int = 1 << 20) -> PictureQueue:
    waiting = PictureQueue(8, max_bytes=max_bytes, hold_s=hold_s, frame_s=0.04)
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


def test_room_is_bounded_by_count_and_by_bytes_and_one_always_fits() -> None:
    assert queue(*range(7)).fits(picture(7.0))
    assert not queue(*range(8)).fits(picture(8.0))
    bytes_of_one = picture(0.0).data.nbytes
    assert queue(0.0, max_bytes=2 * bytes_of_one).fits(picture(1.0))
    assert not queue(0.0, 1.0, max_bytes=2 * bytes_of_one).fits(picture(2.0))
    assert queue(max_bytes=1).fits(picture(0.0))


def test_oldest_makes_room_where_it_is_asked_to() -> None:
    waiting = queue(0.0, 1.0, max_bytes=2 * picture(0.0).data.nbytes)
    waiting.drop_oldest()
    assert waiting.fits(picture(2.0))
    assert (waiting.dropped, len(waiting)) == (1, 1)


def test_shift_of_the_timeline_is_told_and_the_picture_that_follows_it() -> None:
    waiting = queue(5.0, 5.04)
    assert waiting.align() == pytest.approx(100.0)
    waiting.anchor(5.04, 100.0405)
    assert waiting.align() is None
    waiting.anchor(5.08, 100.2)
    assert waiting.align() is None
    waiting.push(picture(5.08), 100.1)
    assert waiting.align() == pytest.approx(100.2)
    assert waiting.align() is None
    for step in range(1, 4):
        waiting.anchor(5.08 + step * 0.01, 100.2 + step * 0.0104)
    waiting.push(picture(5.12), 100.1)
    assert waiting.align() == pytest.approx(100.2412)
