"""The check `videosdk`: what is missing for a meeting of VideoSDK, with a fix for each lack."""

import sys
from pathlib import Path

from avatar_core.bench.doctor.report import State
from avatar_core.bench.doctor.videosdk import check_videosdk
from avatar_core.bench.settings.videosdk import VideoSdkSettings

FAKE_PYTHON = """#!/bin/sh
echo '{"videosdk": "%s", "av": "16.1.0"}'
"""


def settings(python: str = sys.executable, token: str = "token") -> VideoSdkSettings:
    return VideoSdkSettings(room_id="abcd-efgh", auth_token=token, python=python)


def interpreter(folder: Path, version: str) -> str:
    """Something that answers as an interpreter with that version would."""
    path = folder / "python"
    path.write_text(FAKE_PYTHON % version)
    path.chmod(0o755)
    return str(path)


async def test_without_a_meeting_nothing_is_missing() -> None:
    check = await check_videosdk(VideoSdkSettings())
    assert check.state is State.OK
    assert "stand-in" in check.found


async def test_a_meeting_without_a_token_is_a_warning_that_names_the_settings() -> None:
    check = await check_videosdk(settings(token=""))
    assert check.state is State.WARN
    assert "VIDEOSDK_AUTH_TOKEN" in check.fix


async def test_a_missing_interpreter_is_a_warning_with_the_command_that_makes_it(tmp_path: Path) -> None:
    check = await check_videosdk(settings(str(tmp_path / "none")))
    assert (check.state, check.fix) == (State.WARN, "Run: avatar-testbench videosdk")


async def test_an_interpreter_without_the_sdk_is_told_with_the_reason() -> None:
    check = await check_videosdk(settings())
    assert check.state is State.WARN
    assert "No module named 'videosdk'" in check.found


async def test_the_known_version_is_ok_and_another_is_a_warning(tmp_path: Path) -> None:
    check = await check_videosdk(settings(interpreter(tmp_path, "0.4.1")))
    assert check.state is State.OK
    assert "videosdk 0.4.1, av 16.1.0" in check.found
    check = await check_videosdk(settings(interpreter(tmp_path, "0.5.0")))
    assert check.state is State.WARN
