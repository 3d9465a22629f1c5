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

STARVED_CONFTEST = """
from pathlib import Path

from tests.short_of_cores import ShortOfCores


def pytest_collection_modifyitems(config, items):
    short_of_cores = ShortOfCores(Path(__file__).parent)
    config.pluginmanager.register(short_of_cores)
    for item in items:
        short_of_cores.watch(item)
"""
STARVED = """
from collections import Counter
from pathlib import Path

PRESSURE = Path(__file__).parent / "pressure" / "cpu"
RUNS = Counter()


def starve():
    waited_us = int(PRESSURE.read_text().partition("total=")[2])
    PRESSURE.write_text(f"some avg10=0.00 avg60=0.00 avg300=0.00 total={waited_us + 600_000_000}")


def test_starves_once():
    RUNS["once"] += 1
    if RUNS["once"] == 1:
        starve()
    assert RUNS["once"] == 2


def test_passes_though_it_starves():
    starve()


def test_starves_each_time():
    RUNS["each"] += 1
    starve()
    assert RUNS["each"] > 3


def test_fails_with_cores_to_spare():
    RUNS["spare"] += 1
    assert RUNS["spare"] == 2
"""


def run_planted(tmp_path: Path, *arguments: str) -> str:
    """Runs the planted tests under a copy of the suite's conftest; returns what pytest prints."""
    shutil.copy(TESTS / "conftest.py", tmp_path)
    (tmp_path / "unit").mkdir()
    (tmp_path / "unit" / "test_planted.py").write_text(PLANTED)
    return run_tests(tmp_path, *arguments)


def run_tests(tmp_path: Path, *arguments: str) -> str:
    """Runs what is in the folder; returns what pytest prints."""
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


def test_only_what_fails_for_want_of_cores_is_run_again_and_each_time_is_told(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(STARVED_CONFTEST)
    (tmp_path / "test_starved.py").write_text(STARVED)
    (tmp_path / "pressure").mkdir()
    (tmp_path / "pressure" / "cpu").write_text("some avg10=0.00 avg60=0.00 avg300=0.00 total=0")
    output = run_tests(tmp_path)
    assert "2 failed, 2 passed, 3 rerun" in output, output
    told = re.findall(r"^\S+::(\w+): cores were waited for in \d+ % of the time", output, re.MULTILINE)
    assert told == ["test_starves_once", *["test_starves_each_time"] * 3]
    assert set(re.findall(r"^FAILED \S+::(\w+)", output, re.MULTILINE)) == {
        "test_starves_each_time",
        "test_fails_with_cores_to_spare",
    }
