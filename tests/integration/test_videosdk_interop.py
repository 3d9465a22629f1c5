"""Interoperability with videosdk-agents itself, in an environment of its own that is made for it."""

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "videosdk_interop.py"
NO_PYTHON = 3
LIMIT_S = 400


def test_all_pairs_of_ends_work_with_videosdk_agents_itself(tmp_path: Path) -> None:
    """Theirs to ours, ours to theirs, ours to ours: speech, pauses, segments, interrupts, any order, bursts."""
    ran = subprocess.run(
        [sys.executable, SCRIPT, "--environment", tmp_path / "environment"],
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
    )
    print(ran.stdout)
    if ran.returncode == NO_PYTHON:
        pytest.skip(f"NOT RUN: {ran.stdout.strip()}")
    assert ran.returncode == 0, f"{ran.stdout}\n{ran.stderr}"
