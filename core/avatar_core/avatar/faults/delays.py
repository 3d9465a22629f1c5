"""Sound or picture that leaves later than it should, by a constant time or one that grows."""

import math
from collections import deque
from collections.abc import Callable

import numpy as np

from avatar_core.avatar.alarm import Alarm
from avatar_core.avatar.generator import AvatarOptions
from avatar_core.avatar.sinks import AudioSink, VideoSink
from avatar_core.clock import Clock
from avatar_core.media.frames import AudioFrame, VideoFrame
from avatar_core.media.pcm_buffer import PcmBuffer
from avatar_core.tasks import cancel_and_wait, spawn

SLOPE_FOR_S = 60.0
SWEEP_MS = (0.0, 40.0, -40.0, 0.0, 80.0, -80.0, 0.0, 120.0, -120.0, 0.0, 200.0, -200.0)
"""What comes is told against the zero block, which is spread over all of it: a receiver's buffers change meanwhile."""
_MAX_DELAY_S = 5.0
_MAX_FPS = 120


class DelayedAudio:
    """An AudioSink that gives everything on `delay_s` later, silence first. It must be fed without a break."""

    def __init__(self, sink: AudioSink, delay_s: float, options: AvatarOptions) -> None:
        delay = round(delay_s * options.audio_sample_rate)
        self._sink = sink
        self._line = PcmBuffer(delay + options.audio_sample_rate, channels=options.audio_channels)
        self._line.push(np.zeros((delay, options.audio_channels), dtype=np.int16))

    async def capture(self, frame: AudioFrame) -> None:
        """Take sound in, and give as much out."""
        self._line.push(frame.samples)
        delayed = self._line.pop(frame.samples_per_channel)
        assert delayed is not None
        await self._sink.capture(AudioFrame(delayed, frame.sample_rate_hz))

    def clear_queue(self) -> None:
        """Drop what the sink has not let out; what is delayed here still comes, as from a slow device."""
        self._sink.clear_queue()


class DelayedVideo:
    """A VideoSink that gives everything on later, by what `delay_s` says of the moment it came.

    Made inside a running loop, ended by `aclose`. Pictures never overtake each other.
    """

    def __init__(self, sink: VideoSink, delay_s: Callable[[float], float], clock: Clock) -> None:
        self._sink = sink
        self._delay_s = delay_s
        self._clock = clock
        self._waiting: deque[tuple[float, VideoFrame]] = deque(maxlen=math.ceil(_MAX_DELAY_S * _MAX_FPS))
        self._alarm = Alarm(clock)
        self._task = spawn(self._run(), name="delayed video")

    def capture(self, frame: VideoFrame) -> None:
        """Take a picture."""
        now_s = self._clock.now()
        self._waiting.append((now_s + self._delay_s(now_s), frame))
        self._alarm.ring()

    async def aclose(self) -> None:
        """Drop what waits; harmless twice."""
        await cancel_and_wait(self._task)

    async def _run(self) -> None:
        while True:
            while self._waiting and self._waiting[0][0] <= self._clock.now():
                self._sink.capture(self._waiting.popleft()[1])
            await self._alarm.sleep(self._waiting[0][0] if self._waiting else None)


class ChangingOffset:
    """An A/V offset that is `offset_s` at first and grows by `slope`, seconds a second, for SLOPE_FOR_S.

    With `sweep_s` it goes through SWEEP_MS instead, staying at each for so long, and then begins anew. A picture can't
    leave before it is there, so that an offset below zero is sound that is held back.
    """

    def __init__(self, offset_s: float, slope: float, sweep_s: float = 0.0) -> None:
        self._offset_s = offset_s
        self._slope = slope
        self._sweep_s = sweep_s
        self._began_s: float | None = None
        lowest_s = min(SWEEP_MS) / 1000 if sweep_s else 0.0
        self.audio_delay_s = max(0.0, -offset_s) + max(0.0, -slope * SLOPE_FOR_S) - lowest_s

    def at(self, now_s: float) -> float:
        """The offset now, in seconds, + = picture late; it begins to change when it is first asked for."""
        if self._began_s is None:
            self._began_s = now_s
        since_s = now_s - self._began_s
        if self._sweep_s:
            return SWEEP_MS[int(since_s / self._sweep_s) % len(SWEEP_MS)] / 1000
        return self._offset_s + self._slope * min(since_s, SLOPE_FOR_S)

    def video_delay_s(self, now_s: float) -> float:
        """How much later a picture of this moment must leave."""
        return max(0.0, self.at(now_s) + self.audio_delay_s)
