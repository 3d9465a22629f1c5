"""The receiver of LiveKit's audio wire, over a room in memory (PROTOCOLS 1.6)."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import numpy as np
import pytest

from avatar_core.media.frames import AudioFrame, AudioSegmentEnd
from avatar_core.room.data_stream_receiver import DataStreamAudioReceiver
from avatar_core.room.incoming_segment import BufferCleared
from avatar_core.room.rpc import RpcCall
from avatar_core.tasks import cancel_and_wait, spawn
from avatar_core.wire.livekit import (
    RPC_CLEAR_BUFFER,
    RPC_PLAYBACK_FINISHED,
    RPC_PLAYBACK_STARTED,
    TOPIC_AUDIO_STREAM,
    ClearBuffer,
    SegmentName,
    encode_clear_buffer,
)
from tests.fakes.clock import settle
from tests.fakes.room import FakeConnection, FakeRoom, FakeStream

AGENT = "bench-agent"
RATE_HZ = 8_000


@dataclass
class Wire:
    """A receiver that is read, and the agent it listens to, which notes every answer it gets."""

    room: FakeRoom
    agent: FakeConnection
    avatar: FakeConnection
    items: list[AudioFrame | AudioSegmentEnd] = field(default_factory=list)
    answers: list[tuple[str, dict[str, object]]] = field(default_factory=list)
    clears: list[BufferCleared] = field(default_factory=list)

    @property
    def ends(self) -> list[str | None]:
        return [item.segment_id for item in self.items if isinstance(item, AudioSegmentEnd)]

    @property
    def samples(self) -> list[int]:
        frames = [item.samples[:, 0] for item in self.items if isinstance(item, AudioFrame)]
        return np.concatenate(frames).tolist() if frames else []

    async def open(self, name: str | None = None, sender: FakeConnection | None = None, **extra: str) -> FakeStream:
        attributes = {"sample_rate": str(RATE_HZ), "num_channels": "1", **extra}
        if name is not None:
            attributes["bench.segment_id"] = name
        stream = await (sender or self.agent).streams.open_bytes(
            TOPIC_AUDIO_STREAM, destinations=["avatar"], attributes=attributes
        )
        await settle()
        return stream

    async def answer(self, call: RpcCall) -> str:
        self.answers.append((call.method, json.loads(call.payload) if call.payload else {}))
        return "ok"

    async def read(self, receiver: DataStreamAudioReceiver) -> None:
        async for item in receiver:
            self.items.append(item)


def pcm(first: int, count: int) -> bytes:
    return np.arange(first, first + count, dtype=np.int16).tobytes()


@pytest.fixture
async def wire() -> AsyncIterator[Wire]:
    room = FakeRoom()
    wire = Wire(room, room.join(AGENT), room.join("avatar"))
    wire.agent.rpc.register(RPC_PLAYBACK_FINISHED, wire.answer)
    wire.agent.rpc.register(RPC_PLAYBACK_STARTED, wire.answer)
    yield wire
    await wire.avatar.aclose()
    await wire.agent.aclose()


@pytest.fixture
async def receiver(wire: Wire) -> AsyncIterator[DataStreamAudioReceiver]:
    receiver = DataStreamAudioReceiver(wire.avatar, AGENT, idle_timeout_s=0.05)
    receiver.buffer_cleared.connect(wire.clears.append)
    reading = spawn(wire.read(receiver), name="read")
    yield receiver
    await cancel_and_wait(reading)
    await receiver.aclose()


async def test_stream_becomes_frames_of_20_ms_and_one_end(wire: Wire, receiver: DataStreamAudioReceiver) -> None:
    stream = await wire.open("s")
    await stream.write(pcm(0, 123))
    await stream.write(pcm(123, 277))
    await stream.aclose()
    await settle()
    assert [item.samples_per_channel for item in wire.items if isinstance(item, AudioFrame)] == [160, 160, 80]
    assert wire.samples == list(range(400))
    assert wire.ends == [stream.id]
    assert isinstance(wire.items[-1], AudioSegmentEnd)


async def test_streams_come_out_one_after_another(wire: Wire, receiver: DataStreamAudioReceiver) -> None:
    first, second = await wire.open("a"), await wire.open("b")
    await second.write(pcm(1_000, 160))
    await second.aclose()
    await first.write(pcm(0, 160))
    await first.aclose()
    await settle()
    assert wire.samples == [*range(160), *range(1_000, 1_160)]
    assert wire.ends == [first.id, second.id]


async def test_stream_that_began_before_the_join_is_heard(wire: Wire) -> None:
    """B12: the handlers stand before the room is joined."""
    late = wire.room.connection("late")
    receiver = DataStreamAudioReceiver(late, AGENT)
    late.join()
    await wire.agent.streams.open_bytes(
        TOPIC_AUDIO_STREAM, destinations=["late"], attributes={"sample_rate": "8000", "num_channels": "1"}
    )
    await settle()
    assert len(receiver.open_segments) == 1
    await late.aclose()
    await receiver.aclose()


async def test_nobody_else_is_obeyed(wire: Wire, receiver: DataStreamAudioReceiver) -> None:
    """B26."""
    stranger = wire.room.join("stranger")
    stream = await wire.open("mine")
    await stream.write(pcm(0, 160))
    foreign = await wire.open("theirs", sender=stranger)
    await foreign.write(pcm(500, 160))
    assert await stranger.rpc.perform("avatar", RPC_CLEAR_BUFFER) == "reject"
    await settle()
    assert wire.samples == list(range(160))
    assert (wire.clears, receiver.refused_calls, len(receiver.open_segments)) == ([], 1, 1)


async def test_aborted_stream_ends_and_the_next_is_heard(wire: Wire, receiver: DataStreamAudioReceiver) -> None:
    """B11."""
    first = await wire.open("a")
    await first.write(pcm(0, 200))
    first.abort()
    await settle()
    assert (len(wire.samples), wire.ends, receiver.aborted_streams) == (200, [first.id], 1)
    receiver.notify_playback_finished(first.id, 0.025, interrupted=False)
    second = await wire.open("b")
    await second.aclose()
    await settle()
    assert wire.ends == [first.id, second.id]
    assert wire.answers[0][1]["interrupted"] is True


@pytest.mark.parametrize("attributes", [{"sample_rate": "fast"}, {"num_channels": "99"}, {"sample_rate": "1"}])
async def test_unreadable_header_is_answered_and_survived(
    wire: Wire, receiver: DataStreamAudioReceiver, attributes: dict[str, str]
) -> None:
    """B11."""
    bad = await wire.open(**attributes)
    good = await wire.open("b")
    await good.write(pcm(0, 160))
    await good.aclose()
    await settle()
    assert (wire.ends, receiver.refused_streams) == ([bad.id, good.id], 1)
    receiver.notify_playback_finished(bad.id, 0.0, interrupted=False)
    await settle()
    assert wire.answers == [
        (RPC_PLAYBACK_FINISHED, {"playback_position": 0.0, "interrupted": True, "synchronized_transcript": None})
    ]


async def test_silent_stream_ends_after_a_while_or_when_a_newer_begins(
    wire: Wire, receiver: DataStreamAudioReceiver
) -> None:
    idle = await wire.open("idle")
    await idle.write(pcm(0, 160))
    while not wire.ends:
        await settle()
    assert wire.ends == [idle.id]
    superseded = await wire.open("superseded")
    newer = await wire.open("newer")
    await newer.aclose()
    while len(wire.ends) < 3:
        await settle()
    assert wire.ends == [idle.id, superseded.id, newer.id]
    assert receiver.abandoned_streams == 2


async def test_full_buffer_holds_the_stream_back(wire: Wire) -> None:
    receiver = DataStreamAudioReceiver(wire.avatar, AGENT, buffer_s=0.1)
    stream = await wire.open("s")
    await stream.write(pcm(0, RATE_HZ))
    await stream.aclose()
    await settle(200)
    assert receiver.open_segments[0].received_s == pytest.approx(0.1)
    reading = spawn(wire.read(receiver), name="read")
    await settle(400)
    assert wire.samples == list(range(RATE_HZ))
    await cancel_and_wait(reading)
    await receiver.aclose()


async def test_clear_voids_what_came_and_what_is_under_way(wire: Wire) -> None:
    receiver = DataStreamAudioReceiver(wire.avatar, AGENT, buffer_s=0.1)
    receiver.buffer_cleared.connect(wire.clears.append)
    first, second = await wire.open("a"), await wire.open("b")
    await first.write(pcm(0, RATE_HZ))
    await second.write(pcm(0, 160))
    await settle()
    assert await wire.agent.rpc.perform("avatar", RPC_CLEAR_BUFFER) == "ok"
    assert [segment.key for segment in wire.clears[0].segments] == [first.id, second.id]
    assert wire.clears[0].generation == receiver.generation == 1
    await first.write(pcm(0, 160))
    third = await wire.open("c")
    await third.write(pcm(7, 160))
    await third.aclose()
    reading = spawn(wire.read(receiver), name="read")
    await settle(60)
    assert wire.samples == list(range(7, 167))
    assert {item.generation for item in wire.items} == {1}
    assert wire.ends == [third.id]
    await cancel_and_wait(reading)
    await receiver.aclose()


async def test_stream_that_comes_after_the_clear_that_names_it_is_void_and_answered(
    wire: Wire, receiver: DataStreamAudioReceiver
) -> None:
    """The SDK tells of a call at once, of a stream behind all that came before it."""
    here = await wire.open("here")
    names = tuple(SegmentName(name) for name in ("here", "late"))
    payload = encode_clear_buffer(ClearBuffer(names))
    assert await wire.agent.rpc.perform("avatar", RPC_CLEAR_BUFFER, payload) == "ok"
    receiver.notify_playback_finished(here.id, 0.2, interrupted=True)
    for name in ("late", "new"):
        stream = await wire.open(name)
        await stream.write(pcm(7 if name == "new" else 500, 160))
        await stream.aclose()
    await settle(60)
    assert wire.samples == list(range(7, 167))
    answers = [(answer["segment_id"], answer["playback_position"], answer["interrupted"]) for _, answer in wire.answers]
    assert answers == [("here", 0.2, True), ("late", 0.0, True)]
    assert [segment.segment_id for segment in receiver.open_segments] == ["new"]
    assert (len(wire.clears), receiver.overtaken_streams) == (1, 1)


async def test_name_counts_for_one_stream_and_one_generation(wire: Wire, receiver: DataStreamAudioReceiver) -> None:
    payload = encode_clear_buffer(ClearBuffer((SegmentName("s", 1),)))
    assert await wire.agent.rpc.perform("avatar", RPC_CLEAR_BUFFER, payload) == "ok"
    for generation in ("0", "1", "1"):
        await wire.open("s", **{"bench.segment_generation": generation})
    assert [segment.generation for segment in receiver.open_segments] == [0, 1]


async def test_clear_of_a_peer_that_says_something_else_clears(wire: Wire, receiver: DataStreamAudioReceiver) -> None:
    await wire.open("here")
    assert await wire.agent.rpc.perform("avatar", RPC_CLEAR_BUFFER, "please") == "ok"
    assert [segment.segment_id for segment in wire.clears[0].segments] == ["here"]


async def test_each_segment_is_answered_once_by_the_name_its_sender_gave(
    wire: Wire, receiver: DataStreamAudioReceiver
) -> None:
    """B3, B4."""
    named, unnamed = await wire.open("s7", **{"bench.segment_generation": "2"}), await wire.open()
    for stream in (named, unnamed):
        receiver.notify_playback_started(stream.id)
        receiver.notify_playback_finished(stream.id, 0.5, interrupted=False)
        receiver.notify_playback_finished(stream.id, 0.9, interrupted=True)
    await settle(60)
    answer = {"playback_position": 0.5, "interrupted": False, "synchronized_transcript": None}
    assert wire.answers == [
        (RPC_PLAYBACK_STARTED, {"segment_id": "s7", "generation": 2}),
        (RPC_PLAYBACK_FINISHED, {**answer, "segment_id": "s7", "generation": 2}),
        (RPC_PLAYBACK_STARTED, {}),
        (RPC_PLAYBACK_FINISHED, answer),
    ]
    assert receiver.open_segments == ()


async def test_foreign_topics_stay_free(wire: Wire, receiver: DataStreamAudioReceiver) -> None:
    async def handle(_: FakeStream) -> None: ...

    wire.avatar.streams.handle_bytes("somebody-elses", handle)
    assert wire.avatar.streams.routes.names() == {TOPIC_AUDIO_STREAM, "somebody-elses"}


async def test_closing_frees_the_place_of_its_handlers(wire: Wire) -> None:
    receiver = DataStreamAudioReceiver(wire.avatar, AGENT)
    with pytest.raises(ValueError, match="already has a handler"):
        wire.avatar.rpc.register(RPC_CLEAR_BUFFER, wire.answer, caller=AGENT)
    await receiver.aclose()
    again = DataStreamAudioReceiver(wire.avatar, AGENT)
    await again.aclose()


@pytest.mark.parametrize("frame_ms", [9, 101])
async def test_frame_length_is_bounded(wire: Wire, frame_ms: int) -> None:
    with pytest.raises(ValueError, match="choose 10 to 100"):
        DataStreamAudioReceiver(wire.avatar, AGENT, frame_ms=frame_ms)
