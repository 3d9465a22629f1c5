from fractions import Fraction

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avatar_core.media.flashes import FlashDetector
from avatar_core.media.sync_picture import (
    COUNTER_AREA,
    COUNTER_MODULUS,
    FLASH_AREA,
    WHITE,
    Counter,
    draw_counter,
    read_counter,
    read_flash,
)

WIDTH, HEIGHT = 640, 360
CODECS = {
    "vp8": ("libvpx", {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0"}),
    "h264": ("libx264", {"preset": "ultrafast", "tune": "zerolatency"}),
}


def picture(counter: Counter, flash: bool = False, width: int = WIDTH, height: int = HEIGHT) -> np.ndarray:
    luma = np.full((height, width), 40, dtype=np.uint8)
    draw_counter(luma, counter)
    luma[FLASH_AREA.slices(height, width)] = WHITE if flash else 27
    return luma


def through_codec(pictures: list[np.ndarray], codec: str, bit_rate: int) -> list[av.VideoFrame]:
    name, options = CODECS[codec]
    encoder = av.CodecContext.create(name, "w")
    encoder.width, encoder.height, encoder.pix_fmt = WIDTH, HEIGHT, "yuv420p"
    encoder.time_base, encoder.bit_rate, encoder.options = Fraction(1, 30), bit_rate, options
    decoder = av.CodecContext.create(codec, "r")
    packets = []
    for number, luma in enumerate(pictures):
        data = np.concatenate((luma, np.full((HEIGHT // 2, WIDTH), 128, dtype=np.uint8)))
        frame = av.VideoFrame.from_ndarray(data, format="yuv420p")
        frame.pts, frame.time_base = number, Fraction(1, 30)
        packets += encoder.encode(frame)
    packets += encoder.encode(None)
    return [frame for packet in [*packets, None] for frame in decoder.decode(packet)]


@settings(max_examples=60)
@given(
    st.integers(0, COUNTER_MODULUS - 1),
    st.none() | st.integers(0, 14),
    st.sampled_from([(160, 90), (320, 180), (640, 360), (640, 480), (1280, 720), (358, 202)]),
)
def test_every_counter_reads_as_it_was_drawn(frame: int, utterance: int | None, size: tuple[int, int]) -> None:
    counter = Counter(frame, utterance)
    assert read_counter(picture(counter, width=size[0], height=size[1])) == counter


def test_the_counter_wraps() -> None:
    assert read_counter(picture(Counter(COUNTER_MODULUS + 5, 1))) == Counter(5, 1)


@pytest.mark.parametrize("level", [0, 16, 128, 235])
def test_a_picture_without_a_counter_gives_none(level: int) -> None:
    assert read_counter(np.full((HEIGHT, WIDTH), level, dtype=np.uint8)) is None


def test_noise_is_never_believed_and_a_torn_counter_hardly_ever() -> None:
    rng = np.random.default_rng(1)
    assert all(read_counter(rng.integers(0, 255, (90, 160)).astype(np.uint8)) is None for _ in range(50))
    rows, columns = COUNTER_AREA.slices(HEIGHT, WIDTH)
    middle = (columns.start + columns.stop) // 2
    believed = 0
    for frame in range(300):
        torn = picture(Counter(frame * 977, 3))
        torn[rows, middle:] = picture(Counter(frame * 977 + 12345, 3))[rows, middle:]
        believed += read_counter(torn) not in (None, Counter(frame * 977, 3), Counter(frame * 977 + 12345, 3))
    assert believed <= 6  # one of 256 by chance


def test_flash_level_goes_from_dark_to_full() -> None:
    assert read_flash(picture(Counter(0, None))) < 0.1
    assert read_flash(picture(Counter(0, None), flash=True)) == 1.0


@pytest.mark.parametrize("codec", ["vp8", "h264"])
@pytest.mark.parametrize("bit_rate", [100_000, 500_000])
@pytest.mark.parametrize("seen_width", [640, 320, 160])
def test_counter_and_flash_survive_a_codec_at_low_bitrate_and_scaling(
    codec: str, bit_rate: int, seen_width: int
) -> None:
    flashes = {10, 11, 40, 41}
    sent = [picture(Counter(1000 + number, 6), number in flashes) for number in range(50)]
    seen = through_codec(sent, codec, bit_rate)
    assert len(seen) == len(sent)
    detector, onsets = FlashDetector(), []
    for number, frame in enumerate(seen):
        height = seen_width * HEIGHT // WIDTH
        luma = frame.reformat(width=seen_width, height=height, format="yuv420p").to_ndarray()[:height]
        assert read_counter(luma) == Counter(1000 + number, 6)
        if (onset := detector.push(luma, number / 30)) is not None:
            onsets.append(round(onset * 30))
    assert onsets == [10, 40]
