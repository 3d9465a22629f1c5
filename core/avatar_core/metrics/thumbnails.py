"""Pictures in small: what is kept of each to judge motion, black and lips by. By swscale, which averages areas."""

import av
import numpy as np
from av.video.reformatter import Interpolation, VideoReformatter

from avatar_core.media.frames import Pixels

THUMBNAIL = (36, 64)
"""Rows and columns of a picture's thumbnail."""


class Thumbnailer:
    """Owned by whoever takes in the pictures of one track: it keeps its scaler while their size stays the same."""

    def __init__(self) -> None:
        self._reformatter = VideoReformatter()

    def __call__(self, luma: Pixels) -> Pixels:
        """`luma` [height, width] in small [36, 64]: each cell is the mean of all that it covers, to a grey level."""
        rows, columns = THUMBNAIL
        picture = av.VideoFrame.from_numpy_buffer(np.ascontiguousarray(luma), format="gray")
        # With one thread: it is the wait for others on a busy machine that would hold up the viewer.
        scaled = self._reformatter.reformat(picture, columns, rows, "gray", interpolation=Interpolation.AREA, threads=1)
        pixels: Pixels = scaled.to_ndarray().astype(np.uint8)
        return pixels
