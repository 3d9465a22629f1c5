"""Our ends of VideoSDK's wire beside videosdk-agents' own: makes an environment, runs all pairs, prints the table.

    .venv/bin/python benchmarks/videosdk_interop.py [--environment DIR] [--python PYTHON]

videosdk-agents needs Python 3.12 or newer, and a PyAV older than ours, so it gets an environment of its own, made once.
Exits with 3 where there is no such Python.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from avatar_core.videosdk.environment import make_environment

ROOT = Path(__file__).parents[1]
SCRIPT = ROOT / "tests" / "interop" / "videosdk_agents.py"
NEEDED = ("videosdk-agents==1.0.30", "aiortc==1.16.0", "livekit==1.1.21", "pyjwt>=2.9")
_OLD_ENOUGH = "import sys; sys.exit(sys.version_info < (3, 12))"
_RUN_S = 300
NO_PYTHON = 3


def find_python() -> str | None:
    """A Python that videosdk-agents runs on."""
    on_path = (shutil.which(name) for name in ("python3.12", "python3.13", "python3"))
    # pyenv's own names on PATH are of no use for the versions that are not the chosen one.
    of_pyenv = sorted(Path.home().glob(".pyenv/versions/3.*/bin/python"))
    for path in (*on_path, *map(str, of_pyenv)):
        if path and subprocess.run([path, "-c", _OLD_ENOUGH], capture_output=True).returncode == 0:
            return path
    return None


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--environment", type=Path, default=Path(tempfile.gettempdir()) / "avatar-videosdk-agents")
    parser.add_argument("--python", help="the Python to make the environment with; 3.12 or newer")
    arguments = parser.parse_args()
    python = arguments.python or find_python()
    if python is None:
        print("videosdk-agents needs Python 3.12 or newer, and there is none here. Name one with --python.")
        return NO_PYTHON
    interpreter = make_environment(
        arguments.environment, python=python, packages=NEEDED, tell=lambda line: print(line, file=sys.stderr)
    )
    return subprocess.run([interpreter, "-P", SCRIPT], timeout=_RUN_S).returncode


if __name__ == "__main__":
    sys.exit(main())
