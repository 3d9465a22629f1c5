"""Ten minutes of real time through the synchronizer: no drift, and memory that does not grow."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

CHILD = Path(__file__).parents[2] / "benchmarks" / "synchronizer_child.py"


@pytest.mark.slow
def test_ten_minutes_have_no_drift_and_memory_stays_flat() -> None:
    """What the observer keeps of the sound, 1.2 kB for each 10 ms, is all that grows."""
    done = subprocess.run(
        [sys.executable, str(CHILD), "ours", "rt", "600", "320x180"], capture_output=True, check=True, timeout=900
    )
    figures = json.loads(done.stdout.splitlines()[-1])
    # The phase of two clocks of 10 ms may move by some ms in all, once or twice.
    assert abs(figures["slope"]) <= 0.8
    assert figures["offset_p99"] <= 12
    assert (figures["pictures_lost"], figures["sound_lost_ms"]) == (0, 0)
    assert figures["rss_grown_mb"] <= 600 * 100 * 0.0012 + 10
