"""I420 and RGB: the planes of a picture and conversion by the rules WebRTC uses (BT.601, studio range)."""

import numpy as np
import numpy.typing as npt

from avatar_core.media.frames import Pixels

_TO_YUV = np.array(
    [
        [0.299 * 219 / 255, 0.587 * 219 / 255, 0.114 * 219 / 255],
        [-0.168736 * 224 / 255, -0.331264 * 224 / 255, 0.5 * 224 / 255],
        [0.5 * 224 / 255, -0.418688 * 224 / 255, -0.081312 * 224 / 255],
    ],
    dtype=np.float32,
)
_OFFSETS = np.array([16, 128, 128], dtype=np.float32)


def i420_planes(data: Pixels, width: int, height: int) -> tuple[Pixels, Pixels, Pixels]:
    """Views of Y [height, width], U and V [height/2, width/2] into flat I420 `data`."""
    luma, chroma = width * height, width * height // 4
    return (
        data[:luma].reshape(height, width),
        data[luma : luma + chroma].reshape(height // 2, width // 2),
        data[luma + chroma :].reshape(height // 2, width // 2),
    )


def rgb_to_yuv(rgb: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Colours [..., 3] of 0..255 as Y, U, V, not rounded."""
    return rgb @ _TO_YUV.T + _OFFSETS


def rgb_to_i420(rgb: npt.NDArray[np.float32], *, dither: npt.NDArray[np.float32] | None = None) -> Pixels:
    """A picture [height, width, 3] of 0..255 as flat I420; the chroma of 2x2 px is averaged.

    `dither` [height, width] of -0.5..0.5 is added before rounding: without it slow gradients show bands.
    """
    yuv = rgb_to_yuv(rgb)
    noise = np.zeros(yuv.shape[:2], dtype=np.float32) if dither is None else dither
    chroma = halve(yuv[..., 1:])
    planes = (yuv[..., 0] + noise, chroma[..., 0] + noise[::2, ::2], chroma[..., 1] + noise[1::2, 1::2])
    return np.concatenate([np.clip(np.rint(plane), 0, 255).astype(np.uint8).reshape(-1) for plane in planes])


def halve(plane: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Means of 2x2 px of [height, width, ...]; both sizes even."""
    means: npt.NDArray[np.float32] = plane[0::2, 0::2] + plane[1::2, 0::2] + plane[0::2, 1::2] + plane[1::2, 1::2]
    return means * np.float32(0.25)
