"""The suite's own checks (tests/conftest.py) fail where they should: a check nobody has seen fail proves nothing."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

TESTS = Path(__file__).parents[1]

PLANTED = """
import asyncio
import logging
import os

import pytest

RUNNING = []


async def test_leaks():
    RUNNING.append(asyncio.create_task(asyncio.sleep(60), name="forgotten"))


@pytest.mark.leaves_tasks("on purpose")
async def test_leaks_on_purpose():
    RUNNING.append(asyncio.create_task(asyncio.sleep(60), name="meant"))


def test_logs_an_error():
    logging.getLogger("avatar_core.planted").error("unexpected")


@pytest.mark.error_logs("provoked")
def test_logs_what_it_said():
    logging.getLogger("avatar_core.planted").error("provoked")


@pytest.mark.error_logs("promised")
def test_logs_less_than_it_said():
    pass


def test_sees_no_server_of_the_user():
    assert "LIVEKIT_URL" not in os.environ
"""


def run_planted(tmp_path: Path, *arguments: str) -> str:
    """Runs the planted tests under a copy of the suite's conftest; returns what pytest prints."""
    shutil.copy(TESTS / "conftest.py", tmp_path)
    (tmp_path / "unit").mkdir()
    (tmp_path / "unit" / "test_planted.py").write_text(PLANTED)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", TESTS.parent / "pyproject.toml"]
    result = subprocess.run(
        [*command, "--rootdir", tmp_path, tmp_path, *arguments],
        env=os.environ | {"LIVEKIT_URL": "wss://example.invalid"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    return result.stdout + result.stderr


def test_leaks_and_error_logs_fail_unless_declared(tmp_path: Path) -> None:
    output = run_planted(tmp_path)
    failed = set(re.findall(r"^(?:ERROR|FAILED) \S+::(\w+)", output, re.MULTILINE))
    assert failed == {"test_leaks", "test_logs_an_error", "test_logs_less_than_it_said"}, output
    assert "forgotten" in output


def test_a_server_that_was_asked_for_is_kept(tmp_path: Path) -> None:
    output = run_planted(tmp_path, "--avatar-room", "ws://127.0.0.1:1", "-k", "server_of_the_user")
    assert "1 failed" in output, output


def test_test_outside_the_categories_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "test_stray.py").write_text("def test_stray():\n    pass\n")
    assert "stands in none of the folders" in run_planted(tmp_path, "elsewhere")
