"""The worker's end of VideoSDK's wire in a fake meeting, with its agent: what it played, and what it told."""

from itertools import count

import numpy as np

from avatar_core.media.frames import AudioFrame, AudioSegmentEnd
from avatar_core.room.incoming_segment import BufferCleared
from avatar_core.tasks import cancel_and_wait, spawn
from avatar_core.videosdk.avatar_audio_io import AvatarAudioOut
from avatar_core.videosdk.avatar_auth import AvatarAuthCredentials
from avatar_core.videosdk.speech_receiver import MeetingAudioReceiver
from avatar_core.wire.videosdk import (
    StreamEnded,
    StreamStarted,
)
from tests.fakes.clock import ManualClock, settle
from tests.fakes.meeting import FakeMeetingRoom

AGENT, AVATAR = "agent", "avatar"
_numbers = count(1)


def pcm(seconds: float) -> bytes:
    """Speech whose every sample is the same number, another one for each of 64 calls; never valid UTF-8."""
    return (next(_numbers) % 64 * 2 + 32_768).to_bytes(2, "little") * round(seconds * 24_000)


def without_silence(said: bytes) -> bytes:
    """All samples but those of silence, whose one sample may be -1."""
    samples = np.frombuffer(said, dtype="<i2")
    return samples[np.abs(samples.astype(np.int32)) > 1].tobytes()


class Worker:
    """A receiver, what came out of it, and what it told the agent."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.room = FakeMeetingRoom()
        self.agent = self.room.join(AGENT)
        self.receiver = MeetingAudioReceiver(sender=AGENT, clock=self.clock)
        self.meeting = self.room.join(AVATAR)
        self.receiver.set_meeting(self.meeting)
        self.out = AvatarAudioOut(credentials=AvatarAuthCredentials(AVATAR, "token"), clock=self.clock)
        self.out.set_meeting(self.agent)
        self.started: list[StreamStarted] = []
        self.ended: list[StreamEnded] = []
        self.cleared: list[BufferCleared] = []
        self.out.stream_started.connect(self.started.append)
        self.out.stream_ended.connect(self.ended.append)
        self.receiver.buffer_cleared.connect(self.cleared.append)
        self.heard = b""
        self.ends: list[str] = []
        self.task = spawn(self._read(), name="read")

    async def foreign(self, *payloads: bytes | str) -> None:
        """A peer without marks, as videosdk-agents is: sound by the one channel, all else by the other."""
        for payload in payloads:
            sound = isinstance(payload, bytes) and payload != b"INTERRUPT"
            await self.agent.send(payload, {"reliability": "UNRELIABLE" if sound else "RELIABLE"})
        await settle()

    async def say(self, *parts: bytes) -> None:
        for part in parts:
            await self.out.handle_audio_input(part)

    async def aclose(self) -> None:
        await cancel_and_wait(self.task)
        await self.out.aclose()
        await self.receiver.aclose()
        await self.receiver.aclose()

    async def _read(self) -> None:
        async for item in self.receiver:
            if item.generation != self.receiver.generation:
                continue
            if isinstance(item, AudioFrame):
                self.heard += item.to_bytes()
            else:
                assert isinstance(item, AudioSegmentEnd)
                self.ends.append(item.segment_id or "")
