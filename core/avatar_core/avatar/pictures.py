"""Pictures that wait for their moment: when each is due, and which come too late to be shown. Pure."""

import math
from collections import deque

from avatar_core.media.frames import VideoFrame

_ANCHORS = 64


class PictureQueue:
    """At most `capacity` pictures in the order of their media time; `hold_s` is how long after its sound one is shown.

    The sound sets the time: `anchor` says when a moment of the media timeline leaves. Without sound the first picture
    sets it. A picture whose successor is due as well is late, and dropped.
    """

    def __init__(self, capacity: int, *, hold_s: float) -> None:
        self.late = 0
        self._capacity = capacity
        self._hold_s = hold_s
        self._pictures: deque[VideoFrame] = deque()
        # (media time, clock time of media time 0 from there on), oldest first.
        self._anchors: deque[tuple[float, float]] = deque(maxlen=_ANCHORS)

    def __len__(self) -> int:
        return len(self._pictures)

    @property
    def full(self) -> bool:
        """Whether no further picture fits."""
        return len(self._pictures) >= self._capacity

    def push(self, picture: VideoFrame, now_s: float) -> None:
        """Append a picture that came at `now_s`."""
        if not self._anchors:
            self.anchor(picture.pts_s, now_s)
        self._pictures.append(picture)

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

    def next_due_s(self, before_media_s: float = math.inf) -> float | None:
        """When the first picture, or one behind it that overtakes it, is due; None without any.

        Pictures from `before_media_s` on are left alone: the time of their sound is not known yet.
        """
        return min((self._due_s(picture) for picture in self._known(before_media_s)), default=None)

    def take(self, now_s: float, before_media_s: float = math.inf) -> VideoFrame | None:
        """The picture to show now, if any; those that it has overtaken are dropped and counted."""
        due = [index for index, picture in enumerate(self._known(before_media_s)) if self._due_s(picture) <= now_s]
        if not due:
            return None
        for _ in range(due[-1]):
            self._pictures.popleft()
            self.late += 1
        picture = self._pictures.popleft()
        while len(self._anchors) > 1 and self._anchors[1][0] <= picture.pts_s:
            self._anchors.popleft()
        return picture

    def clear(self) -> int:
        """Forget all pictures and times; returns how many pictures that were."""
        count = len(self._pictures)
        self._pictures.clear()
        self._anchors.clear()
        return count

    def _known(self, before_media_s: float) -> list[VideoFrame]:
        return [picture for picture in self._pictures if picture.pts_s < before_media_s - 1e-9]

    def _due_s(self, picture: VideoFrame) -> float:
        return self.leaves_s(picture.pts_s) + self._hold_s
