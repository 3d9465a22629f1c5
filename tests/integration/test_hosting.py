"""Avatars hosted by hand: the commands `worker` and `dispatcher`, with a class of the user's own, in a real room."""

import asyncio
import json
import os
import re
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from avatar_core.room.connection import RoomConnection
from avatar_core.room.data_stream_output import DataStreamAudioOutput
from avatar_core.room.options import ConnectOptions
from avatar_core.room.values import TrackKind
from avatar_core.tokens import TokenClaims, VideoGrants
from avatar_core.wire.dispatch import LaunchRequest, encode_body
from avatar_core.wire.livekit import ATTRIBUTE_PUBLISH_ON_BEHALF
from tests.fakes.audio_output import FinishLog
from tests.patience import LIMIT_S
from tests.tracks import tone

AGENT = "my-agent"
GUIDE = Path(__file__).parents[2] / "docs" / "hosting-an-avatar.md"
SMALL = ["--option", "width=320", "--option", "height=180", "--option", "fps=15"]
JSON = {"Content-Type": "application/json"}
_SDK_WARNS = "Failed to set degradation preference"
"""Seen once, where a negotiation came between; publishing the picture first ought to avoid it."""


@pytest.fixture
def options() -> ConnectOptions:
    """The SDK's own choice: what is tested here does not depend on it."""
    return ConnectOptions()


class Command:
    """A command of the testbench, in the folder of its user."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def line(self) -> str:
        assert self._process.stdout is not None
        async with asyncio.timeout(LIMIT_S):
            return (await self._process.stdout.readline()).decode()

    async def ends(self, number: signal.Signals | None = None) -> tuple[int, str]:
        """Its exit code, and all it has still said, without the one warning of LiveKit's SDK that may come."""
        if number is not None:
            self._process.send_signal(number)
        async with asyncio.timeout(LIMIT_S):
            out, err = await self._process.communicate()
        lines = (out + err).decode().splitlines(keepends=True)
        return self._process.returncode or 0, "".join(line for line in lines if _SDK_WARNS not in line)

    async def aclose(self) -> None:
        if self._process.returncode is None:
            self._process.kill()
            await self._process.communicate()


@pytest.fixture
async def command(access, tmp_path: Path) -> AsyncIterator:
    (code,) = re.findall(r"```python\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    (tmp_path / "my_face.py").write_text(code)
    (tmp_path / "broken.py").write_text(
        "from my_face import LevelFace\n"
        "class Broken(LevelFace):\n    def __init__(self, options, clock):\n        raise OSError('no model here')\n"
    )
    started: list[Command] = []

    async def start(*arguments: str, **environment: str) -> Command:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "avatar_gui",
            *arguments,
            cwd=tmp_path,
            env=os.environ
            | {"LIVEKIT_URL": access.url, "LIVEKIT_API_KEY": access.api_key, "LIVEKIT_API_SECRET": access.api_secret}
            | environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        started.append(Command(process))
        return started[-1]

    yield start
    for one in started:
        await one.aclose()


def launch(access, room_name: str, identity: str, generator: str) -> bytes:
    grants = VideoGrants(room_join=True, room=room_name)
    claims = TokenClaims(identity, grants, kind="agent", attributes={ATTRIBUTE_PUBLISH_ON_BEHALF: AGENT})
    options = {"generator": generator, "width": 320, "height": 180, "fps": 15}
    return encode_body(LaunchRequest(room_name, access.url, access.token(claims), options))


async def speak(agent: RoomConnection, avatar: str) -> None:
    """One utterance, heard to its end."""
    output = DataStreamAudioOutput(
        agent, avatar, wait_remote_tracks=list(TrackKind), wait_playback_start=True, exact_position=True
    )
    log = FinishLog(output)
    await output.wait_until_ready()
    for _ in range(10):
        await output.capture_frame(tone(0.1))
    output.flush()
    async with asyncio.timeout(LIMIT_S):
        await output.wait_for_playout()
    assert log.answers == [(1.0, False)]
    await output.aclose()


async def test_worker_by_hand_is_an_avatar_with_a_face_of_the_users_own(command, join, room_name: str) -> None:
    agent = await join(AGENT)
    worker = await command("worker", room_name, "--agent", AGENT, "--generator", "my_face:LevelFace", *SMALL)
    assert await worker.line() == f"avatar-by-hand is in room '{room_name}'. Ctrl+C ends it.\n"
    await speak(agent, "avatar-by-hand")
    code, said = await worker.ends(signal.SIGINT)
    assert (code, said) == (0, "The avatar ended: stopped. Told to stop.\n")


async def test_worker_whose_agent_never_comes_does_not_wait_for_ever(command, room_name: str) -> None:
    worker = await command("worker", room_name, "--agent", "nobody", "--option", "controller_wait_s=0.5", *SMALL)
    await worker.line()
    code, said = await worker.ends()
    assert (code, said) == (0, "The avatar ended: controller gone. 'nobody' did not come within 0.5 s\n")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--generator", "talking-hat"], "no generator is called 'talking-hat'"),
        (["--option", "fps"], "is no option; write name=value"),
        (["--option", "fps=1000"], "video_fps is 1000"),
        (["--room", "embedded"], "give its URL with --room"),
    ],
)
async def test_wrong_arguments_are_said_before_anything_begins(
    command, room_name: str, arguments: list[str], words: str
) -> None:
    worker = await command("worker", room_name, *arguments)
    code, said = await worker.ends()
    assert code == 2
    assert words in said


