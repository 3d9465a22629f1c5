"""An avatar as livekit-agents builds it: its AvatarRunner and receiver around the same picture as our sync-pattern.

Started by end_to_end.py with a launch request on stdin.
"""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from dataclasses import replace

from livekit import rtc
from livekit.agents.voice import avatar as theirs

from avatar_core.avatar.generator import AvatarOptions
from avatar_core.avatar.generators.sync_flash import SyncFlash
from avatar_core.clock import MonotonicClock
from avatar_core.media.frames import AudioFrame, AudioSegmentEnd, VideoFrame
from avatar_core.room import sdk


class Pattern(theirs.VideoGenerator):
    """Our SyncFlash behind their interface. Idle pictures are left out: theirs has none of its own."""

    def __init__(self, options: AvatarOptions) -> None:
        self._generator = SyncFlash(options, MonotonicClock())

    async def push_audio(self, frame: rtc.AudioFrame | theirs.AudioSegmentEnd) -> None:
        if isinstance(frame, rtc.AudioFrame):
            await self._generator.push_audio(sdk.to_audio_frame(frame))
        else:
            await self._generator.push_audio(AudioSegmentEnd())

    def clear_buffer(self) -> None:
        self._generator.clear_buffer()

    def __aiter__(self) -> AsyncIterator[rtc.VideoFrame | rtc.AudioFrame | theirs.AudioSegmentEnd]:
        return self._items()

    async def _items(self) -> AsyncIterator[rtc.VideoFrame | rtc.AudioFrame | theirs.AudioSegmentEnd]:
        async for item in self._generator:
            if item.generation != self._generator.generation:
                continue
            if isinstance(item, VideoFrame):
                yield sdk.from_video_frame(item)
            elif isinstance(item, AudioFrame):
                yield sdk.from_audio_frame(replace(item, pts_s=None))
            else:
                yield theirs.AudioSegmentEnd()


async def main() -> None:
    request = json.loads(sys.stdin.readline())
    shape = AvatarOptions(request["width"], request["height"], request["fps"], 24_000)
    room = rtc.Room()
    await room.connect(request["url"], request["token"])
    receiver = theirs.DataStreamAudioReceiver(room, sender_identity=request["agent"])
    runner = theirs.AvatarRunner(
        room,
        audio_recv=receiver,
        video_gen=Pattern(shape),
        options=theirs.AvatarOptions(shape.video_width, shape.video_height, shape.video_fps, 24_000, 1),
    )
    await runner.start()
    await runner.wait_for_complete()


if __name__ == "__main__":
    asyncio.run(main())
