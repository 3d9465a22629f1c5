"""Who gives way, by niceness, and who keeps time, by the scheduler: as the system tells it."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from avatar_core.priority import give_way

TOLD = """
import gc, json, os, sys, threading
refused = sys.argv[1] == "refused"
if refused:
    def refuse(*_): raise PermissionError(1, "not permitted")
    os.sched_setscheduler = refuse
from avatar_core.priority import keep_time
keep_time(first=sys.argv[1] != "others")
thread = []
starting = threading.Thread(target=lambda: thread.append(os.sched_getscheduler(0)))
starting.start()
starting.join()
print(json.dumps({
    "frozen": gc.get_freeze_count(),
    "left": len(gc.get_objects(generation=2)),
    "policy": os.sched_getscheduler(0) & ~os.SCHED_RESET_ON_FORK,
    "priority": os.sched_getparam(0).sched_priority,
    "thread": thread[0] & ~os.SCHED_RESET_ON_FORK,
}))
"""


def told(who: str) -> dict[str, Any]:
    """What a process tells of itself that keeps time first, like the others, or first where it may not."""
    answer = subprocess.run([sys.executable, "-c", TOLD, who], capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(answer.stdout)
    return found


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


@pytest.mark.parametrize("who", ["first", "others", "refused"])
def test_what_was_imported_is_left_out_of_collections(who: str) -> None:
    found = told(who)
    assert found["frozen"] > 1_000
    assert found["left"] < 100


@pytest.fixture(scope="module")
def policy_of_the_first() -> int:
    """Real time where this user may have it."""
    probe = [sys.executable, "-c", "import os; os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(60))"]
    may = subprocess.run(probe, stderr=subprocess.DEVNULL).returncode == 0
    return os.SCHED_RR if may else os.SCHED_OTHER


def test_the_first_goes_before_encoders_where_it_may_and_its_threads_do_not(policy_of_the_first: int) -> None:
    found = told("first")
    assert (found["policy"], found["priority"] > 49) == (policy_of_the_first, policy_of_the_first == os.SCHED_RR)
    assert found["thread"] == os.SCHED_OTHER


@pytest.mark.parametrize("module", ["avatar_core.viewer", "avatar_core.roomserver"])
def test_viewer_and_room_are_the_first(module: str, policy_of_the_first: int) -> None:
    with subprocess.Popen([sys.executable, "-P", "-m", module], stdin=subprocess.PIPE) as process:
        try:
            until_s = time.monotonic() + 30
            while (found := _policy(process.pid)) != policy_of_the_first and time.monotonic() < until_s:
                time.sleep(0.02)
            assert found == policy_of_the_first
        finally:
            process.kill()


def _policy(pid: int) -> int:
    return os.sched_getscheduler(pid) & ~os.SCHED_RESET_ON_FORK


@pytest.mark.parametrize("who", ["others", "refused"])
def test_nobody_else_does_and_a_refusal_is_no_error(who: str) -> None:
    assert told(who)["policy"] == os.SCHED_OTHER
