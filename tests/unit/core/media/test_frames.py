import numpy as np
import pytest

from avatar_core.media.frames import AudioFrame, AudioSegmentEnd, VideoFrame


def test_audio_frame_tells_its_shape_and_duration() -> None:
    frame = AudioFrame(np.zeros((480, 2), dtype=np.int16), 24000, pts_s=1.5)
    assert (frame.samples_per_channel, frame.num_channels, frame.duration_s) == (480, 2, 0.02)


def test_one_dimensional_samples_are_mono() -> None:
    assert AudioFrame(np.zeros(10, dtype=np.int16), 8000).samples.shape == (10, 1)


def test_samples_are_read_only_and_the_producers_array_is_not() -> None:
    samples = np.zeros((4, 1), dtype=np.int16)
    frame = AudioFrame(samples, 8000)
    with pytest.raises(ValueError, match="read-only"):
        frame.samples[0] = 1
    samples[0] = 1


def test_bytes_round_trip_keeps_interleaving() -> None:
    pcm = np.arange(8, dtype="<i2").tobytes()
    frame = AudioFrame.from_bytes(pcm, 8000, 2)
    assert frame.samples.tolist() == [[0, 1], [2, 3], [4, 5], [6, 7]]
    assert frame.to_bytes() == pcm


def test_odd_bytes_are_refused() -> None:
    with pytest.raises(ValueError, match="whole number"):
        AudioFrame.from_bytes(b"abc", 8000, 1)


@pytest.mark.parametrize(
    ("samples", "rate"),
    [(np.zeros(4), 8000), (np.zeros((2, 2, 2), dtype=np.int16), 8000), (np.zeros(4, dtype=np.int16), 0)],
)
def test_audio_that_is_no_pcm_is_refused(samples: np.ndarray, rate: int) -> None:
    with pytest.raises(ValueError):
        AudioFrame(samples, rate)


def test_luma_is_the_first_plane() -> None:
    data = np.arange(4 * 2 * 3 // 2, dtype=np.uint8)
    assert VideoFrame(data, 4, 2, 0.0).luma.tolist() == [[0, 1, 2, 3], [4, 5, 6, 7]]


@pytest.mark.parametrize(
    ("size", "width", "height", "pixel_format"),
    [(9, 3, 2, "i420"), (11, 4, 2, "i420"), (8, 4, 2, "rgba"), (0, 0, 2, "rgba")],
)
def test_pictures_of_the_wrong_size_are_refused(size: int, width: int, height: int, pixel_format: str) -> None:
    with pytest.raises(ValueError):
        VideoFrame(np.zeros(size, dtype=np.uint8), width, height, 0.0, pixel_format)


def test_rgba_has_no_luma() -> None:
    with pytest.raises(ValueError, match="RGBA"):
        _ = VideoFrame(np.zeros(32, dtype=np.uint8), 4, 2, 0.0, "rgba").luma


def test_segment_ends_are_equal_across_generations() -> None:
    assert AudioSegmentEnd("a", 1) == AudioSegmentEnd("a", 2) != AudioSegmentEnd("b", 2)
