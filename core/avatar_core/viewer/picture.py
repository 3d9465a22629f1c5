"""From a decoded frame to a preview picture: scaled by swscale straight into the shared slot's size and format."""

import av
import numpy as np
from av.video.reformatter import Colorspace, VideoReformatter

from avatar_core.media.frames import VideoFrame
from avatar_core.viewer.preview_memory import PreviewWriter

_HD_WIDTH_PX = 1280
_BYTES_PER_PIXEL = 4


def fitted_size(frame: VideoFrame, box_width_px: int, box_height_px: int) -> tuple[int, int]:
    """The largest even size of the frame's shape that fits the box and is no larger than the frame."""
    scale = min(box_width_px / frame.width, box_height_px / frame.height, 1.0)
    return max(2, int(frame.width * scale) & ~1), max(2, int(frame.height * scale) & ~1)


class PicturePress:
    """Owned by the viewer: prints frames into the writer's slots."""

    def __init__(self) -> None:
        self._reformatter = VideoReformatter()

    def press(self, frame: VideoFrame, received_s: float, writer: PreviewWriter, box: tuple[int, int]) -> int:
        """Scale `frame` to fit `box` and publish it; returns its sequence. I420 only."""
        width_px, height_px = fitted_size(frame, *box)
        planes = frame.data.reshape(frame.height * 3 // 2, frame.width)
        picture = av.VideoFrame.from_numpy_buffer(planes, format="yuv420p")
        # BT.709 for HD, BT.601 below, as encoders and players assume where the stream does not say (QT.md).
        matrix = Colorspace.ITU709 if frame.width >= _HD_WIDTH_PX else Colorspace.ITU601
        scaled = self._reformatter.reformat(
            picture, width_px, height_px, "bgra", src_colorspace=matrix.value, threads=1
        )
        plane = scaled.planes[0]
        slot, pixels = writer.slot()
        stride = width_px * _BYTES_PER_PIXEL
        rows = np.frombuffer(memoryview(plane), np.uint8).reshape(height_px, plane.line_size)[:, :stride]
        target = np.frombuffer(pixels, np.uint8)[: stride * height_px].reshape(height_px, stride)
        np.copyto(target, rows)
        return writer.publish(slot, width_px=width_px, height_px=height_px, stride=stride, time_s=received_s)
