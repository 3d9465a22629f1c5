"""The window in a process of its own: signals, scripts, exit codes."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

START = """
import asyncio
from pathlib import Path
from avatar_core.bench.fake.behaviour import FakeTimes
from avatar_core.bench.fake.session import FakeSession
from avatar_core.bench.states import SessionState
from avatar_gui.app import run_window, save_screenshot
from avatar_gui.testing import wait_session_state

session = FakeSession(times=FakeTimes().faster(5))
def tell(state):
    print(state.value, flush=True)
session.state_changed.connect(tell)

async def script(window):
    await wait_session_state(window, SessionState.READY)
    save_screenshot(window, Path(PICTURE))
    return 1

raise SystemExit(run_window(session, platform="offscreen", script=script if PICTURE else None))
"""


def start(picture: str = "") -> "subprocess.Popen[str]":
    code = f"PICTURE = {picture!r}\n{START}"
    return subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_session_and_the_process(number: signal.Signals) -> None:
    with start() as process:
        assert process.stdout is not None
        while process.stdout.readline().strip() != "ready":
            assert process.poll() is None
        process.send_signal(number)
        said, errors = process.communicate(timeout=30)
    assert (process.returncode, said.split()) == (0, ["closing", "idle"]), errors
    assert "Traceback" not in errors


def test_a_script_drives_the_window_and_gives_the_exit_code(tmp_path: Path) -> None:
    picture = tmp_path / "window.png"
    with start(str(picture)) as process:
        said, errors = process.communicate(timeout=30)
    assert (process.returncode, said.split()) == (1, ["connecting", "ready", "closing", "idle"]), errors
    assert picture.read_bytes().startswith(b"\x89PNG")
