"""How long others waited for a core, read from /proc at every tick."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from avatar_core.viewer.core_waits import CoreWaits


def told(proc: Path, pid: int, waited_ms: float) -> None:
    (proc / str(pid)).mkdir(exist_ok=True)
    (proc / str(pid) / "schedstat").write_text(f"123456789 {round(waited_ms * 1e6)} 42\n")


def test_the_longest_wait_between_two_looks_counts_not_their_sum(tmp_path: Path) -> None:
    told(tmp_path, 7, 1000)
    waits = CoreWaits(tmp_path)
    waits.watch({"worker": [7]})
    for waited_ms in (1010, 1072, 1075):
        told(tmp_path, 7, waited_ms)
        waits.look()
    assert waits.take_ms() == {"worker": pytest.approx(62.0)}
    assert waits.take_ms() == {}
    waits.look()
    assert waits.take_ms() == {"worker": 0.0}
    waits.close()


def test_the_longest_of_a_role_counts_and_roles_are_told_apart(tmp_path: Path) -> None:
    for pid in (7, 8, 9):
        told(tmp_path, pid, 0)
    waits = CoreWaits(tmp_path)
    waits.watch({"worker": [7, 8], "room": [9]})
    for pid, waited_ms in ((7, 5), (8, 30), (9, 12)):
        told(tmp_path, pid, waited_ms)
    waits.look()
    assert waits.take_ms() == {"worker": pytest.approx(30.0), "room": pytest.approx(12.0)}
    waits.close()


def test_who_is_watched_anew_begins_with_what_it_has_waited_by_then(tmp_path: Path) -> None:
    told(tmp_path, 7, 500)
    told(tmp_path, 8, 900)
    waits = CoreWaits(tmp_path)
    waits.watch({"worker": [7]})
    waits.watch({"worker": [8]})
    waits.look()
    assert waits.take_ms() == {"worker": 0.0}
    waits.close()


def test_who_is_not_there_or_tells_nothing_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "8").mkdir()
    (tmp_path / "8" / "schedstat").write_text("")
    waits = CoreWaits(tmp_path)
    waits.watch({"worker": [7], "room": [8]})
    waits.look()
    assert waits.take_ms() == {}
    waits.close()


def test_a_process_that_ends_is_watched_no_more_and_no_file_stays_open() -> None:
    before = len(os.listdir("/proc/self/fd"))
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    waits = CoreWaits()
    waits.watch({"worker": [child.pid], "room": [os.getpid()]})
    waits.look()
    assert set(waits.take_ms()) == {"worker", "room"}
    child.kill()
    child.wait()
    waits.look()
    assert set(waits.take_ms()) == {"room"}
    waits.close()
    waits.close()
    assert len(os.listdir("/proc/self/fd")) == before


def test_a_real_wait_for_the_only_core_is_seen() -> None:
    core = min(os.sched_getaffinity(0))
    spin = f"import os; os.sched_setaffinity(0, {{{core}}}); os.write(1, b'.')\nwhile True: pass"
    children = [subprocess.Popen([sys.executable, "-c", spin], stdout=subprocess.PIPE) for _ in range(2)]
    waits = CoreWaits()
    try:
        for child in children:
            assert child.stdout is not None and child.stdout.read(1) == b"."
        waits.watch({"worker": [child.pid for child in children]})
        deadline_s, longest_ms = time.monotonic() + 20, 0.0
        while longest_ms == 0.0 and time.monotonic() < deadline_s:
            time.sleep(0.05)
            waits.look()
            longest_ms = waits.take_ms()["worker"]
        assert longest_ms > 0.0
    finally:
        waits.close()
        for child in children:
            child.kill()
            child.communicate()
