"""Where on the media timeline sound and pictures belong, in the three ways that a generator may tell. Pure."""

import enum
from abc import ABC, abstractmethod
from dataclasses import replace

from avatar_core.media.frames import AudioFrame, VideoFrame


class Timing(enum.Enum):
    """How it is known what belongs together."""

    MEDIA_TIME = "media_time"
    """By `pts_s`, which every frame has, in any order. What a VideoGenerator gives."""
    ORDER = "order"
    """By the order of pushing, the picture first: LiveKit's generators. `pts_s` is not looked at."""
    ARRIVAL = "arrival"
    """By the moment of pushing: a picture belongs to the sound that ends then. Seed 001's vendors, who send both in
    real time. `pts_s` is not looked at."""


class Timeline(ABC):
    """Gives each frame of one generation its media time."""

    @abstractmethod
    def sound(self, frame: AudioFrame, now_s: float, playing_s: float | None) -> AudioFrame:
        """`frame` with its time. `playing_s` is the media time that plays at `now_s`; None where nothing waits.

        Raises ValueError where the time cannot be known.
        """

    @abstractmethod
    def picture(self, frame: VideoFrame, now_s: float, playing_s: float | None) -> VideoFrame:
        """`frame` with its time."""

    @abstractmethod
    def end(self) -> None:
        """The utterance ends here."""


def timeline(timing: Timing, frame_s: float) -> Timeline:
    """The timeline of that kind; `frame_s` is the time of one picture."""
    if timing is Timing.MEDIA_TIME:
        return _ByMediaTime()
    return _ByOrder(frame_s) if timing is Timing.ORDER else _ByArrival()


class _ByMediaTime(Timeline):
    def sound(self, frame: AudioFrame, now_s: float, playing_s: float | None) -> AudioFrame:
        if frame.pts_s is None:
            raise ValueError("this sound has no media time: give it pts_s, or choose Timing.ORDER or Timing.ARRIVAL")
        return frame

    def picture(self, frame: VideoFrame, now_s: float, playing_s: float | None) -> VideoFrame:
        return frame

    def end(self) -> None:
        """Nothing follows from it."""


class _ByOrder(Timeline):
    """A picture belongs to the sound that follows it; pictures without sound between them are one frame apart.

    Within an utterance sound follows sound: pictures that a stalled generator puts in between move nothing on.
    """

    def __init__(self, frame_s: float) -> None:
        self._frame_s = frame_s
        self._sound_s = 0.0
        self._picture_s: float | None = None
        self._speaks = self._sound_since = False

    def sound(self, frame: AudioFrame, now_s: float, playing_s: float | None) -> AudioFrame:
        if not self._speaks and self._picture_s is not None:
            self._sound_s = max(self._sound_s, self._picture_s)
        timed = replace(frame, pts_s=self._sound_s)
        self._sound_s += frame.duration_s
        self._speaks = self._sound_since = True
        return timed

    def picture(self, frame: VideoFrame, now_s: float, playing_s: float | None) -> VideoFrame:
        if self._sound_since or self._picture_s is None:
            self._picture_s = self._sound_s
        else:
            self._picture_s += self._frame_s
        self._sound_since = False
        return replace(frame, pts_s=self._picture_s)

    def end(self) -> None:
        self._speaks = False


class _ByArrival(Timeline):
    """The end of the sound that came last belongs to the moment it came; what comes later is as much later.

    Where all of it has played, sound and pictures belong to now.
    """

    def __init__(self) -> None:
        self._ends_s = 0.0
        self._came_s: float | None = None
        self._lasts_s = 0.0

    def sound(self, frame: AudioFrame, now_s: float, playing_s: float | None) -> AudioFrame:
        begins_s = self._ends_s if playing_s is None else max(self._ends_s, playing_s)
        self._ends_s, self._came_s, self._lasts_s = begins_s + frame.duration_s, now_s, frame.duration_s
        return replace(frame, pts_s=begins_s)

    def picture(self, frame: VideoFrame, now_s: float, playing_s: float | None) -> VideoFrame:
        # The next sound ends no later than one piece behind this one.
        since_s = 0.0 if self._came_s is None else min(now_s - self._came_s, self._lasts_s)
        at_s = self._ends_s + since_s
        return replace(frame, pts_s=at_s if playing_s is None else max(at_s, playing_s))

    def end(self) -> None:
        """Nothing follows from it: what comes next belongs to the moment it comes."""
