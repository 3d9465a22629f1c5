"""The room server as a process: it starts, says what it holds, stops when told, and never outlives its owner."""

import asyncio
import json
import os
import signal
import sys
from contextlib import suppress

import pytest

from avatar_core.errors import RoomServerError
from avatar_core.room.connection import RoomConnection
from avatar_core.room.options import ConnectOptions, VideoPublishOptions
from avatar_core.room.server import start_embedded_room, start_livekit_server
from avatar_core.room.values import ConnectionState, TrackKind
from avatar_core.tokens import TokenClaims, VideoGrants, mint_token
from tests.leftovers import is_running
from tests.patience import LIMIT_S

KEY, SECRET = "own-key", "an-own-secret-of-thirty-two-bytes-or-more"
ROUNDS = 25

OWNER = """
import asyncio, sys
from avatar_core.room.server import start_embedded_room

async def main():
    server = await start_embedded_room(api_key="own-key", api_secret=sys.argv[1], why="a test")
    print(server.pid, flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""

FAKE_LIVEKIT_SERVER = """#!{python}
import http.server, json, os, sys

configuration = json.loads(os.environ["LIVEKIT_CONFIG"])
assert sorted(os.environ) in (["LIVEKIT_CONFIG"], ["LC_CTYPE", "LIVEKIT_CONFIG"]), sorted(os.environ)
print(json.dumps({{"arguments": sys.argv[1:], "rtc": configuration["rtc"]}}), file=sys.stderr, flush=True)

class Ok(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()

    def log_message(self, *args):
        pass

address = (configuration["bind_addresses"][0], configuration["port"])
http.server.HTTPServer(address, Ok).serve_forever()
"""


def token(identity: str, room: str = "studio") -> str:
    return mint_token(TokenClaims(identity, VideoGrants(room_join=True, room=room)), api_key=KEY, api_secret=SECRET)


async def gone(pid: int) -> None:
    async with asyncio.timeout(LIMIT_S):
        while is_running(pid):
            await asyncio.sleep(0.05)


async def test_embedded_server_starts_is_joined_and_stops() -> None:
    server = await start_embedded_room(api_key=KEY, api_secret=SECRET, why="a test wants it")
    try:
        room = server.room
        assert (room.kind, room.why) == ("embedded", "a test wants it")
        assert SECRET not in repr(room)
        async with RoomConnection() as ada:
            await ada.connect(room.url, token("ada"), ConnectOptions())
            assert (await server.statistics())["participants"] == 1
            await server.aclose()
            async with asyncio.timeout(LIMIT_S):
                await ada.wait_ended()
            assert ada.state is ConnectionState.LOST
    finally:
        await server.aclose()
    assert not is_running(server.pid)


async def test_embedded_server_that_cannot_start_says_why() -> None:
    with pytest.raises(RoomServerError, match=r"embedded room failed.*exit code 2.*70000"):
        await start_embedded_room(api_key=KEY, api_secret=SECRET, port=70_000, why="a test")


@pytest.mark.error_logs("embedded room ended by itself, exit code -9")
async def test_death_of_the_embedded_server_is_told() -> None:
    server = await start_embedded_room(api_key=KEY, api_secret=SECRET, why="a test")
    told: asyncio.Queue = asyncio.Queue()
    server.exited.connect(told.put_nowait)

    os.kill(server.pid, signal.SIGKILL)

    async with asyncio.timeout(LIMIT_S):
        assert (await told.get()).exit_code == -signal.SIGKILL
    with pytest.raises(RoomServerError, match="exit code -9"):
        await server.statistics()
    await server.aclose()


async def test_embedded_server_ends_when_its_owner_is_killed() -> None:
    owner = await asyncio.create_subprocess_exec(
        sys.executable, "-P", "-c", OWNER, SECRET, stdout=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(LIMIT_S):
        server_pid = int(await owner.stdout.readline())
    assert is_running(server_pid)

    owner.kill()
    await owner.wait()

    await gone(server_pid)


@pytest.mark.error_logs("embedded room ended by itself, exit code 0")
async def test_embedded_server_ends_at_sigterm_with_participants_in_the_room() -> None:
    server = await start_embedded_room(api_key=KEY, api_secret=SECRET, why="a test")
    connections = [RoomConnection() for _ in range(3)]
    await asyncio.gather(
        *(
            connection.connect(server.room.url, token(f"p{number}"), ConnectOptions())
            for number, connection in enumerate(connections)
        )
    )

    os.kill(server.pid, signal.SIGTERM)

    await gone(server.pid)
    async with asyncio.timeout(LIMIT_S):
        await asyncio.gather(*(connection.wait_ended() for connection in connections))
    await asyncio.gather(*(connection.aclose() for connection in connections))
    await server.aclose()


async def test_livekit_server_is_started_on_loopback_with_its_keys_out_of_sight(tmp_path, caplog) -> None:
    executable = tmp_path / "livekit-server"
    executable.write_text(FAKE_LIVEKIT_SERVER.format(python=sys.executable))
    executable.chmod(0o700)

    with caplog.at_level("INFO", "avatar_core.room.child"):
        server = await start_livekit_server(str(executable), api_key=KEY, api_secret=SECRET, why="asked for")
        await server.aclose()

    assert (server.room.kind, server.room.why) == ("server", "asked for")
    assert server.room.url.startswith("ws://127.0.0.1:")
    # The SDK may log in between, of rooms that came before.
    said = next(line for line in caplog.messages if line.startswith("livekit-server: "))
    told = json.loads(said.removeprefix("livekit-server: "))
    assert told["arguments"] == []
    assert told["rtc"]["interfaces"] == {"includes": ["lo"]}
    assert SECRET not in caplog.text


async def test_livekit_server_that_is_missing_or_ends_at_once_is_an_error(tmp_path) -> None:
    with pytest.raises(RoomServerError, match="Could not start livekit-server"):
        await start_livekit_server(str(tmp_path / "none"), api_key=KEY, api_secret=SECRET, why="asked for")
    with pytest.raises(RoomServerError, match="livekit-server failed"):
        await start_livekit_server("/bin/false", api_key=KEY, api_secret=SECRET, why="asked for")


async def test_rounds_of_join_publish_and_leave_leave_nothing_behind(embedded, options) -> None:
    access = embedded.access
    before = embedded.statistics()

    both_have_seen = asyncio.Barrier(2)

    async def take_part(identity: str, other: str, round_number: int) -> None:
        grants = VideoGrants(room_join=True, room=f"round-{round_number}")
        async with RoomConnection() as connection:
            await connection.connect(access.url, access.token(TokenClaims(identity, grants)), options)
            await asyncio.gather(
                connection.publish_audio("voice"), connection.publish_video("face", VideoPublishOptions(320, 240))
            )
            await asyncio.gather(
                connection.wait_for_track(other, TrackKind.AUDIO), connection.wait_for_track(other, TrackKind.VIDEO)
            )
            await both_have_seen.wait()

    for round_number in range(ROUNDS):
        await asyncio.gather(take_part("ada", "bob", round_number), take_part("bob", "ada", round_number))

    def left_behind() -> dict[str, int]:
        after = embedded.statistics()
        # Sockets that idled before, such as kept-alive ones of other tests, are none of ours, and may go meanwhile.
        grown = {name: after[name] - before[name] for name in ("tasks", "sockets") if after[name] > before[name]}
        return grown | {name: after[name] for name in ("rooms", "participants", "tracks", "transports") if after[name]}

    with suppress(TimeoutError):
        async with asyncio.timeout(LIMIT_S):
            while left_behind():
                await asyncio.sleep(0.1)
    assert left_behind() == {}