async def test_dispatcher_by_hand_launches_the_users_class_and_tells_of_each_worker(
    command, join, access, room_name: str
) -> None:
    agent = await join(AGENT)
    dispatcher = await command(
        "dispatcher", "--port", "0", "--json", "--generator", "my_face:LevelFace", AVATAR_DISPATCHER_TOKEN="open-sesame"
    )
    url = json.loads(await dispatcher.line())["url"]
    async with aiohttp.ClientSession(headers={"Authorization": "Bearer open-sesame"}) as http:
        body = launch(access, room_name, "my-avatar", "my_face:LevelFace")
        async with http.post(f"{url}/launch", data=body, headers=JSON) as response:
            worker_id = (await response.json())["worker_id"]
        await speak(agent, "my-avatar")
        async with http.get(f"{url}/workers/{worker_id}") as response:
            status = await response.json()
        assert (status["state"], status["room_name"]) == ("ready", room_name)
        async with http.get(f"{url}/workers/worker-99") as response:
            assert response.status == 404
        # What was not named at its start may not be named by a caller either.
        async with http.post(
            f"{url}/launch", data=launch(access, room_name, "x", "broken:Broken"), headers=JSON
        ) as response:
            assert (response.status, "no generator is called" in (await response.json())["detail"]) == (400, True)
    code, _ = await dispatcher.ends(signal.SIGTERM)
    assert code == 0
    await agent.wait_for(
        lambda: "my-avatar" not in agent.participants or None, what="the worker to go", timeout_s=LIMIT_S
    )


async def test_dispatcher_tells_of_a_crash_loop_and_starts_no_more(command, access, room_name: str) -> None:
    dispatcher = await command("dispatcher", "--port", "0", "--json", "--generator", "broken:Broken")
    url = json.loads(await dispatcher.line())["url"]
    async with aiohttp.ClientSession() as http:
        for number in range(5):
            body = launch(access, room_name, f"avatar-{number}", "broken:Broken")
            async with http.post(f"{url}/launch", data=body, headers=JSON) as response:
                worker_id = (await response.json())["worker_id"]
            async with asyncio.timeout(LIMIT_S):
                while True:
                    async with http.get(f"{url}/workers/{worker_id}") as response:
                        status = await response.json()
                    if status["state"] == "ended":
                        break
                    await asyncio.sleep(0.05)
            assert "no model here" in status["reason"]
        async with http.post(
            f"{url}/launch", data=launch(access, room_name, "avatar-6", "broken:Broken"), headers=JSON
        ) as response:
            detail = (await response.json())["detail"]
            assert response.status == 503
    assert "5 workers for room" in detail
    assert "no model here" in detail


async def test_dispatcher_for_others_needs_a_secret(command) -> None:
    dispatcher = await command("dispatcher", "--host", "0.0.0.0", "--port", "0")
    code, said = await dispatcher.ends()
    assert code == 2
    assert "give it a token" in said
