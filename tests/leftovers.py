"""What a test may leave behind outside its own process: child processes, orphans of these, shared memory."""

import asyncio
import os
import secrets
import signal
from dataclasses import dataclass
from pathlib import Path

import pytest

from avatar_core.viewer.preview_memory import memory_folder

MARK = "AVATAR_TEST_OWNER"
LOOK_S = 0.02
_PROC = Path("/proc")


@dataclass(frozen=True)
class OwnProcess:
    """A process that was started since the mark was set, by this one or by one of its children."""

    pid: int
    module: str


class Leftovers:
    """Made before anything is started. The mark is inherited, so an orphan is found whoever its parent is now."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._mark = f"{MARK}={secrets.token_hex(8)}"
        self._memory_before = _preview_files()
        name, _, value = self._mark.partition("=")
        monkeypatch.setenv(name, value)

    def processes(self, module: str = "") -> list[OwnProcess]:
        """Those that run now, oldest first; `module` as in `python -m`, empty for all."""
        found = []
        for folder in _PROC.glob("[0-9]*"):
            if int(folder.name) == os.getpid():
                continue
            try:
                environment = (folder / "environ").read_bytes().split(b"\0")
                arguments = (folder / "cmdline").read_bytes().decode().split("\0")
            except (OSError, UnicodeDecodeError):
                continue  # it ended meanwhile, or is not ours to read
            if self._mark.encode() in environment:
                name = arguments[arguments.index("-m") + 1] if "-m" in arguments else arguments[0]
                found.append(OwnProcess(int(folder.name), name))
        return sorted((each for each in found if module in ("", each.module)), key=lambda each: each.pid)

    def kill(self, module: str) -> int:
        """SIGKILL the only process of this module; returns its id."""
        (victim,) = self.processes(module)
        os.kill(victim.pid, signal.SIGKILL)
        return victim.pid

    def unreaped(self) -> list[int]:
        """Children of this process that ended and were never waited for."""
        ended = []
        for folder in _PROC.glob("[0-9]*"):
            try:
                state, parent = (folder / "stat").read_text().rpartition(")")[2].split()[:2]
            except OSError:
                continue
            if (state, int(parent)) == ("Z", os.getpid()):
                ended.append(int(folder.name))
        return ended

    def shared_memory(self) -> list[str]:
        """Files of preview frames that were not there before."""
        return sorted(_preview_files() - self._memory_before)

    async def nothing_within(self, limit_s: float) -> None:
        """Return once nothing is left; AssertionError with what is after `limit_s`."""
        loop = asyncio.get_running_loop()
        deadline_s = loop.time() + limit_s
        while left := [*self.processes(), *self.unreaped(), *self.shared_memory()]:
            assert loop.time() < deadline_s, f"left after {limit_s:g} s: {left}"
            await asyncio.sleep(LOOK_S)


def is_running(pid: int) -> bool:
    """Whether that process does anything still; what only waits to be reaped by somebody else has ended."""
    try:
        return (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def _preview_files() -> set[str]:
    return {path.name for path in memory_folder().glob("avatar-preview-*")}
