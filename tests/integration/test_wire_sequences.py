"""The sequences of LiveKit's avatar protocol, message by message, as both ends note them, over a real room.

PROTOCOLS 1.9. Both ends are ours; what livekit-agents makes of them stands in test_livekit_agents_*.py.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from avatar_core.avatar.generator import AvatarOptions
from avatar_core.avatar.generators.audio_wave import AudioWave
from avatar_core.avatar.runner import AvatarRunner
from avatar_core.clock import MonotonicClock
from avatar_core.playback.segment import SegmentRef
from avatar_core.room.connection import RoomConnection
from avatar_core.room.data_stream_output import DataStreamAudioOutput
from avatar_core.room.options import ConnectOptions
from avatar_core.room.values import StateChanged, TrackKind
from avatar_core.tasks import spawn
from avatar_core.wire.livekit import (
    RPC_CLEAR_BUFFER,
    RPC_OK,
    RPC_PLAYBACK_FINISHED,
    RPC_REJECT,
    TOPIC_AUDIO_STREAM,
    AudioStreamHeader,
    ClearBuffer,
    PlaybackFinished,
    SegmentName,
    encode_audio_stream_attributes,
    encode_clear_buffer,
    encode_playback_finished,
)
from tests.fakes.audio_output import FinishLog
from tests.fakes.tcp_proxy import TcpProxy
from tests.patience import LIMIT_S
from tests.tracks import tone
from tests.wire_notes import followed, told

AGENT, AVATAR = "agent", "avatar"
NOTED_S = 0.2
"""A call is noted by its caller once it is answered; and what must not come has this long to come."""
OPTIONS = AvatarOptions(320, 180, 15, 24_000)
CLEAR = ("rpc", "lk.clear_buffer")
STARTED = ("rpc", "lk.playback_started")
FINISHED = ("rpc", "lk.playback_finished")
BEGIN, END = ("stream_begin", "lk.audio_stream"), ("stream_end", "lk.audio_stream")


@pytest.fixture
def options() -> ConnectOptions:
    """The SDK's own choice: what is tested here does not depend on it."""
    return ConnectOptions()


class Speaking:
    """The agent with its output, and who comes as the avatar."""

    def __init__(self, agent: RoomConnection, join: Callable[..., Awaitable[RoomConnection]]) -> None:
        self.agent = agent
        self.output = DataStreamAudioOutput(
            agent, AVATAR, wait_remote_tracks=list(TrackKind), wait_playback_start=True, exact_position=True
        )
        self.log = FinishLog(self.output)
        self._join = join
        self._starts = 0
        self._runner: AvatarRunner | None = None
        self.output.playback_started.connect(self._on_started)

    def _on_started(self, _: object) -> None:
        self._starts += 1

    async def come(self, url: str | None = None) -> RoomConnection:
        avatar = await self._join(AVATAR, claims={"kind": "agent"}, auto_subscribe=False, url=url)
        clock = MonotonicClock()
        self._runner = AvatarRunner(avatar, AudioWave(OPTIONS, clock), OPTIONS, clock, controller=AGENT)
        await self._runner.publish()
        return avatar

    async def say(self, duration_s: float, name: str) -> None:
        for _ in range(round(duration_s / 0.1)):
            await self.output.capture_frame(tone(0.1), segment=SegmentRef(name))
        self.output.flush()

    async def started(self, count: int = 1) -> None:
        async with asyncio.timeout(LIMIT_S):
            while self._starts < count:
                await asyncio.sleep(0.01)

    async def playout(self) -> None:
        async with asyncio.timeout(LIMIT_S):
            await self.output.wait_for_playout()

    async def go(self) -> None:
        if self._runner is not None:
            await self._runner.aclose()
            self._runner = None


@pytest.fixture
async def alone(join) -> AsyncIterator[Speaking]:
    """No avatar is there yet."""
    made = Speaking(await join(AGENT, claims={"kind": "agent"}), join)
    yield made
    await made.output.aclose()
    await made.go()


@pytest.fixture
async def avatar(alone: Speaking) -> RoomConnection:
    """The avatar's connection."""
    return await alone.come()


@pytest.fixture
async def speaking(alone: Speaking, avatar: RoomConnection) -> Speaking:
    """Both are there."""
    await alone.output.wait_until_ready()
    return alone


