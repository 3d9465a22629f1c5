"""An environment for VideoSDK's SDK: it wants a PyAV older than ours, so it can't be installed beside us."""

import subprocess
import sys
from collections.abc import Callable, Sequence
from importlib import metadata
from pathlib import Path
from typing import Final

from avatar_core.errors import ConfigError

VIDEOSDK: Final = "videosdk==0.4.1"
"""The version whose surface the relay uses; `tests/interop/videosdk_sdk.py` holds it against that."""
_INSTALL_S: Final = 600


def needed() -> tuple[str, ...]:
    """What the relay's interpreter has to have: VideoSDK's SDK, and of our own packages what the relay uses."""
    return (VIDEOSDK, f"livekit=={metadata.version('livekit')}", "pyjwt>=2.9", "numpy")


def interpreter_in(folder: Path) -> Path:
    """The interpreter of an environment in `folder`, whether there is one or not."""
    windows = sys.platform == "win32"
    return folder / ("Scripts/python.exe" if windows else "bin/python")


def make_environment(
    folder: Path, *, python: str = sys.executable, packages: Sequence[str] = (), tell: Callable[[str], None]
) -> Path:
    """The interpreter of the environment in `folder`, made by `python` where there is none; it takes a minute.

    ConfigError where that fails, with the end of what pip said; nothing is left then.
    """
    interpreter = interpreter_in(folder)
    if interpreter.exists():
        return interpreter
    tell(f"An environment is made in {folder} with {python}; this takes a minute.")
    packages = packages or needed()
    try:
        _run(python, "-m", "venv", "--clear", str(folder))
        _run(str(interpreter), "-m", "pip", "install", "--quiet", *packages)
    except ConfigError:
        # Half an environment would be taken for a whole one the next time.
        interpreter.unlink(missing_ok=True)
        raise
    return interpreter


def _run(*command: str) -> None:
    try:
        ran = subprocess.run(command, capture_output=True, text=True, timeout=_INSTALL_S)
    except (OSError, subprocess.TimeoutExpired) as failure:
        raise ConfigError(f"The environment for VideoSDK could not be made: {failure}") from failure
    if ran.returncode:
        said = (ran.stderr or ran.stdout).strip().splitlines()[-1:]
        raise ConfigError(
            f"The environment for VideoSDK could not be made ({' '.join(command[1:4])}): {' '.join(said)}"
        )
