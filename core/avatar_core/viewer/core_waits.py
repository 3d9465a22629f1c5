"""How long other processes of the bench waited for a core at a time: none of an avatar's doing. From /proc."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")


@dataclass(slots=True)
class _Watched:
    """An open account of one process's main thread, and what it had waited when it was looked at last, in ns."""

    role: str
    file: int
    waited_ns: int


class CoreWaits:
    """Looked at with every tick of a clock, so that what adds up to a long wait is not taken for one.

    The kernel counts a wait once it is over. Where it tells nothing of that (schedstat), nothing is told here.
    """

    def __init__(self, proc: Path = _PROC) -> None:
        self._proc = proc
        self._watched: dict[int, _Watched] = {}
        self._longest_ns: dict[str, int] = {}

    def watch(self, pids: Mapping[str, Sequence[int]]) -> None:
        """Watch these processes, by role, and no others."""
        wanted = {pid: role for role, found in pids.items() for pid in found}
        for pid in [pid for pid in self._watched if pid not in wanted]:
            self._forget(pid)
        for pid, role in wanted.items():
            if pid not in self._watched:
                self._begin(pid, role)

    def look(self) -> None:
        """Take in what was waited since the last look."""
        for pid, one in list(self._watched.items()):
            waited_ns = _waited_ns(one.file)
            if waited_ns is None:
                self._forget(pid)
                continue
            self._longest_ns[one.role] = max(self._longest_ns.get(one.role, 0), waited_ns - one.waited_ns)
            one.waited_ns = waited_ns

    def take_ms(self) -> dict[str, float]:
        """The longest wait of each role since asked last, in ms."""
        longest, self._longest_ns = self._longest_ns, {}
        return {role: waited_ns / 1e6 for role, waited_ns in longest.items()}

    def close(self) -> None:
        """Watch nothing any more; harmless twice."""
        self.watch({})

    def _begin(self, pid: int, role: str) -> None:
        try:
            file = os.open(self._proc / str(pid) / "schedstat", os.O_RDONLY)
        except OSError:
            return
        waited_ns = _waited_ns(file)
        if waited_ns is None:
            os.close(file)
        else:
            self._watched[pid] = _Watched(role, file, waited_ns)

    def _forget(self, pid: int) -> None:
        os.close(self._watched.pop(pid).file)


def _waited_ns(file: int) -> int | None:
    """Time on a core, time waited for one, turns: the second. None where the process is gone, or nothing is told."""
    try:
        return int(os.pread(file, 96, 0).split()[1])
    except (OSError, ValueError, IndexError):
        return None
