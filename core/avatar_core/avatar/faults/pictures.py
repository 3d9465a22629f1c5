"""Pictures that are spoilt on their way out: none, the same, black, smaller, fewer. Pure."""

from dataclasses import replace

import av
import numpy as np

from avatar_core.avatar.faults.planted import Faults
from avatar_core.media.frames import Pixels, VideoFrame

FIRST_S, EVERY_S = 4.0, 6.0
"""A fault that lasts begins then, counted from the first picture, and again as long after its end."""
_BLACK_LUMA, _GREY_CHROMA = 16, 128
_SEED = 7

PICTURE_FAULTS = ("freeze_s", "dropped_frames_percent", "low_fps", "resolution_percent", "mouth_still_s", "black_s")


class PictureFaults:
    """Given each picture as it leaves, it says what leaves instead."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults
        self._began_s: float | None = None
        self._still: VideoFrame | None = None
        self._random = np.random.default_rng(_SEED)
        self._next_s = 0.0

    def push(self, frame: VideoFrame, now_s: float) -> VideoFrame | None:
        """The picture to show at `now_s` in place of `frame`; None where none is to come."""
        if self._began_s is None:
            self._began_s = now_s
        since_s, faults = now_s - self._began_s, self._faults
        if _lasts(faults["freeze_s"], since_s):
            return None
        if faults["dropped_frames_percent"] and self._random.random() < faults["dropped_frames_percent"] / 100:
            return None
        if faults["low_fps"] and not self._is_due(since_s):
            return None
        self._still = (self._still or frame) if _lasts(faults["mouth_still_s"], since_s) else None
        if self._still is not None:
            frame = replace(self._still, pts_s=frame.pts_s)
        if _lasts(faults["black_s"], since_s):
            frame = _black(frame)
        if faults["resolution_percent"] and _lasts(EVERY_S, since_s):
            frame = _scaled(frame, faults["resolution_percent"] / 100)
        return frame

    def _is_due(self, since_s: float) -> bool:
        """Whether a picture at the low rate falls here; the rate is kept on average whatever the pictures' own."""
        if since_s < self._next_s - 1e-3:
            return False
        period_s = 1 / self._faults["low_fps"]
        self._next_s = max(self._next_s + period_s, since_s)
        return True


def _lasts(length_s: float, since_s: float) -> bool:
    """Whether a fault that lasts `length_s`, over and over, is on."""
    return length_s > 0 and since_s >= FIRST_S and (since_s - FIRST_S) % (EVERY_S + length_s) < length_s


def _black(frame: VideoFrame) -> VideoFrame:
    data: Pixels = np.full(frame.data.shape, _GREY_CHROMA, dtype=np.uint8)
    if frame.format == "rgba":
        data.reshape(-1, 4)[:] = (0, 0, 0, 255)
    else:
        data[: frame.width * frame.height] = _BLACK_LUMA
    return replace(frame, data=data)


def _scaled(frame: VideoFrame, share: float) -> VideoFrame:
    width, height = (max(2, round(size * share / 2) * 2) for size in (frame.width, frame.height))
    if frame.format == "rgba":
        whole = av.VideoFrame.from_ndarray(frame.data.reshape(frame.height, frame.width, 4), format="rgba")
    else:
        whole = av.VideoFrame.from_ndarray(frame.data.reshape(frame.height * 3 // 2, frame.width), format="yuv420p")
    pixels = whole.reformat(width, height).to_ndarray().astype(np.uint8, copy=False)
    return replace(frame, data=pixels.reshape(-1), width=width, height=height)
