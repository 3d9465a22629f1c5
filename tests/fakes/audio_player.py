"""An avatar for tests that only speaks: a real receiver, played in the clock's time, without pictures."""

from avatar_core.clock import Clock
from avatar_core.media.frames import AudioSegmentEnd
from avatar_core.room.data_stream_output import DataStreamAudioOutput
from avatar_core.room.data_stream_receiver import BufferCleared, DataStreamAudioReceiver
from avatar_core.tasks import cancel_and_wait, spawn
from tests.fakes.room import FakeConnection, FakeRoom

AGENT = "bench-agent"
AVATAR = "avatar-test-1"


class AudioPlayer:
    """Plays what `controller` sends and answers each segment with what it played of it."""

    def __init__(self, connection: FakeConnection, clock: Clock, controller: str = AGENT) -> None:
        self.receiver = DataStreamAudioReceiver(connection, controller)
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
        self._agent = self._room.join(AGENT)
        self._avatar = self._room.join(AVATAR)
        self._player = AudioPlayer(self._avatar, clock)
        super().__init__(self._agent, AVATAR, wait_playback_start=True, exact_position=True, clock=clock)

    async def aclose(self) -> None:
        await super().aclose()
        await self._player.aclose()
        await self._avatar.aclose()
        await self._agent.aclose()
