"""What the avatar protocol asks of a meeting, on every one: VideoSDK's in memory, a LiveKit room, a stand-in."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import pytest

from avatar_core.errors import RoomError
from avatar_core.room.connection import RoomConnection
from avatar_core.room.server import start_embedded_room
from avatar_core.tokens import TokenClaims, VideoGrants, mint_token
from avatar_core.videosdk.meeting import Meeting, MeetingEnd
from avatar_core.videosdk.room_meeting import RoomMeeting
from avatar_core.wire.videosdk import Audio, Interrupt, Message, SegmentEnd, SoundMark, StreamEnded, chunks, encode
from tests.fakes.meeting import FakeMeetingRoom
from tests.fakes.room import FakeRoom
from tests.patience import LIMIT_S
from tests.stand_in_meeting import joined_by, left, meeting_server

IMPLEMENTATIONS = (
    "VideoSDK's in memory",
    "a room in memory",
    pytest.param("a room", marks=pytest.mark.integration),
    pytest.param("a room, lossy", marks=pytest.mark.integration),
    pytest.param("a stand-in meeting", marks=pytest.mark.integration),
)


class Ear:
    """What one end of a meeting has heard."""

    def __init__(self, meeting: Meeting, peer: str | None) -> None:
        self.messages: list[Message] = []
        self.end = MeetingEnd(self._on_message, peer=peer)
        self.end.attach(meeting)
        self._came = asyncio.Event()

    async def hears(self, count: int) -> list[Message]:
        async with asyncio.timeout(LIMIT_S):
            while len(self.messages) < count:
                self._came.clear()
                await self._came.wait()
        return self.messages

    async def refuses(self, count: int) -> None:
        """Of several senders nobody knows whose messages come first."""
        async with asyncio.timeout(LIMIT_S):
            while self.end.refused < count:
                await asyncio.sleep(0.01)
        assert self.end.refused == count

    def _on_message(self, message: Message) -> None:
        self.messages.append(message)
        self._came.set()


@dataclass
class Three:
    """The meetings of the agent, of its avatar, and of somebody else; and how a participant goes."""

    agent: Meeting
    avatar: Meeting
    other: Meeting
    leave: Callable[[], Any]


@pytest.fixture(params=IMPLEMENTATIONS)
async def three(request: pytest.FixtureRequest) -> AsyncIterator[Three]:
    if request.param == "VideoSDK's in memory":
        room = FakeMeetingRoom()
        agent = room.join("agent")

        async def leave() -> None:
            agent.leave()

        yield Three(agent, room.join("avatar"), room.join("other"), leave)
    elif request.param == "a room in memory":
        connections = [FakeRoom().join("agent")]
        connections += [connections[0].room.join(name) for name in ("avatar", "other")]

        async def refuse(*_: object, **__: object) -> None:
            raise RoomError("left")

        async def go() -> None:
            connections[0].send_data = refuse

        yield Three(*map(RoomMeeting, connections), go)
        for connection in connections:
            await connection.aclose()
    elif request.param == "a stand-in meeting":
        async with meeting_server() as server, joined_by(server, "agent", "avatar", "other") as meetings:

            async def leave_it() -> None:
                await left(meetings[0])

            yield Three(*meetings, leave_it)
    else:
        server = await start_embedded_room(api_key="key", api_secret="s" * 32, why="test")
        joined = [RoomConnection() for _ in range(3)]
        for connection, name in zip(joined, ("agent", "avatar", "other"), strict=True):
            claims = TokenClaims(name, VideoGrants(room_join=True, room="meeting"))
            await connection.connect(server.room.url, mint_token(claims, api_key="key", api_secret="s" * 32, ttl_s=60))
        await asyncio.gather(*(joined[0].wait_for_participant(name) for name in ("avatar", "other")))
        lossy = request.param == "a room, lossy"
        yield Three(*(RoomMeeting(connection, lossy_audio=lossy) for connection in joined), joined[0].aclose)
        await asyncio.gather(*(connection.aclose() for connection in joined))
        await server.aclose()


async def test_messages_arrive_as_they_were_sent_and_at_nobody_who_sent_them(three: Three) -> None:
    """Silence is sound, too (V8): of 15,000 bytes, as large as it gets (V5)."""
    avatar, agent = Ear(three.avatar, "agent"), Ear(three.agent, "avatar")
    sound = [*chunks(bytes(15_000)), Audio(b"\xff\xfe" * 100)]
    for message in [SoundMark("s1", 0, 0, 0, 15_200, 7), *sound]:
        await agent.end.send(message)
    assert await avatar.hears(3) == [SoundMark("s1", 0, 0, 0, 15_200, 7), *sound]
    control = [SegmentEnd("s1", 0, 0, 15_200), Interrupt(), Interrupt(1)]
    for message in control:
        await agent.end.send(message)
    assert (await avatar.hears(6))[3:] == control
    await avatar.end.send(StreamEnded(0.3, True, "s1"))
    assert await agent.hears(1) == [StreamEnded(0.3, True, "s1")]


async def test_only_the_peer_is_heard(three: Three) -> None:
    """V17: elsewhere anybody can inject sound, interrupts and acknowledgements."""
    avatar, other = Ear(three.avatar, "agent"), Ear(three.other, "agent")
    agent = Ear(three.agent, "avatar")
    for injected in (Audio(b"ab"), Interrupt(), SegmentEnd(), StreamEnded(1.0, False)):
        await other.end.send(injected)
    await agent.end.send(Interrupt(7))
    assert await avatar.hears(1) == [Interrupt(7)]
    await avatar.end.send(StreamEnded(0.0, True))
    assert await agent.hears(1) == [StreamEnded(0.0, True)]
    await asyncio.gather(avatar.refuses(4), agent.refuses(4))


async def test_who_speaks_first_is_the_peer_where_none_is_named(three: Three) -> None:
    """An interrupt is no speech: nobody becomes the one who is obeyed by it."""
    avatar = Ear(three.avatar, None)
    agent, other = Ear(three.agent, "avatar"), Ear(three.other, "avatar")
    await other.end.send(Interrupt())
    await avatar.hears(1)
    await agent.end.send(Audio(b"ab"))
    await avatar.hears(2)
    await other.end.send(Audio(b"cd"))
    await agent.end.send(Audio(b"ef"))
    assert await avatar.hears(3) == [Interrupt(), Audio(b"ab"), Audio(b"ef")]


async def test_what_is_no_message_is_counted_and_the_next_is_heard(three: Three) -> None:
    """V16."""
    avatar = Ear(three.avatar, "agent")
    for payload in ("hello", '{"type": "chat"}', "[]"):
        await three.agent.send(payload, {"reliability": "RELIABLE"})
    await three.agent.send(encode(SegmentEnd()), {"reliability": "RELIABLE"})
    assert await avatar.hears(1) == [SegmentEnd()]
    assert avatar.end.unreadable == 3


async def test_what_is_too_large_or_no_message_is_refused(three: Three) -> None:
    """V5."""
    with pytest.raises(ValueError, match="large"):
        await three.agent.send(bytes(15 * 1024 + 1), {"reliability": "UNRELIABLE"})
    with pytest.raises(TypeError):
        await three.agent.send(17, {"reliability": "RELIABLE"})


async def test_failure_to_send_is_told_and_mutes_nothing(three: Three) -> None:
    """V9: elsewhere that is the end of all speech, without a word."""
    agent, avatar = Ear(three.agent, "avatar"), Ear(three.avatar, "agent")
    with pytest.raises(RoomError, match="Audio"):
        await agent.end.send(Audio(bytes(16_000)))
    await agent.end.send(Audio(b"ab"))
    assert await avatar.hears(1) == [Audio(b"ab")]
    await three.leave()
    with pytest.raises(RoomError):
        await agent.end.send(Audio(b"ab"))


async def test_who_is_detached_hears_no_more(three: Three) -> None:
    agent, avatar, other = Ear(three.agent, None), Ear(three.avatar, None), Ear(three.other, None)
    avatar.end.detach()
    avatar.end.detach()
    await agent.end.send(Audio(b"ab"))
    await other.hears(1)
    assert avatar.messages == []
    with pytest.raises(RoomError, match="no meeting"):
        await avatar.end.send(Interrupt())
