"""Interoperability with videosdk-agents itself, where a Python that has it is on the machine."""

import os
import subprocess
import tempfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
VARIABLE = "AVATAR_VIDEOSDK_PYTHON"
CANDIDATES = (
    os.environ.get(VARIABLE, ""),
    str(ROOT / ".videosdk" / "bin" / "python"),
    str(Path(tempfile.gettempdir()) / "avatar-videosdk-agents" / "bin" / "python"),
)
LIMIT_S = 150


def has_videosdk_agents(python: str) -> bool:
    asked = [python, "-c", "import aiortc, livekit, videosdk.agents.avatar"]
    return Path(python).is_file() and subprocess.run(asked, capture_output=True, timeout=LIMIT_S).returncode == 0


def test_all_pairs_of_ends_work_with_videosdk_agents_itself() -> None:
    """Theirs to ours, ours to theirs, ours to ours: speech, pauses, segments, interrupts, any order, bursts."""
    python = next((one for one in CANDIDATES if has_videosdk_agents(one)), None)
    if python is None:
        pytest.skip(
            "NOT RUN: no Python with videosdk-agents is on this machine. "
            f"benchmarks/videosdk_interop.py makes one; {VARIABLE} names one that is elsewhere."
        )
    ran = subprocess.run(
        [python, "-P", ROOT / "tests" / "interop" / "videosdk_agents.py"],
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
    )
    print(ran.stdout)
    assert ran.returncode == 0, f"{ran.stdout}\n{ran.stderr}"
