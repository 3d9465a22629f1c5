"""Our frames as PyAV's and back."""

import av
import numpy as np
import pytest

from avatar_core.media.av_frames import from_av_audio, from_av_video, to_av_audio, to_av_video
from avatar_core.media.frames import AudioFrame, VideoFrame


@pytest.mark.parametrize("channels", [1, 2])
def test_sound_goes_there_and_back(channels: int) -> None:
    samples = np.arange(480 * channels, dtype=np.int16).reshape(-1, channels)
    there = to_av_audio(AudioFrame(samples, 24_000))
    back = from_av_audio(there)
    assert (there.samples, there.layout.nb_channels, back.sample_rate_hz) == (480, channels, 24_000)
    assert np.array_equal(back.samples, samples)


def test_planar_float_sound_is_converted() -> None:
    planar = av.AudioFrame.from_ndarray(np.full((2, 480), 0.5, dtype=np.float32), format="fltp", layout="stereo")
    planar.sample_rate = 48_000
    frame = from_av_audio(planar)
    assert frame.samples.shape == (480, 2)
    assert np.abs(frame.samples - 16_384).max() <= 1


def test_more_channels_than_two_are_refused() -> None:
    with pytest.raises(ValueError, match="6 channels"):
        to_av_audio(AudioFrame(np.zeros((480, 6), dtype=np.int16), 48_000))


def test_picture_goes_there_and_back() -> None:
    pixels = np.arange(320 * 180 * 3 // 2, dtype=np.uint32).astype(np.uint8)
    back = from_av_video(to_av_video(VideoFrame(pixels, 320, 180, 0.0)), 320, 180)
    assert np.array_equal(back.data, pixels)


def test_picture_of_another_shape_lies_between_black_bars() -> None:
    white = av.VideoFrame.from_ndarray(np.full((100, 100, 3), 255, dtype=np.uint8), format="rgb24")
    fitted = from_av_video(white, 320, 180)
    assert (fitted.width, fitted.height) == (320, 180)
    assert fitted.luma[:, 100:220].min() >= 230
    assert fitted.luma[:, :68].max() <= 16
    assert fitted.luma[:, 252:].max() <= 16
