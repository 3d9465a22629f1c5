from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtGui import QColor
from pytestqt.qtbot import QtBot

from avatar_core.bench.contract import PreviewFrame
from avatar_core.bench.fake.session import FakeSession
from avatar_core.bench.snapshot import PreviewInfo
from avatar_core.bench.states import PreviewState
from avatar_gui.widgets.preview import Picture, words_for


class OneFrame:
    """A reader whose frame a test paints."""

    def __init__(self) -> None:
        self.pixels = np.zeros((90, 160, 4), dtype=np.uint8)
        self.sequence = 0
        self.asked: list[tuple[int, int]] = []
        self.released = False

    def show(self, bgr: tuple[int, int, int]) -> None:
        self.pixels[..., :3] = bgr
        self.sequence += 1

    def latest(self, after_sequence: int) -> PreviewFrame | None:
        if self.sequence <= after_sequence:
            return None
        return PreviewFrame(self.sequence, 160, 90, 640, 0.0, self.pixels.data.cast("B"))

    def request_preview_size(self, width_px: int, height_px: int) -> None:
        self.asked.append((width_px, height_px))

    def release(self) -> None:
        self.released = True


@pytest.fixture
def reader() -> OneFrame:
    return OneFrame()


@pytest.fixture
def picture(reader: OneFrame, qtbot: QtBot) -> Picture:
    picture = Picture(reader)
    qtbot.addWidget(picture)
    picture.resize(320, 200)
    picture.show()
    return picture


def middle(picture: Picture) -> str:
    return picture.grab().toImage().pixelColor(160, 60).name()


def test_the_newest_frame_is_painted_in_its_colours_and_letterboxed(picture: Picture, reader: OneFrame) -> None:
    reader.show((10, 20, 230))
    picture.poll()
    picture.show_state(PreviewState.LIVE, "")
    image = picture.grab().toImage()
    assert image.pixelColor(160, 100) == QColor(230, 20, 10)
    assert image.pixelColor(160, 4) == QColor(0, 0, 0)
    assert picture.sequence == 1


def test_the_frame_is_read_where_it_lies_and_kept_as_a_copy_once_it_stops(picture: Picture, reader: OneFrame) -> None:
    reader.show((0, 200, 0))
    picture.poll()
    picture.show_state(PreviewState.LIVE, "")
    reader.pixels[..., :3] = (200, 0, 0)
    assert middle(picture) == "#0000c8"
    picture.show_state(PreviewState.STOPPED, "No frames for 1.4 s")
    reader.pixels[..., :3] = (255, 255, 255)
    assert QColor(middle(picture)).blue() < 100


def test_after_release_the_shared_memory_is_not_touched(picture: Picture, reader: OneFrame) -> None:
    reader.show((0, 200, 0))
    picture.poll()
    picture.show_state(PreviewState.LIVE, "")
    picture.release()
    reader.pixels[..., :3] = 255
    assert reader.released
    assert middle(picture) == "#00c800"


def test_an_empty_preview_shows_no_old_picture(picture: Picture, reader: OneFrame) -> None:
    reader.show((0, 200, 0))
    picture.poll()
    picture.show_state(PreviewState.EMPTY, "")
    assert middle(picture) == "#000000"


def test_the_size_is_asked_for_once_it_has_settled(picture: Picture, reader: OneFrame, qtbot: QtBot) -> None:
    for width in (400, 500, 640):
        picture.resize(width, 360)
    qtbot.waitUntil(lambda: reader.asked[-1:] == [(640, 360)])
    assert (500, 360) not in reader.asked


@pytest.mark.parametrize(
    ("info", "words"),
    [
        (PreviewInfo(), "No avatar yet. Pick a provider, or press 1."),
        (
            PreviewInfo(PreviewState.LOADING, "Northlight", since_s=-1.2, usual_start_s=1.6),
            "Starting Northlight, 1.2 s",
        ),
        (
            PreviewInfo(PreviewState.LOADING, "Northlight", since_s=-4.0, usual_start_s=1.6),
            "Starting Northlight, 4.0 s. Usually 1.6 s",
        ),
        (PreviewInfo(PreviewState.STOPPED, since_s=-1.4), "No frames for 1.4 s"),
        (PreviewInfo(PreviewState.LIVE), ""),
        (PreviewInfo(PreviewState.VOICE, "Direct voice"), "Direct voice: sound only"),
    ],
)
def test_words_say_what_is_shown_and_for_how_long(info: PreviewInfo, words: str) -> None:
    snapshot = FakeSession().snapshot()
    now_s = snapshot.time_s
    since_s = None if info.since_s is None else now_s + info.since_s
    assert words_for(replace(snapshot, preview=replace(info, since_s=since_s))) == words
