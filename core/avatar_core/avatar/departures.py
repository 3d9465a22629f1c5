"""When each picture left, against the sound that belongs to it: what a worker knows of its own A/V offset."""

from collections import OrderedDict, deque
from dataclasses import dataclass

from avatar_core.avatar.reporting import MAX_PICTURES
from avatar_core.avatar.sinks import VideoSink
from avatar_core.clock import Clock
from avatar_core.media.frames import VideoFrame
from avatar_core.media.sync_picture import COUNTER_MODULUS
from avatar_core.wire.livekit import PictureReport

_EXPECTED = 600
"""Five seconds of 120 a second: so long a fault may hold pictures back. Some never come."""


@dataclass(frozen=True, slots=True)
class PictureDue:
    """A picture, by its media time, and when the sound of that moment leaves (monotonic)."""

    pts_s: float
    sound_s: float


class Departures:
    """The last VideoSink but one. A picture that `expect` did not foretell, such as a repeated one, tells nothing."""

    def __init__(self, sink: VideoSink, fps: float, clock: Clock) -> None:
        self._sink = sink
        self._fps = fps
        self._clock = clock
        self._sound_s: OrderedDict[float, float] = OrderedDict()
        self._left: deque[PictureReport] = deque(maxlen=MAX_PICTURES)

    def expect(self, pts_s: float, sound_s: float) -> None:
        """The picture of media time `pts_s` comes here soon; its sound leaves at `sound_s`."""
        self._sound_s[pts_s] = sound_s
        if len(self._sound_s) > _EXPECTED:
            self._sound_s.popitem(last=False)

    def capture(self, frame: VideoFrame) -> None:
        """Note when a picture leaves, and let it."""
        sound_s = self._sound_s.pop(frame.pts_s, None)
        if sound_s is not None:
            offset_s = self._clock.now() - sound_s
            number = round(frame.pts_s * self._fps) % COUNTER_MODULUS
            self._left.append(PictureReport(number, round(1000 * offset_s, 3)))
        self._sink.capture(frame)

    def take(self) -> tuple[PictureReport, ...]:
        """The pictures that left since asked last, the newest where they are too many for a report."""
        left = tuple(self._left)
        self._left.clear()
        return left
