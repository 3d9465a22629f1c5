"""The synchronizers under comparison, each behind `push_picture`, `push_sound`, `interrupt`, `finish`, `aclose`.

Each imports what it needs itself: a peer's class runs in the peer's own environment.
"""

import asyncio
from typing import Any, cast

import numpy as np
from synchronizer_media import FPS, RATE_HZ, Left, SourceQueue, clock, number_of


class Null:
    """No synchronizer: what source and observer cost by themselves."""

    def __init__(self, left: Left, width: int, height: int) -> None:
        self._left = left
        self._queue = SourceQueue(left, 1.0)

    async def start(self) -> None:
        pass

    async def push_picture(self, pixels: Any, number: int) -> None:
        self._left.pictures.append((clock(), number_of(pixels)))

    async def push_sound(self, samples: Any, number: int) -> None:
        await self._queue.capture(samples)

    async def interrupt(self) -> None:
        self._queue.clear()

    async def finish(self) -> None:
        self._queue.finish()

    async def aclose(self) -> None:
        pass


class Ours(Null):
    """avatar_core's AVSynchronizer, frames with media time, over LiveKit's kind of outputs."""

    async def start(self) -> None:
        from avatar_core.avatar.generator import AvatarOptions
        from avatar_core.avatar.synchronizer import AVSynchronizer
        from avatar_core.clock import MonotonicClock

        left, queue = self._left, SourceQueue(self._left, 0.1)
        self._queue = queue

        class Audio:
            async def capture(self, frame: Any) -> None:
                await queue.capture(frame.samples[:, 0])

            def clear_queue(self) -> None:
                queue.clear()

        class Video:
            def capture(self, frame: Any) -> None:
                left.pictures.append((clock(), number_of(frame.luma)))

        options = AvatarOptions(video_fps=FPS, audio_sample_rate=RATE_HZ)
        self._sync = AVSynchronizer(Audio(), Video(), options, MonotonicClock())
        self._sync.start()
        self._generation = 0

    async def push_picture(self, pixels: Any, number: int) -> None:
        from avatar_core.media.frames import VideoFrame

        height, width = pixels.shape[0] * 2 // 3, pixels.shape[1]
        await self._sync.push(VideoFrame(pixels.reshape(-1), width, height, number / FPS, generation=self._generation))

    async def push_sound(self, samples: Any, number: int) -> None:
        from avatar_core.media.frames import AudioFrame

        await self._sync.push(AudioFrame(samples, RATE_HZ, number / FPS, self._generation))

    async def interrupt(self) -> None:
        self._generation += 1
        self._sync.flush(self._generation)

    async def finish(self) -> None:
        await self._sync.end_segment()
        await super().finish()

    async def aclose(self) -> None:
        await self._sync.aclose()


class LiveKit(Null):
    """livekit.rtc.AVSynchronizer over sources that behave as the SDK's do, 100 ms of queue as AvatarRunner has it."""

    async def start(self) -> None:
        from livekit import rtc

        left, queue = self._left, SourceQueue(self._left, 0.1)
        self._queue = queue

        class Audio:
            async def capture_frame(self, frame: Any) -> None:
                await queue.capture(np.frombuffer(frame.data, dtype=np.int16))

            def clear_queue(self) -> None:
                queue.clear()

        class Video:
            def capture_frame(self, frame: Any) -> None:
                pixels = np.frombuffer(frame.data, dtype=np.uint8).reshape(-1, frame.width)
                left.pictures.append((clock(), number_of(pixels)))

        self._rtc = rtc
        self._sync = rtc.AVSynchronizer(audio_source=cast(Any, Audio()), video_source=cast(Any, Video()), video_fps=FPS)

    async def push_picture(self, pixels: Any, number: int) -> None:
        height, width = pixels.shape[0] * 2 // 3, pixels.shape[1]
        frame = self._rtc.VideoFrame(width, height, self._rtc.VideoBufferType.I420, pixels.tobytes())
        await self._sync.push(frame)

    async def push_sound(self, samples: Any, number: int) -> None:
        await self._sync.push(self._rtc.AudioFrame(samples.tobytes(), RATE_HZ, 1, len(samples)))

    async def interrupt(self) -> None:
        await self._sync.clear_queue()

    async def aclose(self) -> None:
        # Theirs cancels its task and does not wait for it.
        await self._sync.aclose()


