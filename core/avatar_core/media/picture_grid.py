"""A picture as a coarse grid of grays, for whoever looks for movement: by area, so that no pixel is left out."""

import av
import numpy as np
import numpy.typing as npt
from av.video.reformatter import Interpolation, VideoReformatter

from avatar_core.media.frames import Pixels

COLUMNS, ROWS = 32, 18
"""Coarser grids lose the mouth of a small face, finer ones gain nothing."""

Grid = npt.NDArray[np.uint16]


class PictureGrid:
    """Owned by whoever shrinks one stream of pictures: swscale's tables are kept between them."""

    def __init__(self) -> None:
        self._reformatter = VideoReformatter()

    def shrink(self, luma: Pixels) -> Grid:
        """The mean gray of each cell [18, 32] of a picture [height, width], 256 steps to a gray level."""
        frame = av.VideoFrame.from_numpy_buffer(np.ascontiguousarray(luma), format="gray")
        small = self._reformatter.reformat(frame, COLUMNS, ROWS, "gray16le", interpolation=Interpolation.AREA)
        grid: Grid = small.to_ndarray().astype(np.uint16, copy=False)
        return grid
