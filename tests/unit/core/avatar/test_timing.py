"""What belongs together, told by media time, by order, or by arrival."""

from dataclasses import replace

import pytest

from avatar_core.avatar.timing import Timing, timeline
from tests.fakes.video_generator import picture, sound

FRAME_S = 0.04


def test_media_time_is_taken_as_it_is_and_asked_for() -> None:
    by_time = timeline(Timing.MEDIA_TIME, FRAME_S)
    assert by_time.picture(picture(7.0), 0.0, None).pts_s == 7.0
    assert by_time.sound(sound(7.0, FRAME_S), 0.0, None).pts_s == 7.0
    with pytest.raises(ValueError, match=r"choose Timing.ORDER or Timing.ARRIVAL"):
        by_time.sound(replace(sound(7.0, FRAME_S), pts_s=None), 0.0, None)


def test_by_order_a_picture_belongs_to_the_sound_behind_it() -> None:
    by_order = timeline(Timing.ORDER, FRAME_S)
    for index in range(50):
        shown = by_order.picture(picture(99.0), 0.0, None)
        heard = by_order.sound(sound(99.0, FRAME_S), 0.0, None)
        assert shown.pts_s == heard.pts_s == pytest.approx(index * FRAME_S)


def test_by_order_two_pictures_in_a_row_are_a_frame_apart() -> None:
    by_order = timeline(Timing.ORDER, FRAME_S)
    by_order.sound(sound(0.0, 2 * FRAME_S), 0.0, None)
    times = []
    for _ in range(3):
        times += [by_order.picture(picture(0.0), 0.0, None).pts_s for _ in range(2)]
        by_order.sound(sound(0.0, 2 * FRAME_S), 0.0, None)
    assert times == pytest.approx([index * FRAME_S for index in range(2, 8)])


def test_by_order_speech_after_idle_pictures_belongs_to_the_last_of_them() -> None:
    by_order = timeline(Timing.ORDER, FRAME_S)
    by_order.picture(picture(0.0), 0.0, None)
    by_order.sound(sound(0.0, FRAME_S), 0.0, None)
    by_order.end()
    idle = [by_order.picture(picture(0.0), 0.0, None).pts_s for _ in range(10)]
    assert by_order.sound(sound(0.0, FRAME_S), 0.0, None).pts_s == idle[-1] == pytest.approx(10 * FRAME_S)


def test_by_order_pictures_of_a_stalled_generator_do_not_put_the_speech_off() -> None:
    by_order = timeline(Timing.ORDER, FRAME_S)
    by_order.picture(picture(0.0), 0.0, None)
    by_order.sound(sound(0.0, FRAME_S), 0.0, None)
    for _ in range(10):
        by_order.picture(picture(0.0), 0.0, None)
    assert by_order.sound(sound(0.0, FRAME_S), 0.0, None).pts_s == pytest.approx(FRAME_S)
    assert by_order.picture(picture(0.0), 0.0, None).pts_s == pytest.approx(2 * FRAME_S)


def test_by_arrival_a_picture_belongs_to_the_sound_that_ends_as_it_comes() -> None:
    """Seed 001, without the phase: pictures between two pieces of sound are as far apart as they came."""
    by_arrival = timeline(Timing.ARRIVAL, FRAME_S)
    assert by_arrival.sound(sound(0.0, 0.1), 5.0, None).pts_s == 0.0
    times = [by_arrival.picture(picture(0.0), 5.0 + index * FRAME_S, None).pts_s for index in range(3)]
    assert times == pytest.approx([0.1, 0.14, 0.18])
    assert by_arrival.sound(sound(0.0, 0.1), 5.1, 0.1).pts_s == pytest.approx(0.1)


def test_by_arrival_what_comes_in_a_burst_still_belongs_together() -> None:
    by_arrival = timeline(Timing.ARRIVAL, FRAME_S)
    for index in range(20):
        begins = by_arrival.sound(sound(0.0, FRAME_S), 5.0, None).pts_s
        assert by_arrival.picture(picture(0.0), 5.0, None).pts_s == pytest.approx(begins + FRAME_S)
        assert begins == pytest.approx(index * FRAME_S)


def test_by_arrival_pictures_are_for_now_where_no_sound_waits() -> None:
    by_arrival = timeline(Timing.ARRIVAL, FRAME_S)
    by_arrival.sound(sound(0.0, 0.1), 5.0, None)
    assert by_arrival.picture(picture(0.0), 6.0, 1.0).pts_s == 1.0
    assert by_arrival.sound(sound(0.0, 0.1), 6.5, 1.5).pts_s == 1.5