async def test_messages_of_a_segment_come_in_the_order_of_the_protocol(speaking: Speaking) -> None:
    """PROTOCOLS 1.9, normal segment: header and chunks, started, trailer (these two in any order), finished."""
    events = followed(speaking.agent)
    await speaking.say(1.0, "a")
    await speaking.playout()
    begin, *middle, finished = events
    assert told([begin, finished]) == [
        ("sent", "stream_begin", "lk.audio_stream"),
        ("received", "rpc", "lk.playback_finished"),
    ]
    assert sorted(told(middle)) == [
        ("received", "rpc", "lk.playback_started"),
        ("sent", "stream_end", "lk.audio_stream"),
    ]
    assert {event.peer for event in events} == {AVATAR}
    assert {event.outcome for event in events} == {"ok"}
    (ended,) = [event for event in events if event.kind == "stream_end"]
    assert ended.size_bytes == 24_000 * 2


async def test_messages_of_an_interrupt_come_in_the_order_of_the_protocol(speaking: Speaking) -> None:
    """PROTOCOLS 1.9, interrupt while playing: one clear, one answer; a second clear is none on the wire."""
    await speaking.say(5.0, "a")
    await speaking.started()
    events = followed(speaking.agent)
    speaking.output.clear_buffer()
    speaking.output.clear_buffer()
    await speaking.playout()
    await asyncio.sleep(NOTED_S)
    # The answer may be there before the clear's own.
    calls = sorted(told([event for event in events if event.kind == "rpc"]))
    assert calls == [("received", "rpc", "lk.playback_finished"), ("sent", "rpc", "lk.clear_buffer")]


async def test_two_queued_segments_and_an_interrupt_are_one_clear_and_two_answers(speaking: Speaking) -> None:
    """PROTOCOLS 1.9: elsewhere the second one waits for a timeout."""
    await speaking.say(5.0, "a")
    await speaking.say(5.0, "b")
    await speaking.started()
    events = followed(speaking.agent)
    speaking.output.clear_buffer()
    await speaking.playout()
    await asyncio.sleep(NOTED_S)
    names = [name for _, _, name in told(events)]
    assert (names.count("lk.clear_buffer"), names.count("lk.playback_finished")) == (1, 2)


async def test_segments_that_follow_at_once_keep_their_order_on_the_wire_and_in_the_answers(
    speaking: Speaking,
) -> None:
    events = followed(speaking.agent)
    for name in ("a", "b", "c"):
        await speaking.say(0.3, name)
    await speaking.playout()
    sent = [notes[1:] for notes in told(events) if notes[0] == "sent"]
    assert sent == [BEGIN, END] * 3
    received = [notes[1:] for notes in told(events) if notes[0] == "received"]
    assert received == [STARTED, FINISHED] * 3
    assert speaking.log.ids == ["a", "b", "c"]


async def test_interrupt_that_crosses_the_natural_end_is_answered_by_nothing_more(
    speaking: Speaking, avatar: RoomConnection
) -> None:
    """The end was told before the clear came: there is no second answer."""
    await speaking.say(0.3, "a")
    await speaking.playout()
    await asyncio.sleep(NOTED_S)
    events = followed(avatar)
    assert await speaking.agent.rpc.perform(AVATAR, RPC_CLEAR_BUFFER) == RPC_OK
    await asyncio.sleep(NOTED_S)
    assert told(events) == [("received", *CLEAR)]
    speaking.output.clear_buffer()
    await asyncio.sleep(NOTED_S)
    assert len(events) == 1


async def test_speech_whose_stream_comes_after_the_clear_that_names_it_is_answered_unplayed(
    speaking: Speaking,
) -> None:
    """As where the SDK of the worker tells of the call before it tells of the stream."""
    await speaking.say(5.0, "a")
    await speaking.started()
    named = encode_clear_buffer(ClearBuffer((SegmentName("a"), SegmentName("late"))))
    assert await speaking.agent.rpc.perform(AVATAR, RPC_CLEAR_BUFFER, named) == RPC_OK
    await speaking.say(5.0, "late")
    await speaking.say(0.3, "b")
    await speaking.playout()
    assert speaking.log.ids == ["a", "late", "b"]
    assert [interrupted for _, interrupted in speaking.log.answers] == [True, True, False]
    assert [position_s for position_s, _ in speaking.log.answers][1:] == [0.0, pytest.approx(0.3)]


