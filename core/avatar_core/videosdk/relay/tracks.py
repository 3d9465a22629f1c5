"""Our frames as those of a track that is pulled: 20 ms of sound with its samples counted, pictures in 90 kHz."""

from collections.abc import AsyncIterator
from fractions import Fraction
from typing import Final

import av
import numpy as np

from avatar_core.clock import Clock
from avatar_core.media.av_frames import to_av_audio, to_av_video
from avatar_core.media.frames import AudioFrame, VideoFrame

_FRAME_S: Final = 0.02
"""What WebRTC's encoders of Opus take at a time."""
_VIDEO_CLOCK_HZ: Final = 90_000


async def timed_sound(frames: AsyncIterator[AudioFrame]) -> AsyncIterator[av.AudioFrame]:
    """In frames of 20 ms; what is left of the last one is dropped with the end of the track."""
    waiting: list[AudioFrame] = []
    sent = 0
    async for frame in frames:
        waiting.append(frame)
        if sum(one.duration_s for one in waiting) < _FRAME_S - 1e-6:
            continue
        rate_hz = frame.sample_rate_hz
        joined = to_av_audio(AudioFrame(np.concatenate([one.samples for one in waiting]), rate_hz))
        joined.pts, joined.time_base = sent, Fraction(1, rate_hz)
        sent += joined.samples
        waiting.clear()
        yield joined


async def timed_pictures(pictures: AsyncIterator[VideoFrame], clock: Clock) -> AsyncIterator[av.VideoFrame]:
    """Stamped with when they come: whoever pulls sends at once."""
    began_s: float | None = None
    async for picture in pictures:
        began_s = clock.now() if began_s is None else began_s
        frame = to_av_video(picture)
        frame.pts, frame.time_base = round((clock.now() - began_s) * _VIDEO_CLOCK_HZ), Fraction(1, _VIDEO_CLOCK_HZ)
        yield frame
