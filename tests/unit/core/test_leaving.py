"""A process ends by its main's exit code, and is not taken down piece by piece."""

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


def ended(end: str) -> tuple[int, str, str]:
    script = _SCRIPT.format(end=end)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("code", [0, 3])
def test_it_ends_by_the_code_of_main_after_what_is_registered(code: int) -> None:
    # Without a flush of its own, what is printed to a pipe would be lost.
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
    assert ended("sys.stdout.close()")[0] == 120


def test_interpreter_that_is_taken_down_shows_in_this_script() -> None:
    """What the tests above would see, were it so."""
    script = _SCRIPT.format(end="return 0").replace("run_and_leave(main)", "sys.exit(main())")
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout == "ran\nat exit\ntaken down\n"