class _Pulled(Null):
    """Peers whose tracks are pulled as a peer connection does it."""

    _tasks: list[Any]

    def _pull(self, audio: Any, video: Any) -> None:
        async def pull_audio() -> None:
            while True:
                frame = await audio.recv()
                self._left.sound.append((clock(), frame.to_ndarray().reshape(-1).astype(np.int16)))

        async def pull_video() -> None:
            while True:
                frame = await video.recv()
                self._left.pictures.append((clock(), number_of(frame.reformat(format="yuv420p").to_ndarray())))

        self._tasks = [asyncio.create_task(pull_audio()), asyncio.create_task(pull_video())]

    @staticmethod
    def _picture(pixels: Any) -> Any:
        import av

        return av.VideoFrame.from_ndarray(pixels, format="yuv420p")

    async def aclose(self) -> None:
        for task in self._tasks:
            task.cancel()
        for result in await asyncio.gather(*self._tasks, return_exceptions=True):
            if isinstance(result, Exception):
                raise result

    async def finish(self) -> None:
        pass


class VisionAgents(_Pulled):
    """Vision-Agents 0.6 as its agent wires it: the hand-off stream is drained at once into the call's audio track."""

    def __init__(self, left: Left, width: int, height: int) -> None:
        super().__init__(left, width, height)
        self._size = width, height

    async def start(self) -> None:
        from getstream.video.rtc import audio_track as tracks
        from getstream.video.rtc.track_util import PcmData
        from vision_agents.core.avatars.av_synchronizer import AVSynchronizer

        self._pcm = PcmData
        self._sync = AVSynchronizer(*self._size, FPS, 300)
        self._track = tracks.AudioStreamTrack(sample_rate=RATE_HZ, channels=1, audio_buffer_size_ms=300_000)
        self._pull(self._track, self._sync.video_output)
        self._tasks.append(asyncio.create_task(self._drain()))

    async def _drain(self) -> None:
        from vision_agents.core.agents.inference import AudioOutputChunk

        async for item in self._sync.audio_output:
            if isinstance(item, AudioOutputChunk):
                if item.data is not None:
                    await self._track.write(item.data, final=item.final)
            else:
                await self._track.flush()

    async def push_picture(self, pixels: Any, number: int) -> None:
        await self._sync.write_video(self._picture(pixels))

    async def push_sound(self, samples: Any, number: int) -> None:
        await self._sync.write_audio(self._pcm(sample_rate=RATE_HZ, format="s16", channels=1, samples=samples))

    async def interrupt(self) -> None:
        await self._sync.flush()


class VisionAgentsDirect(VisionAgents):
    """The same, kinder than it is shipped: a reader of ours takes 20 ms every 20 ms from the hand-off stream."""

    async def start(self) -> None:
        from getstream.video.rtc.track_util import PcmData
        from vision_agents.core.avatars.av_synchronizer import AVSynchronizer

        self._pcm = PcmData
        self._sync = AVSynchronizer(*self._size, FPS, 300)
        self._pull(self, self._sync.video_output)
        self._due_s = clock()

    async def recv(self) -> Any:
        from vision_agents.core.agents.inference import AudioOutputChunk

        self._due_s += 0.02
        await asyncio.sleep(self._due_s - clock())
        samples = np.zeros(RATE_HZ // 50, dtype=np.int16)
        items = self._sync.audio_output._items
        while items:
            item = items[0]
            self._sync.audio_output.get_nowait()
            if isinstance(item, AudioOutputChunk) and item.data is not None:
                samples = item.data.samples
                break
        return _Samples(samples)


class _Samples:
    def __init__(self, samples: Any) -> None:
        self._samples = samples

    def to_ndarray(self) -> Any:
        return self._samples


class VideoSdk(_Pulled):
    """videosdk-agents' AvatarSynchronizer with its two tracks; an interrupt is what AvatarServer does to them."""

    def __init__(self, left: Left, width: int, height: int) -> None:
        super().__init__(left, width, height)
        self._size = width, height

    async def start(self) -> None:
        from videosdk.agents.avatar.avatar_controller import AvatarVisualTrack, AvatarVoiceTrack
        from videosdk.agents.avatar.avatar_synchronizer import AvatarSynchronizer

        self._voice = AvatarVoiceTrack(RATE_HZ, 1)
        face = AvatarVisualTrack(*self._size, FPS)
        self._sync = AvatarSynchronizer(self._voice, face, FPS)
        self._pull(self._voice, face)

    async def push_picture(self, pixels: Any, number: int) -> None:
        await self._sync.push(self._picture(pixels))

    async def push_sound(self, samples: Any, number: int) -> None:
        import av

        frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate = RATE_HZ
        await self._sync.push(frame)

    async def interrupt(self) -> None:
        self._voice._audio_buffer.clear()


PEERS = {
    "null": Null,
    "ours": Ours,
    "livekit": LiveKit,
    "vision": VisionAgents,
    "vision-direct": VisionAgentsDirect,
    "videosdk": VideoSdk,
}
