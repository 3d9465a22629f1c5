"""AvatarAudioOut and AvatarAudioIn: VideoSDK's own names for both ends, and what theirs gets wrong."""

import asyncio
import logging
from collections.abc import AsyncIterator

import av
import numpy as np
import pytest

from avatar_core.errors import RoomError
from avatar_core.media.frames import AudioSegmentEnd
from avatar_core.tasks import cancel_and_wait, spawn
from avatar_core.videosdk.avatar import AvatarAudioIn, AvatarAudioOut, AvatarAuthCredentials
from avatar_core.videosdk.avatar_audio_io import HOLD_S
from avatar_core.wire.videosdk import StreamEnded, StreamStarted, encode
from tests.fakes.clock import ManualClock, settle
from tests.fakes.meeting import FakeMeeting, FakeMeetingRoom

AVATAR = "avatar_1"
LOUD = b"\x00\xd8"


class Listener:
    """Everything that came, as it came."""

    def __init__(self, meeting: FakeMeeting) -> None:
        self.payloads: list[bytes | str] = []
        meeting.add_event_listener(self)

    def handle_event(self, action: str, data: dict) -> None:
        if action == "data":
            self.payloads.append(data["payload"])

    @property
    def sound(self) -> bytes:
        return b"".join(payload for payload in self.payloads if isinstance(payload, bytes))


class Agent:
    """An AvatarAudioOut in a meeting with somebody who only listens."""

    def __init__(self) -> None:
        self.clock, self.room = ManualClock(), FakeMeetingRoom()
        self.out = AvatarAudioOut(credentials=AvatarAuthCredentials(AVATAR, "token"), clock=self.clock)
        self.held: list[float] = []
        self.out.held_back.connect(self.held.append)
        self.meeting = self.room.join("agent")
        self.avatar = self.room.join(AVATAR)
        self.listener = Listener(self.avatar)


@pytest.fixture
async def agent() -> AsyncIterator[Agent]:
    agent = Agent()
    agent.out._set_meeting(agent.meeting)
    yield agent
    await agent.out.aclose()
    await agent.out.aclose()


async def test_connect_asks_nobody_without_a_dispatcher_and_wants_a_room_with_one() -> None:
    """V2."""
    credentials = AvatarAuthCredentials(AVATAR, "token")
    assert await AvatarAudioOut(credentials=credentials).connect() == b""
    with pytest.raises(ValueError, match="room_id"):
        await AvatarAudioOut(credentials=credentials, avatar_dispatcher_url="http://127.0.0.1:1").connect()


async def test_speech_before_there_is_a_meeting_is_told(caplog: pytest.LogCaptureFixture) -> None:
    """V4: elsewhere it vanishes. An interrupt has nothing to interrupt."""
    out = AvatarAudioOut(credentials=AvatarAuthCredentials(AVATAR, "token"))
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            await out.handle_audio_input(LOUD * 10)
    await out.send_segment_end()
    await out.interrupt()
    assert out.unheard_bytes == 40
    assert len(caplog.records) == 1


async def test_sound_is_cut_sent_in_order_and_nothing_is_nothing(agent: Agent) -> None:
    """V5, V10."""
    said = b"".join(number.to_bytes(2, "little") for number in range(40_000, 60_000)) + b"\xff"
    await agent.out.handle_audio_input(b"")
    await agent.out.send_segment_end()
    await settle()
    assert agent.listener.payloads == []
    await agent.out.handle_audio_input(said)
    await settle()
    assert agent.listener.sound == said + b"\x00"
    assert [len(one) for one in agent.listener.payloads if isinstance(one, bytes)] == [15_000, 15_000, 10_002]


async def test_silence_is_sound_for_a_receiver_of_theirs_and_stays_silence_for_one_of_ours(agent: Agent) -> None:
    """V8: what arrives as text there is dropped."""
    await agent.out.handle_audio_input(bytes(960))
    await settle()
    assert [type(payload) for payload in agent.listener.payloads] == [str, bytes]
    assert np.abs(np.frombuffer(agent.listener.sound, dtype="<i2")).sum() == 1
    await agent.avatar.send(encode(StreamStarted("s")))
    await settle()
    await agent.out.handle_audio_input(bytes(960))
    await settle()
    assert agent.listener.payloads[-1] == "\x00" * 960


async def test_full_buffer_is_waited_for_and_an_interrupt_is_not(agent: Agent) -> None:
    """V7: sound waits, an interrupt overtakes it and drops the rest."""
    agent.room.held = True
    saying = spawn(agent.out.handle_audio_input(LOUD * 100_000), name="say")
    await settle()
    assert not saying.done()
    await agent.out.interrupt()
    agent.room.release()
    await settle(60)
    assert saying.done()
    assert len(agent.listener.sound) < 100_000
    assert "INTERRUPT" in agent.listener.payloads


