"""An avatar in a room in memory that takes speech and clears, and answers what a test has it answer."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from avatar_core.playback.segment import SegmentRef
from avatar_core.room.data_stream_output import DataStreamAudioOutput
from avatar_core.wire.livekit import (
    RPC_CLEAR_BUFFER,
    RPC_PLAYBACK_FINISHED,
    TOPIC_AUDIO_STREAM,
    TOPIC_BENCH_REPORT,
    AvatarReport,
    PlaybackFinished,
    SegmentReport,
    decode_clear_buffer,
    encode_playback_finished,
    encode_report,
)
from tests.fakes.clock import ManualClock
from tests.fakes.room import FakeConnection, FakeRoom

AGENT, AVATAR = "bench-agent", "avatar-1"


@dataclass
class Wire:
    """An output, the room it speaks into, and an avatar that takes streams and clears but answers nothing by itself."""

    room: FakeRoom
    agent: FakeConnection
    avatar: FakeConnection
    clock: ManualClock

    def output(self, **options: object) -> DataStreamAudioOutput:
        return DataStreamAudioOutput(self.agent, AVATAR, clock=self.clock, **options)

    async def answer(self, position_s: float, *, interrupted: bool = False, segment: SegmentRef | None = None) -> str:
        named = {} if segment is None else {"segment_id": segment.id, "generation": segment.generation}
        payload = encode_playback_finished(PlaybackFinished(position_s, interrupted, **named))
        return await self.avatar.rpc.perform(AGENT, RPC_PLAYBACK_FINISHED, payload)

    def cleared(self) -> list[tuple[str, ...]]:
        """What each clear named."""
        payloads = [payload for _, method, payload in self.room.calls if method == RPC_CLEAR_BUFFER]
        return [tuple(name.segment_id for name in decode_clear_buffer(payload).segments) for payload in payloads]

    async def report(self, sequence: int, played_s: float, segment: SegmentRef) -> None:
        report = AvatarReport(sequence, 0.0, (SegmentReport(segment.id, segment.generation, 1.0, played_s),))
        await self.avatar.send_data(encode_report(report), topic=TOPIC_BENCH_REPORT, destinations=[AGENT])


def take_speech_and_clears(avatar: FakeConnection) -> None:
    """It reads every stream of the agent to its end, and says that it has cleared."""

    async def take(stream: object) -> None:
        async for _ in stream:
            pass

    async def clear(_: object) -> str:
        return "ok"

    avatar.streams.handle_bytes(TOPIC_AUDIO_STREAM, take, sender=AGENT)
    avatar.rpc.register(RPC_CLEAR_BUFFER, clear, caller=AGENT)


@asynccontextmanager
async def wired() -> AsyncIterator[Wire]:
    """Agent and avatar are in the room; both leave at the end."""
    room = FakeRoom()
    agent, avatar = room.join(AGENT), room.join(AVATAR)
    take_speech_and_clears(avatar)
    yield Wire(room, agent, avatar, ManualClock())
    await avatar.aclose()
    await agent.aclose()
