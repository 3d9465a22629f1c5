"""A generator for tests: gives every frame of speech back as it came, with one small picture each; idle is nothing."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import replace

import numpy as np

from avatar_core.avatar.generator import AvatarOptions, GeneratedItem, VideoGenerator
from avatar_core.media.frames import AudioFrame, AudioSegmentEnd, VideoFrame

OPTIONS = AvatarOptions(video_width=320, video_height=180, video_fps=25, audio_sample_rate=8_000)


def picture(pts_s: float, generation: int = 0, *, mark: int = 0) -> VideoFrame:
    """A plain picture of OPTIONS' size; `mark` is its brightness."""
    pixels = np.full(320 * 180 * 3 // 2, mark, dtype=np.uint8)
    return VideoFrame(pixels, 320, 180, pts_s, generation=generation)


def sound(pts_s: float, duration_s: float, generation: int = 0, *, level: int = 1_000) -> AudioFrame:
    """Loud enough to be told from silence."""
    return AudioFrame(np.full(round(duration_s * 8_000), level, dtype=np.int16), 8_000, pts_s, generation)


class EchoGenerator(VideoGenerator):
    """Takes speech at OPTIONS' rate. `failure`, once set, is raised by the iteration."""

    def __init__(self) -> None:
        self.failure: Exception | None = None
        self.closed = False
        self._generation = 0
        self._media_s = 0.0
        self._items: deque[GeneratedItem] = deque()
        self._wake = asyncio.Event()

    @property
    def generation(self) -> int:
        return self._generation

    @property
    def buffered_s(self) -> float:
        return sum(item.duration_s for item in self._items if isinstance(item, AudioFrame))

    async def push_audio(self, frame: AudioFrame | AudioSegmentEnd) -> None:
        if isinstance(frame, AudioFrame):
            self._items.append(picture(self._media_s, self._generation))
            self._items.append(replace(frame, pts_s=self._media_s, generation=self._generation))
            self._media_s += frame.duration_s
        else:
            self._items.append(AudioSegmentEnd(frame.segment_id, self._generation))
        self._wake.set()

    def clear_buffer(self) -> None:
        self._generation += 1
        self._items.clear()

    def fail(self, failure: Exception) -> None:
        self.failure = failure
        self._wake.set()

    async def __aiter__(self) -> AsyncIterator[GeneratedItem]:
        while not self.closed:
            if self.failure is not None:
                raise self.failure
            if self._items:
                yield self._items.popleft()
            else:
                self._wake.clear()
                await self._wake.wait()

    async def aclose(self) -> None:
        self.closed = True
        self._wake.set()
