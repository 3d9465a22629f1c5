"""Planted faults: what a worker does wrong on purpose, so that it can be shown that the bench notices."""

import math
from collections import deque
from dataclasses import dataclass

import numpy as np

from avatar_core.avatar.alarm import Alarm
from avatar_core.avatar.generator import AvatarOptions
from avatar_core.avatar.sinks import AudioSink, VideoSink
from avatar_core.clock import Clock
from avatar_core.errors import ConfigError
from avatar_core.media.frames import AudioFrame, VideoFrame
from avatar_core.media.pcm_buffer import PcmBuffer
from avatar_core.tasks import cancel_and_wait, spawn

MAX_DELAY_MS = 5_000.0
_MAX_FPS = 120


@dataclass(frozen=True, slots=True)
class Faults:
    """The faults of one worker, none by default; as launch options `fault.<field>`.

    `audio_delay_ms`, `video_delay_ms`: everything of that kind leaves later. `never_join`: the worker runs but stays
    out of the room. `never_publish`: it joins, and publishes nothing.
    """

    audio_delay_ms: float = 0.0
    video_delay_ms: float = 0.0
    never_join: bool = False
    never_publish: bool = False

    def __post_init__(self) -> None:
        for name, delay_ms in (("audio", self.audio_delay_ms), ("video", self.video_delay_ms)):
            if not 0 <= delay_ms <= MAX_DELAY_MS:
                raise ConfigError(f"fault.{name}_delay_ms is {delay_ms:g}; choose 0 to {MAX_DELAY_MS:g}")

    @property
    def offset_s(self) -> float:
        """What the delays add to the A/V offset (+ = video late)."""
        return (self.video_delay_ms - self.audio_delay_ms) / 1000


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
    """A VideoSink that gives everything on `delay_s` later; made inside a running loop, ended by `aclose`."""

    def __init__(self, sink: VideoSink, delay_s: float, clock: Clock) -> None:
        self._sink = sink
        self._delay_s = delay_s
        self._clock = clock
        self._waiting: deque[tuple[float, VideoFrame]] = deque(maxlen=math.ceil(MAX_DELAY_MS / 1000 * _MAX_FPS))
        self._alarm = Alarm(clock)
        self._task = spawn(self._run(), name="delayed video")

    def capture(self, frame: VideoFrame) -> None:
        """Take a picture."""
        self._waiting.append((self._clock.now() + self._delay_s, frame))
        self._alarm.ring()

    async def aclose(self) -> None:
        """Drop what waits; harmless twice."""
        await cancel_and_wait(self._task)

    async def _run(self) -> None:
        while True:
            while self._waiting and self._waiting[0][0] <= self._clock.now():
                self._sink.capture(self._waiting.popleft()[1])
            await self._alarm.sleep(self._waiting[0][0] if self._waiting else None)
