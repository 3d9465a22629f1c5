"""The relay's process between a stand-in meeting and a room: it stands in each for one of the other, whole."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import numpy as np
import pytest

from avatar_core.media.frames import AudioFrame
from avatar_core.room.connection import RoomConnection
from avatar_core.room.server import RoomServer
from avatar_core.room.voice_output import VOICE_OPTIONS
from avatar_core.tasks import cancel_and_wait, spawn
from avatar_core.tokens import TokenClaims, VideoGrants, mint_token
from avatar_core.videosdk.relay.child import RelayChild
from avatar_core.videosdk.room_meeting import RoomMeeting
from avatar_core.wire.relay import JoinBoth, RoomPlace
from tests.patience import LIMIT_S
from tests.stand_in_meeting import Told, joined_by, left, meeting_server, place

AGENT, AVATAR = "bench-agent", "avatar"


@dataclass
class Between:
    """A relay, the room's agent that it speaks for, and the server of both."""

    server: RoomServer
    relay: RelayChild
    agent: RoomConnection

    async def sees(self, *, there: bool) -> None:
        """The agent sees who stands for the avatar, or no longer."""
        async with asyncio.timeout(LIMIT_S):
            while (AVATAR in self.agent.participants) is not there:
                await asyncio.sleep(0.02)


@pytest.fixture
async def between() -> AsyncIterator[Between]:
    async with meeting_server() as server:
        agent = RoomConnection()
        await agent.connect(server.room.url, room_token(server, AGENT))
        room = RoomPlace(server.room.url, AGENT, room_token(server, AVATAR))
        relay = await RelayChild.start(JoinBoth(place(server, "agent", peer=AVATAR), room))
        yield Between(server, relay, agent)
        await relay.aclose()
        await agent.aclose()


def room_token(server: RoomServer, identity: str) -> str:
    grants = VideoGrants(room_join=True, room="bench", can_update_own_metadata=True)
    room = server.room
    return mint_token(TokenClaims(identity, grants), api_key=room.api_key, api_secret=room.api_secret, ttl_s=60)


async def test_the_avatar_comes_goes_and_comes_back_with_its_name_and_attributes(between: Between) -> None:
    assert AVATAR not in between.agent.participants
    for _ in range(2):
        async with joined_by(between.server, AVATAR) as [avatar]:
            await between.relay.peer_came(AVATAR, LIMIT_S)
            await between.sees(there=True)
            async with asyncio.timeout(LIMIT_S):
                while not (shown := between.agent.participants[AVATAR]).attributes:
                    await asyncio.sleep(0.02)
            assert shown.name == "Avatar"
            assert shown.attributes["videosdk.role"] == AVATAR
            await left(avatar)
            await between.sees(there=False)
    assert await between.relay.why_ended() == ""


async def test_own_voice_of_the_agent_is_heard_in_the_meeting_until_it_is_taken_back(between: Between) -> None:
    """PROTOCOLS O21, O23: VideoSDK's direct voice."""
    async with joined_by(between.server, AVATAR) as [avatar]:
        await between.relay.peer_came(AVATAR, LIMIT_S)
        told = Told()
        avatar.participants["agent"].add_event_listener(told)
        voice = await between.agent.publish_audio("agent_voice", options=VOICE_OPTIONS)

        async def hum() -> None:
            at = np.arange(VOICE_OPTIONS.sample_rate_hz // 50)
            while True:
                samples = (9_000 * np.sin(2 * np.pi * at / 48)).astype(np.int16)
                await voice.capture(AudioFrame(samples, VOICE_OPTIONS.sample_rate_hz))

        humming = spawn(hum(), name="own voice")
        [stream] = await told.hears("stream-enabled")
        async with asyncio.timeout(LIMIT_S):
            while np.abs((await stream.track.recv()).to_ndarray()).max() < 3_000:
                pass
        await cancel_and_wait(humming)
        await voice.aclose()
        await told.hears("stream-disabled")


async def test_messages_of_the_two_pass_and_those_of_others_do_not(between: Between) -> None:
    """V17, on both sides."""
    stranger = RoomConnection()
    await stranger.connect(between.server.room.url, room_token(between.server, "stranger"))
    async with joined_by(between.server, AVATAR, "other") as [avatar, other]:
        await between.relay.peer_came(AVATAR, LIMIT_S)
        await between.agent.wait_for_participant(AVATAR)
        in_meeting, in_room = Told(), Told()
        avatar.add_event_listener(in_meeting)
        agent = RoomMeeting(between.agent, destinations=[AVATAR])
        agent.add_event_listener(in_room)
        await RoomMeeting(stranger, destinations=[AVATAR]).send("stranger", {"reliability": "RELIABLE"})
        await other.send("other", {"reliability": "RELIABLE"})
        sent = [(bytes(15_000), "UNRELIABLE"), (b"\xff" * 10, "UNRELIABLE"), ("text", "RELIABLE")]
        for payload, channel in sent:
            await agent.send(payload, {"reliability": channel})
            await avatar.send(payload, {"reliability": channel})
        # V8: what is valid UTF-8 comes as a text.
        expected = {("\0" * 15_000, "UNRELIABLE"), *sent[1:]}
        # In the meeting the other is heard as well.
        for told, sender, messages in ((in_meeting, "agent", 4), (in_room, AVATAR, 3)):
            await told.hears("data", messages)
            heard = [data for data in told.of("data") if data["from"] == sender]
            assert {(data["payload"], data["reliability"]) for data in heard} == expected
        assert not [data for data in in_room.of("data") if data["from"] != AVATAR]
    await stranger.aclose()


async def test_a_room_that_goes_is_the_relays_end(between: Between) -> None:
    async with joined_by(between.server, AVATAR):
        await between.relay.peer_came(AVATAR, LIMIT_S)
        # Somebody else takes the identity: the room shows the relay out.
        other = RoomConnection()
        await other.connect(between.server.room.url, room_token(between.server, AVATAR))
        async with asyncio.timeout(LIMIT_S):
            while not (why := await between.relay.why_ended()):
                await asyncio.sleep(0.02)
        assert "room lost" in why
        await other.aclose()