async def test_answer_that_comes_twice_is_taken_and_changes_nothing(speaking: Speaking, avatar: RoomConnection) -> None:
    await speaking.say(0.3, "a")
    await speaking.playout()
    await speaking.say(1.0, "b")
    events = followed(speaking.agent)
    again = encode_playback_finished(PlaybackFinished(0.3, False, segment_id="a", generation=0))
    assert await avatar.rpc.perform(AGENT, RPC_PLAYBACK_FINISHED, again) == RPC_OK
    await speaking.playout()
    assert [notes[1:] for notes in told(events) if notes[0] == "received"].count(FINISHED) == 2
    assert speaking.log.answers == [(pytest.approx(0.3), False), (pytest.approx(1.0), False)]


async def test_nothing_is_sent_before_the_avatar_is_there(alone: Speaking) -> None:
    events = followed(alone.agent)
    saying = spawn(alone.say(0.5, "a"), name="say")
    await asyncio.sleep(0.3)
    assert events == []
    await alone.come()
    await saying
    await alone.playout()
    assert told(events)[0] == ("sent", *BEGIN)
    assert told(events)[-1] == ("received", *FINISHED)
    assert len(alone.log.events) == 1


async def test_avatar_that_left_is_told_to_clear_before_it_is_spoken_to_again(
    speaking: Speaking, avatar: RoomConnection
) -> None:
    await speaking.say(5.0, "a")
    await speaking.started()
    await speaking.go()
    await avatar.aclose()
    await speaking.playout()
    assert [interrupted for _, interrupted in speaking.log.answers] == [True]
    events = followed(speaking.agent)
    await speaking.come()
    await speaking.say(0.3, "b")
    await speaking.playout()
    assert told(events)[:2] == [("sent", *CLEAR), ("sent", *BEGIN)]
    assert told(events)[-1] == ("received", *FINISHED)
    assert speaking.log.ids == ["a", "b"]


@pytest.mark.usefixtures("embedded")
async def test_avatar_whose_connection_fails_for_a_moment_is_silent_when_it_is_back_and_speaks_again(
    access, alone: Speaking
) -> None:
    """Its process went on with what it had: what was given up is not heard, and each segment has one answer.

    On the embedded room, which makes it join anew; livekit-server lets it resume, and there is no loss.
    """
    async with TcpProxy(access.url) as proxy:
        avatar = await alone.come(proxy.url)
        changes: list[StateChanged] = []
        avatar.events.state_changed.connect(changes.append)
        await alone.say(5.0, "a")
        await alone.started()
        events = followed(alone.agent)
        proxy.cut()
        await avatar.wait_for(
            lambda: any(change.reconnected for change in changes) or None, what="the reconnect", timeout_s=LIMIT_S
        )
        await alone.playout()
        await alone.say(0.5, "b")
        await alone.playout()
        assert alone.log.ids == ["a", "b"]
        assert [interrupted for _, interrupted in alone.log.answers] == [True, False]
        assert alone.log.answers[0][0] < 5.0
        sent = [notes[1:] for notes in told(events) if notes[0] == "sent"]
        # The end of the first may have gone before the loss was seen.
        assert sent[sent[0] == END :] == [CLEAR, BEGIN, END]
        await alone.go()
        await avatar.aclose()


async def test_another_agent_is_neither_heard_nor_obeyed_and_both_are_seen(
    speaking: Speaking, avatar: RoomConnection, join
) -> None:
    stranger = await join("stranger", claims={"kind": "agent"})
    await stranger.wait_for_participant(AVATAR)
    await speaking.say(1.0, "a")
    await speaking.started()
    events = followed(avatar)
    attributes = encode_audio_stream_attributes(AudioStreamHeader(24_000, 1))
    stream = await stranger.streams.open_bytes(TOPIC_AUDIO_STREAM, destinations=[AVATAR], attributes=attributes)
    await stream.write(tone(1.0).to_bytes())
    await stream.aclose()
    assert await stranger.rpc.perform(AVATAR, RPC_CLEAR_BUFFER) == RPC_REJECT
    await speaking.playout()
    await asyncio.sleep(NOTED_S)
    assert ("received", *CLEAR) in told([event for event in events if event.peer == "stranger"])
    assert {event.peer for event in events if event.direction == "sent"} == {AGENT}
    assert speaking.log.answers == [(pytest.approx(1.0), False)]
