"""The functional suite of the room in other surroundings: another SDK, and a room server that somebody else started."""

import json
import os
import signal
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NEWER_SDK = "1.2.0"
FUNCTIONAL_SUITE = [
    f"tests/integration/test_{name}.py"
    for name in ("data", "media", "participants", "publications", "reconnect", "tokens_and_grants")
]


@pytest.fixture
def newer_sdk_python(tmp_path: Path) -> Path:
    """An environment of its own: this one's packages, with another livekit in front of them."""
    environment = tmp_path / "environment"
    subprocess.run([sys.executable, "-m", "venv", environment], check=True, timeout=120)
    python = environment / "bin" / "python"
    subprocess.run(
        [python, "-m", "pip", "install", "--quiet", "--no-deps", f"livekit=={NEWER_SDK}"], check=True, timeout=240
    )
    site = Path(
        subprocess.check_output(
            [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], text=True
        ).strip()
    )
    # addsitedir rather than a bare line: the editable install of the project is a .pth file over there.
    here = sysconfig.get_path("purelib")
    (site / "base.pth").write_text(f"import site; site.addsitedir({here!r})\n")
    return python


def run_suite(python: Path | str, *arguments: str, environment: dict[str, str] | None = None) -> str:
    """Run part of the suite in a process of its own; returns what it printed, and fails with it."""
    command = [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments]
    finished = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, **(environment or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=400,
    )
    assert finished.returncode == 0, finished.stdout[-6_000:]
    return finished.stdout


def test_the_functional_suite_passes_with_the_newer_sdk(newer_sdk_python: Path) -> None:
    version = subprocess.check_output(
        [newer_sdk_python, "-c", "from importlib.metadata import version; print(version('livekit'))"], text=True
    )
    assert version.strip() == NEWER_SDK

    printed = run_suite(newer_sdk_python, *FUNCTIONAL_SUITE)

    assert " passed" in printed.splitlines()[-1]


def test_the_same_tests_run_against_a_room_that_somebody_else_started(tmp_path: Path) -> None:
    secret = "a-secret-of-somebody-else-with-more-than-32-bytes"
    credentials = {"LIVEKIT_API_KEY": "elsewhere", "LIVEKIT_API_SECRET": secret}
    room = subprocess.Popen(
        [sys.executable, "-P", "-m", "avatar_gui", "room", "--json"],
        cwd=tmp_path,
        env={**os.environ, **credentials},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert room.stdout is not None
        url = json.loads(room.stdout.readline())["url"]
        printed = run_suite(
            sys.executable, "--avatar-room", url, *FUNCTIONAL_SUITE[:1], FUNCTIONAL_SUITE[2], environment=credentials
        )
        assert " passed" in printed.splitlines()[-1]
    finally:
        room.send_signal(signal.SIGTERM)
        assert room.wait(timeout=10) == 0
        room.stdout.close()
