"""What a viewer sees of one participant: rate, size, freezes, flashes. Pure, fed frame by frame."""

from collections import deque
from dataclasses import dataclass

from avatar_core.media.flashes import FlashDetector
from avatar_core.media.frames import VideoFrame
from avatar_core.media.sync_picture import read_counter
from avatar_core.metrics.freezes import FreezeRule
from avatar_core.viewer.frame_clock import FrameClock

_RATE_WINDOW_S = 2.0


@dataclass(frozen=True, slots=True)
class Seen:
    """What one frame brought: a flash that began with it, how long the picture before it had frozen, and its number.

    The number is read of a flash alone, and None where its picture is too damaged.
    """

    flash_s: float | None = None
    freeze_s: float | None = None
    picture: int | None = None


class VideoProbe:
    """Owned by the watch of one participant."""

    def __init__(self) -> None:
        self.width_px = 0
        self.height_px = 0
        self.frames = 0
        self.first_frame_s: float | None = None
        self.last_frame_s: float | None = None
        self._flashes = FlashDetector()
        self._clock = FrameClock()
        self._freezes = FreezeRule()
        # Without the first frame, which begins the time that is counted.
        self._arrivals_s: deque[float] = deque(maxlen=256)

    def frame(self, frame: VideoFrame, received_s: float) -> Seen:
        """Take in one decoded frame that reached this process at `received_s`."""
        if self.first_frame_s is None:
            self.first_frame_s = received_s
        else:
            self._arrivals_s.append(received_s)
        self.last_frame_s = received_s
        self.width_px, self.height_px = frame.width, frame.height
        self.frames += 1
        seen_s = self._clock.frame(frame.pts_s, received_s)
        flash_s = self._flashes.push(frame.luma, seen_s)
        counter = read_counter(frame.luma) if flash_s is not None else None
        return Seen(flash_s, self._freezes.push(received_s), counter.frame if counter is not None else None)

    def freeze_s(self, now_s: float) -> float | None:
        """How long the picture has been frozen by now; None where it is not."""
        return self._freezes.ongoing_s(now_s)

    def fps(self, now_s: float) -> float:
        """Frames per second over the last two seconds, or since the first frame where that is less."""
        while self._arrivals_s and now_s - self._arrivals_s[0] > _RATE_WINDOW_S:
            self._arrivals_s.popleft()
        if self.first_frame_s is None or now_s <= self.first_frame_s:
            return 0.0
        return len(self._arrivals_s) / min(_RATE_WINDOW_S, now_s - self.first_frame_s)
