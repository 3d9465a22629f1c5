"""Joining, seeing each other, and leaving in every way there is."""

import asyncio
import json
import sys

import pytest

from avatar_core.errors import RoomError, RoomLost
from avatar_core.room.connection import RoomConnection
from avatar_core.room.options import VideoPublishOptions
from avatar_core.room.values import ConnectionState, TrackKind
from avatar_core.tokens import TokenClaims, VideoGrants
from tests.patience import LIMIT_S

PARTICIPANT_THAT_WAITS = """
import asyncio, json, sys
from avatar_core.room.connection import RoomConnection
from avatar_core.room.options import ConnectOptions

async def main():
    told = json.loads(sys.stdin.readline())
    connection = RoomConnection()
    await connection.connect(told["url"], told["token"], ConnectOptions(single_peer_connection=told["single"]))
    await connection.publish_audio("voice")
    print("joined", flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


async def test_late_joiner_finds_participants_and_their_tracks(pair, join) -> None:
    await asyncio.gather(pair.ada.publish_audio("voice"), pair.ada.publish_video("face", VideoPublishOptions(320, 240)))

    late = await join("late")

    assert set(late.participants) == {"ada", "bob"}
    voice, face = await asyncio.gather(
        late.wait_for_track("ada", TrackKind.AUDIO), late.wait_for_track("ada", TrackKind.VIDEO)
    )
    assert (voice.name, voice.mime_type.lower()) == ("voice", "audio/opus")
    assert (face.name, face.mime_type.lower(), face.width_px, face.height_px) == ("face", "video/vp8", 320, 240)
    assert (await pair.ada.wait_for_participant("late")).identity == "late"


async def test_participant_who_leaves_is_gone_for_the_others(pair) -> None:
    left: asyncio.Queue = asyncio.Queue()
    pair.bob.events.participant_disconnected.connect(left.put_nowait)

    await pair.ada.aclose()

    async with asyncio.timeout(LIMIT_S):
        departure = await left.get()
    assert (departure.participant.identity, departure.reason) == ("ada", "CLIENT_INITIATED")
    assert dict(pair.bob.participants) == {}
    assert pair.ada.state is ConnectionState.CLOSED


async def test_second_participant_of_an_identity_takes_the_place_of_the_first(pair, join) -> None:
    second = await join("ada")

    async with asyncio.timeout(LIMIT_S):
        await pair.ada.wait_ended()
    assert pair.ada.state is ConnectionState.LOST
    with pytest.raises(RoomLost, match="DUPLICATE_IDENTITY"):
        await pair.ada.send_data(b"still there?")
    await second.publish_audio("voice")
    seen = await pair.bob.wait_for_track("ada", TrackKind.AUDIO)
    assert pair.bob.participants["ada"].sid == second.local.sid
    assert seen.owner == "ada"


async def test_killed_participant_is_noticed(pair, access, room_name, options) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-P",
        "-c",
        PARTICIPANT_THAT_WAITS,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    token = access.token(TokenClaims("mayfly", VideoGrants(room_join=True, room=room_name)))
    told = {"url": access.url, "token": token, "single": options.single_peer_connection}
    process.stdin.write(json.dumps(told).encode() + b"\n")
    assert await process.stdout.readline() == b"joined\n"
    await pair.ada.wait_for_track("mayfly", TrackKind.AUDIO)

    process.kill()
    await process.wait()

    # Another LiveKit server first grants time to come back.
    await pair.ada.wait_for(lambda: "mayfly" not in pair.ada.participants or None, what="the loss", timeout_s=LIMIT_S)


async def test_connection_can_be_left_while_it_joins_and_leaves_nothing(access, room_name, options, join) -> None:
    watcher = await join("watcher")
    token = access.token(TokenClaims("hasty", VideoGrants(room_join=True, room=room_name)))
    connection = RoomConnection()
    joining = asyncio.create_task(connection.connect(access.url, token, options))
    await asyncio.sleep(0)

    await connection.aclose()

    with pytest.raises(RoomError, match="closed"):
        await joining
    assert connection.state is ConnectionState.CLOSED
    await watcher.wait_for(lambda: "hasty" not in watcher.participants or None, what="the departure", timeout_s=LIMIT_S)
