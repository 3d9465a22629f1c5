import av
import numpy as np
import pytest

from avatar_core.media.pixels import i420_planes, rgb_to_i420


def test_planes_are_views_of_the_flat_picture() -> None:
    data = np.zeros(8 * 4 * 3 // 2, dtype=np.uint8)
    luma, blue, red = i420_planes(data, 8, 4)
    luma[...], blue[...], red[...] = 1, 2, 3
    assert (luma.shape, blue.shape, red.shape) == ((4, 8), (2, 4), (2, 4))
    assert data.tolist() == [1] * 32 + [2] * 8 + [3] * 8


@pytest.mark.parametrize("colour", [(0, 0, 0), (255, 255, 255), (255, 0, 0), (0, 128, 255), (93, 57, 45)])
def test_colours_convert_as_ffmpeg_converts_them(colour: tuple[int, int, int]) -> None:
    rgb = np.full((16, 16, 3), colour, dtype=np.uint8)
    theirs = av.VideoFrame.from_ndarray(rgb, format="rgb24").reformat(format="yuv420p", dst_colorspace="ITU601")
    ours = rgb_to_i420(rgb.astype(np.float32))
    assert np.abs(ours.astype(int) - theirs.to_ndarray().reshape(-1)).max() <= 1


def test_dither_keeps_the_mean_of_a_shade_between_two_values() -> None:
    grey = np.full((64, 64, 3), 100.3, dtype=np.float32)
    noise = np.random.default_rng(0).random((64, 64), dtype=np.float32) - 0.5
    wanted = 16 + 100.3 * 219 / 255
    assert rgb_to_i420(grey, dither=noise)[: 64 * 64].mean() == pytest.approx(wanted, abs=0.05)
