"""Pictures that wait for their moment: when each is due, and which come too late to be shown. Pure."""

import math
from collections import deque

from avatar_core.media.frames import VideoFrame

_ANCHORS = 64
_SHIFT_S = 0.001


class PictureQueue:
    """At most `capacity` pictures of `max_bytes`, in the order they came; one is due `hold_s` after its sound.

    The sound sets the time: `anchor` says when a moment of the media timeline leaves. Without sound the first picture
    sets it. A picture whose successor is due as well is late, and dropped.
    """

    def __init__(self, capacity: int, *, max_bytes: int, hold_s: float, frame_s: float) -> None:
        self.late = 0
        self.dropped = 0
        """Dropped to make room."""
        self._capacity = capacity
        self._max_bytes = max_bytes
        self._hold_s = hold_s
        self._frame_s = frame_s
        self._bytes = 0
        self._newest_s = -math.inf
        self._pictures: deque[VideoFrame] = deque()
        # (media time, clock time of media time 0 from there on), oldest first.
        self._anchors: deque[tuple[float, float]] = deque(maxlen=_ANCHORS)
        self._aligned_zero_s = math.inf

    def __len__(self) -> int:
        return len(self._pictures)

    def fits(self, picture: VideoFrame) -> bool:
        """Whether there is room for it; one picture always fits."""
        if not self._pictures:
            return True
        return len(self._pictures) < self._capacity and self._bytes + picture.data.nbytes <= self._max_bytes

    def drop_oldest(self) -> None:
        """Make room."""
        self._bytes -= self._pictures.popleft().data.nbytes
        self.dropped += 1

    def push(self, picture: VideoFrame, now_s: float) -> None:
        """Append a picture that came at `now_s`."""
        if not self._anchors:
            self.anchor(picture.pts_s, now_s)
        self._pictures.append(picture)
        self._bytes += picture.data.nbytes
        self._newest_s = picture.pts_s

    def covers(self, media_s: float) -> bool:
        """Whether the picture of that moment has come, or a later one."""
        return self._newest_s > media_s - self._frame_s / 2

    def anchor(self, media_s: float, leaves_s: float) -> None:
        """The sound of `media_s` leaves at `leaves_s`, and what follows it in step."""
        zero_s = leaves_s - media_s
        if self._anchors and abs(self._anchors[-1][1] - zero_s) < 1e-6:
            return
        self._anchors.append((media_s, zero_s))

    def leaves_s(self, media_s: float) -> float:
        """When the sound of `media_s` leaves, as far as is known."""
        zero_s = next((zero_s for begins_s, zero_s in reversed(self._anchors) if begins_s <= media_s), None)
        return media_s + (self._anchors[0][1] if zero_s is None else zero_s)

    def playing_s(self, now_s: float) -> float | None:
        """The media time that leaves now; None before the first anchor."""
        return now_s - self._anchors[-1][1] if self._anchors else None

    def next_due_s(self, before_media_s: float = math.inf) -> float | None:
        """When the first picture, or one behind it that overtakes it, is due; None without any.

        Pictures from `before_media_s` on are left alone: the time of their sound is not known yet.
        """
        return min((self._due_s(picture) for picture in self._known(before_media_s)), default=None)

    @property
    def moved(self) -> bool:
        """The timeline has moved against the clock since it was last aligned."""
        return bool(self._anchors) and abs(self._anchors[-1][1] - self._aligned_zero_s) >= _SHIFT_S

    def align(self, before_media_s: float = math.inf) -> float | None:
        """Where the timeline has moved against the clock: when the first picture since is due, once that is known.

        None where it has not moved, or where it was told of that move before.
        """
        if not self.moved:
            return None
        since_s, zero_s = self._anchors[-1]
        for picture in self._known(before_media_s):
            if picture.pts_s >= since_s - 1e-9:
                self._aligned_zero_s = zero_s
                return self._due_s(picture)
        return None

    def take(self, now_s: float, before_media_s: float = math.inf) -> VideoFrame | None:
        """The picture to show at `now_s`, if any; those that it has overtaken are dropped and counted."""
        due = [index for index, picture in enumerate(self._known(before_media_s)) if self._due_s(picture) <= now_s]
        if not due:
            return None
        self.late += due[-1]
        for _ in range(due[-1] + 1):
            picture = self._pictures.popleft()
            self._bytes -= picture.data.nbytes
        while len(self._anchors) > 1 and self._anchors[1][0] <= picture.pts_s:
            self._anchors.popleft()
        return picture

    def clear(self) -> int:
        """Forget all pictures and times; returns how many pictures that were."""
        count = len(self._pictures)
        self._pictures.clear()
        self._anchors.clear()
        self._bytes = 0
        self._newest_s = -math.inf
        return count

    def _known(self, before_media_s: float) -> list[VideoFrame]:
        return [picture for picture in self._pictures if picture.pts_s < before_media_s - 1e-9]

    def _due_s(self, picture: VideoFrame) -> float:
        return self.leaves_s(picture.pts_s) + self._hold_s
