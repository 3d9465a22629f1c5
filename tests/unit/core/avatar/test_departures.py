"""What is told of pictures that leave: each once, against its own sound, and no more than a report holds."""

import pytest

from avatar_core.avatar.departures import Departures
from avatar_core.avatar.reporting import MAX_PICTURES
from avatar_core.media.frames import VideoFrame
from avatar_core.media.sync_picture import COUNTER_MODULUS
from tests.fakes.clock import ManualClock
from tests.fakes.video_generator import picture

FPS = 25.0


class Screen:
    def __init__(self) -> None:
        self.shown: list[VideoFrame] = []

    def capture(self, frame: VideoFrame) -> None:
        self.shown.append(frame)


class Leaving:
    def __init__(self) -> None:
        self.clock, self.screen = ManualClock(100.0), Screen()
        self.departures = Departures(self.screen, FPS, self.clock)

    def capture(self, number: int) -> None:
        self.departures.capture(picture(number / FPS))


def test_a_picture_is_told_with_its_number_and_how_much_later_than_its_sound_it_left() -> None:
    leaving = Leaving()
    leaving.departures.expect(7 / FPS, 100.0)
    leaving.departures.expect(8 / FPS, 100.04)
    leaving.clock.move(0.0425)
    leaving.capture(7)
    leaving.clock.move(-0.0125)
    leaving.capture(8)
    assert [(one.number, one.offset_ms) for one in leaving.departures.take()] == [(7, 42.5), (8, -10.0)]
    assert leaving.departures.take() == ()
    assert [frame.pts_s for frame in leaving.screen.shown] == [7 / FPS, 8 / FPS]


def test_what_was_not_foretold_or_is_shown_again_leaves_and_tells_nothing() -> None:
    leaving = Leaving()
    leaving.departures.expect(7 / FPS, 100.0)
    for number in (6, 7, 7, 7):
        leaving.capture(number)
    assert [one.number for one in leaving.departures.take()] == [7]
    assert len(leaving.screen.shown) == 4


def test_the_newest_are_told_where_more_left_than_a_report_holds() -> None:
    leaving = Leaving()
    for number in range(1_000):
        leaving.departures.expect(number / FPS, 100.0)
        leaving.capture(number)
    assert [one.number for one in leaving.departures.take()] == list(range(1_000 - MAX_PICTURES, 1_000))


@pytest.mark.parametrize("fps", [24_000 / 1001, 29.97, 30.0, 60.0])
def test_the_number_is_that_of_the_pattern_at_any_rate(fps: float) -> None:
    departures = Departures(Screen(), fps, ManualClock(0.0))
    for number in (1, 1_000, 100_000, COUNTER_MODULUS + 5):
        departures.expect(number / fps, 0.0)
        departures.capture(picture(number / fps))
    assert [one.number for one in departures.take()] == [1, 1_000, 100_000, 5]
