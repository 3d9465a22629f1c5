"""`avatar-testbench doctor` and `room` as processes, as a user or a script runs them."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from avatar_core.bench.doctor.livekit import ask_server
from avatar_core.bench.settings.room_choice import Credentials

COMMAND = (sys.executable, "-P", "-m", "avatar_gui")
SECRET = "an-own-secret-of-at-least-32-bytes"
LIVEKIT_NAMES = ("LIVEKIT_URL", "LIVEKIT_API_KEY", "LIVEKIT_API_SECRET")
NAMES_WITHOUT_CONFIGURATION = ["python", "qt", "display", "sound", "network", "room"]
NAMES = [*NAMES_WITHOUT_CONFIGURATION, "livekit_server", "livekit", "plugins", "keys", "videosdk"]


@dataclass(frozen=True)
class Ended:
    exit_code: int
    output: str
    errors: str

    def report(self) -> dict[str, Any]:
        return json.loads(self.output)

    def check(self, name: str) -> dict[str, str]:
        (check,) = (check for check in self.report()["checks"] if check["name"] == name)
        return check


Environment = Callable[..., dict[str, str]]


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    """The environment of a user without settings, and with the given names alone of LIVEKIT_*."""

    def environment(**names: str) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("LIVEKIT_")}
        return {**kept, "HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path), **names}

    return environment


@pytest.fixture
def doctor(tmp_path: Path, environment: Environment) -> Callable[..., Ended]:
    """Run `doctor` in an empty folder: `doctor("--json", LIVEKIT_URL=...)`."""

    def run(*arguments: str, **names: str) -> Ended:
        child = subprocess.run(
            [*COMMAND, "doctor", *arguments],
            cwd=tmp_path,
            env=environment(**names),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        return Ended(child.returncode, child.stdout, child.stderr)

    return run


@pytest.fixture
def room(tmp_path: Path, environment: Environment) -> Iterator[subprocess.Popen[str]]:
    """`room --json` with an own key and secret, not yet read from."""
    with subprocess.Popen(
        [*COMMAND, "room", "--json"],
        cwd=tmp_path,
        env=environment(LIVEKIT_API_KEY="own-key", LIVEKIT_API_SECRET=SECRET),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as child:
        yield child
        child.kill()


def ready(room: subprocess.Popen[str]) -> dict[str, str]:
    assert room.stdout is not None
    return json.loads(room.stdout.readline())


def test_the_report_has_every_check_and_the_exit_code_says_the_same(doctor: Callable[..., Ended]) -> None:
    ended = doctor("--json")
    report = ended.report()
    assert report["schema"] == 1
    assert [check["name"] for check in report["checks"]] == NAMES
    assert all(check["fix"] for check in report["checks"] if check["state"] != "ok")
    failed = [check["name"] for check in report["checks"] if check["state"] == "fail"]
    assert report["ok"] is not bool(failed)
    assert ended.exit_code == (3 if failed else 0)
    assert ended.errors == ""


def test_the_embedded_room_starts_answers_and_stops(doctor: Callable[..., Ended]) -> None:
    assert doctor("--json").check("room")["state"] == "ok"


def test_people_get_the_same_as_text(doctor: Callable[..., Ended]) -> None:
    ended = doctor()
    lines = ended.output.splitlines()
    assert all(any(line.split()[2:3] == [name] for line in lines) for name in NAMES)
    assert lines[-1].startswith("The main job can run" if ended.exit_code == 0 else "The main job cannot run: ")


def test_a_reader_that_leaves_is_no_crash(tmp_path: Path, environment: Environment) -> None:
    with subprocess.Popen(
        [*COMMAND, "doctor"],
        cwd=tmp_path,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdout is not None
        assert child.stderr is not None
        child.stdout.close()
        assert child.stderr.read() == ""
        assert child.wait(timeout=60) == 3


def test_half_a_configuration_fails_and_the_rest_is_still_looked_at(doctor: Callable[..., Ended]) -> None:
    ended = doctor("--json", LIVEKIT_URL="wss://cloud.example")
    assert ended.exit_code == 3
    assert [check["name"] for check in ended.report()["checks"]] == [*NAMES_WITHOUT_CONFIGURATION, "configuration"]
    assert "LIVEKIT_API_KEY" in ended.check("configuration")["found"]


def test_a_server_that_does_not_answer_fails(doctor: Callable[..., Ended]) -> None:
    ended = doctor("--json", LIVEKIT_URL="ws://127.0.0.1:1", LIVEKIT_API_KEY="own-key", LIVEKIT_API_SECRET=SECRET)
    assert ended.exit_code == 3
    assert ended.check("livekit")["state"] == "fail"
    assert "127.0.0.1:1 does not answer" in ended.check("livekit")["found"]


def test_a_server_with_our_key_is_ok_and_with_another_secret_tells_its_reason(
    doctor: Callable[..., Ended], room: subprocess.Popen[str]
) -> None:
    access = dict(zip(LIVEKIT_NAMES, ready(room).values(), strict=True))
    right = doctor("--json", **access)
    assert right.check("livekit")["state"] == "ok"
    wrong_secret = "another-secret-of-at-least-32-bytes"
    wrong = doctor("--json", **{**access, "LIVEKIT_API_SECRET": wrong_secret})
    assert wrong.exit_code == 3
    assert wrong.check("livekit")["state"] == "fail"
    assert "401" in wrong.check("livekit")["found"]
    assert "signature" in wrong.check("livekit")["found"]
    for ended in (right, wrong):
        assert not any(secret in ended.output + ended.errors for secret in (SECRET, wrong_secret, "eyJ"))


async def test_a_token_that_the_server_repeats_is_not_shown() -> None:
    async def refuse(request: web.Request) -> web.Response:
        return web.Response(status=401, text=f"invalid token: {request.headers['Authorization']}, error: no")

    application = web.Application()
    application.router.add_get("/rtc/validate", refuse)
    runner = web.AppRunner(application)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        answer = await ask_server(f"ws://127.0.0.1:{runner.addresses[0][1]}", Credentials("own-key", SECRET))
    finally:
        await runner.cleanup()
    assert answer.status == 401
    assert answer.text == "invalid token: Bearer (token), error: no"


def test_the_rooms_ready_line_has_url_key_and_secret(room: subprocess.Popen[str]) -> None:
    line = ready(room)
    assert list(line) == ["url", "api_key", "api_secret"]
    assert line["url"].startswith("ws://127.0.0.1:")
    assert (line["api_key"], line["api_secret"]) == ("own-key", SECRET)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_room_stops_at_a_signal_and_has_said_nothing_else(
    room: subprocess.Popen[str], number: signal.Signals
) -> None:
    ready(room)
    room.send_signal(number)
    output, errors = room.communicate(timeout=60)
    assert room.returncode == 0
    assert (output, errors) == ("", "")
