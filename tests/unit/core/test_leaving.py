"""A process ends by its main's exit code, and is not taken down piece by piece."""

import os
import subprocess
import sys

import pytest

_SCRIPT = """
import atexit, sys
from avatar_core.leaving import run_and_leave

class Loud:
    def __del__(self):
        print("taken down", flush=True)

kept = Loud()
atexit.register(print, "at exit")

def main():
    print("ran")
    {end}

run_and_leave(main)
"""


def ran(script: str) -> tuple[int, str, str]:
    """Exit code, output and errors; output to a pipe is kept back until it is flushed."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stdout, done.stderr


def ended(end: str) -> tuple[int, str, str]:
    return ran(_SCRIPT.format(end=end))


@pytest.mark.parametrize("code", [0, 3])
def test_it_ends_by_the_code_of_main_after_what_is_registered(code: int) -> None:
    assert ended(f"return {code}") == (code, "ran\nat exit\n", "")


@pytest.mark.parametrize(("asked", "code"), [("2", 2), ("None", 0), ("'why'", 1)])
def test_system_exit_is_obeyed(asked: str, code: int) -> None:
    told = "why\n" if asked == "'why'" else ""
    assert ended(f"raise SystemExit({asked})") == (code, "ran\nat exit\n", told)


def test_error_is_told_with_its_traceback() -> None:
    code, said, told = ended("raise OSError('no disk')")
    assert (code, said) == (1, "ran\nat exit\n")
    assert "Traceback" in told and told.endswith("OSError: no disk\n")


def test_lost_output_is_a_failure() -> None:
    assert ended("import os; os.close(1); return 0")[0] == 120


def test_output_that_main_closed_is_not_lost() -> None:
    assert ended("atexit.unregister(print); sys.stdout.close(); return 0") == (0, "ran\n", "")


def test_interpreter_that_is_taken_down_shows_in_this_script() -> None:
    """What the tests above would see, were it so."""
    script = _SCRIPT.format(end="return 0").replace("run_and_leave(main)", "sys.exit(main())")
    assert ran(script) == (0, "ran\nat exit\ntaken down\n", "")
