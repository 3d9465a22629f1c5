"""A process that gives way: its niceness, and its session's, as the system keeps them."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from avatar_core.priority import give_way


@pytest.fixture
def sleeper() -> Iterator[int]:
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True)
    yield process.pid
    process.kill()
    process.wait()


def test_its_niceness_and_its_sessions_are_lowered(sleeper: int) -> None:
    session = Path(f"/proc/{sleeper}/autogroup")
    give_way(sleeper)
    assert os.getpriority(os.PRIO_PROCESS, sleeper) == 10
    # Where Linux shares the cores among sessions it says so.
    assert not session.exists() or session.read_text().split()[-1] == "10"


def test_where_sessions_are_not_told_of_the_process_alone_gives_way(sleeper: int, tmp_path: Path) -> None:
    give_way(sleeper, tmp_path)
    assert os.getpriority(os.PRIO_PROCESS, sleeper) == 10
    assert list(tmp_path.iterdir()) == []


def test_one_that_is_gone_is_no_error(tmp_path: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    give_way(process.pid)
