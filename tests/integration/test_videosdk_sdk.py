"""VideoSDK's own SDK as the relay uses it, in an environment of its own that is made for it."""

import subprocess
import sys
from pathlib import Path

from avatar_core.videosdk.environment import make_environment

SCRIPT = Path(__file__).parents[1] / "interop" / "videosdk_sdk.py"
LIMIT_S = 120


def test_the_relay_uses_the_sdk_as_it_is(tmp_path: Path) -> None:
    """Signatures, its real classes and tracks, its own join that fails, and the relay's process by that Python."""
    interpreter = make_environment(tmp_path / "environment", python=sys.executable, tell=print)
    ran = subprocess.run([interpreter, "-P", SCRIPT], capture_output=True, text=True, timeout=LIMIT_S)
    print(ran.stdout)
    assert ran.returncode == 0, f"{ran.stdout}\n{ran.stderr}"