async def test_failure_of_one_message_is_told_and_the_next_is_sent(agent: Agent) -> None:
    """V9."""
    agent.meeting.failure = ConnectionError("closed")
    for failing in (agent.out.handle_audio_input(LOUD), agent.out.interrupt()):
        with pytest.raises(RoomError, match="closed"):
            await failing
    agent.meeting.failure = None
    agent.clock.move(1.0)
    await agent.out.handle_audio_input(LOUD * 3)
    await settle()
    assert agent.listener.sound == LOUD * 3


async def test_speech_waits_out_the_deafness_of_a_receiver_that_does_not_know_marks(agent: Agent) -> None:
    """V15: elsewhere it is lost. It is told how long it waited."""
    await agent.out.handle_audio_input(LOUD)
    await agent.out.interrupt()
    reply = spawn(agent.out.handle_audio_input(LOUD * 5), name="reply")
    await settle()
    assert not reply.done()
    assert agent.held == [pytest.approx(HOLD_S)]
    await agent.clock.advance(HOLD_S)
    assert reply.done()
    assert agent.listener.sound == LOUD * 6


@pytest.mark.parametrize("word", [StreamStarted("s"), StreamEnded(0.1, False, "s")])
async def test_speech_does_not_wait_for_one_that_has_shown_that_it_knows_them(agent: Agent, word: object) -> None:
    await agent.out.handle_audio_input(LOUD)
    await agent.avatar.send(encode(word))
    await settle()
    await agent.out.interrupt()
    await agent.out.handle_audio_input(LOUD * 5)
    assert agent.held == []


async def test_speech_that_waits_is_dropped_by_the_next_interrupt(agent: Agent) -> None:
    await agent.out.interrupt()
    waiting = spawn(agent.out.handle_audio_input(LOUD), name="reply")
    await settle()
    await agent.out.interrupt()
    await agent.clock.advance(1.0)
    assert waiting.done()
    assert agent.listener.sound == b""


async def test_answers_of_the_avatar_alone_are_told(agent: Agent) -> None:
    """V11, V17."""
    told: list[StreamEnded] = []
    agent.out.stream_ended.connect(told.append)
    await agent.room.join("somebody").send(encode(StreamEnded(9.0, False)))
    await agent.avatar.send(encode(StreamEnded(1.5, True)))
    await settle()
    assert told == [StreamEnded(1.5, True)]


async def test_frames_are_av_frames_of_the_configured_shape() -> None:
    """V14: mono on each channel; what it obeys is who speaks first."""
    room = FakeMeetingRoom()
    agent = room.join("agent")
    incoming = AvatarAudioIn(room.join(AVATAR), channels=2, sample_rate=48_000)
    items: list[object] = []

    async def read() -> None:
        async for item in incoming:
            items.append(item)

    reading = spawn(read(), name="read")
    await agent.send(LOUD * 960, {"reliability": "UNRELIABLE"})
    await agent.send('{"type": "segment_end"}', {"reliability": "RELIABLE"})
    await settle()
    frame, end = items
    assert isinstance(frame, av.AudioFrame)
    assert (frame.sample_rate, frame.layout.name, frame.format.name, frame.samples) == (48_000, "stereo", "s16", 960)
    assert set(np.unique(frame.to_ndarray())) == {-10_240}
    assert isinstance(end, AudioSegmentEnd)
    await incoming.aclose()
    await cancel_and_wait(reading)


async def test_interrupt_is_an_event_and_its_one_answer_closes_all_it_has_cut() -> None:
    """V15, V23; whoever answers knows no segment's name."""
    room = FakeMeetingRoom()
    agent_end = AvatarAudioOut(credentials=AvatarAuthCredentials(AVATAR, "token"))
    agent_end.set_meeting(room.join("agent"))
    ended: list[StreamEnded] = []
    agent_end.stream_ended.connect(ended.append)
    incoming = AvatarAudioIn(room.join(AVATAR))
    resets: list[str] = []
    incoming.on("reset_stream", lambda: resets.append("reset"))

    @incoming.on("reset_stream")
    def fail() -> None:
        raise LookupError

    for _ in range(2):
        await agent_end.handle_audio_input(LOUD * 10)
        await agent_end.send_segment_end()
    await settle()
    names = [segment.segment_id for segment in incoming.receiver.open_segments]
    incoming.off("reset_stream", fail)
    await agent_end.interrupt()
    await settle()
    assert resets == ["reset"]
    for _ in range(2):
        incoming.notify_stream_ended(0.25, True)
    await settle()
    assert [(one.segment_id, one.playback_position, one.interrupted) for one in ended] == [
        (names[0], 0.25, True),
        (names[1], 0.0, True),
    ]
    await incoming.aclose()


async def test_set_meeting_may_come_later() -> None:
    """V18."""
    room = FakeMeetingRoom()
    incoming = AvatarAudioIn(None)
    incoming.notify_stream_ended(0.0, False)
    incoming.set_meeting(room.join(AVATAR))
    await room.join("agent").send(LOUD * 480, {"reliability": "UNRELIABLE"})
    items = aiter(incoming)
    async with asyncio.timeout(1):
        assert (await anext(items)).samples == 480
    await items.aclose()
    await incoming.aclose()
