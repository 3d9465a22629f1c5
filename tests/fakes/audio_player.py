"""An avatar for tests that only speaks: a real receiver, played in the clock's time, without pictures."""

from avatar_core.avatar.performance import SpeechReceiver
from avatar_core.clock import Clock
from avatar_core.media.frames import AudioSegmentEnd
from avatar_core.room.data_stream_output import DataStreamAudioOutput
from avatar_core.room.data_stream_receiver import DataStreamAudioReceiver
from avatar_core.room.incoming_segment import BufferCleared
from avatar_core.tasks import cancel_and_wait, spawn
from avatar_core.videosdk.avatar_audio_io import AvatarAudioOut
from avatar_core.videosdk.avatar_auth import AvatarAuthCredentials
from avatar_core.videosdk.meeting_output import MeetingAudioOutput
from avatar_core.videosdk.speech_receiver import MeetingAudioReceiver
from tests.fakes.audio_output import RATE_HZ
from tests.fakes.meeting import FakeMeetingRoom
from tests.fakes.room import FakeRoom

AGENT = "bench-agent"
AVATAR = "avatar-test-1"


class AudioPlayer:
    """Plays what `receiver` hears and answers each segment with what it played of it."""

    def __init__(self, receiver: SpeechReceiver, clock: Clock) -> None:
        self.receiver = receiver
        self.ends: list[str | None] = []
        self._clock = clock
        self._played_s = 0.0
        self.receiver.buffer_cleared.connect(self._on_cleared)
        self._task = spawn(self._run(), name="audio player")

    async def aclose(self) -> None:
        await cancel_and_wait(self._task)
        await self.receiver.aclose()

    async def _run(self) -> None:
        now_s = self._clock.now()
        async for item in self.receiver:
            if item.generation != self.receiver.generation:
                continue
            if isinstance(item, AudioSegmentEnd):
                self.ends.append(item.segment_id)
                played_s, self._played_s = self._played_s, 0.0
                self.receiver.notify_playback_finished(item.segment_id or "", played_s, interrupted=False)
                continue
            now_s = max(now_s, self._clock.now()) if not self._played_s else now_s
            if not self._played_s:
                self.receiver.notify_playback_started(self.receiver.open_segments[0].key)
            generation = self.receiver.generation
            now_s += item.duration_s
            await self._clock.sleep_until(now_s)
            if generation == self.receiver.generation:
                self._played_s += item.duration_s

    def _on_cleared(self, cleared: BufferCleared) -> None:
        for segment in cleared.segments:
            played_s, self._played_s = self._played_s, 0.0
            self.receiver.notify_playback_finished(segment.key, played_s, interrupted=True)


class SpokenOutput(DataStreamAudioOutput):
    """A DataStreamAudioOutput with an AudioPlayer at the other end, in a room of their own."""

    def __init__(self, clock: Clock) -> None:
        self._room = FakeRoom()
        self._agent_end = self._room.join(AGENT)
        self._avatar_end = self._room.join(AVATAR)
        self._player = AudioPlayer(DataStreamAudioReceiver(self._avatar_end, AGENT), clock)
        super().__init__(self._agent_end, AVATAR, wait_playback_start=True, exact_position=True, clock=clock)

    async def aclose(self) -> None:
        await super().aclose()
        await self._player.aclose()
        await self._avatar_end.aclose()
        await self._agent_end.aclose()


class MeetingSpokenOutput(MeetingAudioOutput):
    """A MeetingAudioOutput with an AudioPlayer at the other end of a meeting of their own, at the rate of tests."""

    def __init__(self, clock: Clock, *, rate_hz: int = RATE_HZ, ahead_s: float = 60.0) -> None:
        self.meeting, room = FakeMeetingRoom(), FakeRoom()
        self.agent_end = room.join(AGENT)
        self._avatar_end = room.join(AVATAR)
        self.audio_out = AvatarAudioOut(credentials=AvatarAuthCredentials(AVATAR, "token"), clock=clock)
        self.audio_out.set_meeting(self.meeting.join(AGENT))
        receiver = MeetingAudioReceiver(sender=AGENT, sample_rate_hz=rate_hz, clock=clock)
        receiver.set_meeting(self.meeting.join(AVATAR))
        self.player = AudioPlayer(receiver, clock)
        super().__init__(
            self.agent_end,
            self.audio_out,
            sample_rate_hz=rate_hz,
            ahead_s=ahead_s,
            wait_playback_start=True,
            exact_position=True,
            clock=clock,
        )

    def leave(self) -> None:
        """The avatar goes, as a process that was killed."""
        self.meeting.members[AVATAR].leave()
        self._avatar_end.leave()

    async def aclose(self) -> None:
        await super().aclose()
        await self.audio_out.aclose()
        await self.player.aclose()
        await self._avatar_end.aclose()
        await self.agent_end.aclose()
