"""Memory and CPU of the bench's processes, read from /proc: app, viewer, and the avatars' workers."""

import asyncio
import os
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from avatar_core.bench.figures.figures import Figures
from avatar_core.clock import Clock
from avatar_core.metrics.drift import slope

_PROC = Path("/proc")
_INTERVAL_S = 2.0
_SLOPE_AFTER_S = 60.0
"""A process that starts grows; a slope is told of what lies a minute and more apart."""
_KEPT = 1_800
_MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Usage:
    """Of one process at one moment."""

    rss_bytes: int
    cpu_s: float


def read_usage(pid: int, proc: Path = _PROC) -> Usage | None:
    """What a process uses; None where it is gone, or the system has no /proc."""
    try:
        fields = (proc / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    ticks, page = os.sysconf("SC_CLK_TCK"), os.sysconf("SC_PAGE_SIZE")
    return Usage(int(fields[21]) * page, (int(fields[11]) + int(fields[12])) / ticks)


def children_of(pid: int, proc: Path = _PROC) -> list[int]:
    """The processes that `pid` started and that still run."""
    try:
        return [int(child) for child in (proc / str(pid) / "task" / str(pid) / "children").read_text().split()]
    except (OSError, ValueError):
        return []


class ResourceWatch:
    """Owned by the session; `pids` gives the processes of a role at this moment.

    `workers` hears of those found: once, and again whenever they are others.
    """

    def __init__(
        self,
        figures: Figures,
        clock: Clock,
        pids: Callable[[], dict[str, list[int]]],
        workers: Callable[[list[int]], None],
        *,
        interval_s: float = _INTERVAL_S,
    ) -> None:
        self._figures = figures
        self._clock = clock
        self._pids = pids
        self._tell_workers = workers
        self._interval_s = interval_s
        self._workers: list[int] | None = None
        self._last: dict[int, tuple[float, Usage]] = {}
        self._memory: dict[str, deque[tuple[float, float]]] = {}

    async def run(self, goes_on: Callable[[], bool]) -> None:
        """Sample every `interval_s` while `goes_on`."""
        while goes_on():
            pids = self._pids()
            workers = pids.pop("dispatcher", [])
            usages = await asyncio.to_thread(_read_all, pids, workers)
            self._take(usages)
            if (found := list(usages["worker"])) != self._workers:
                self._workers = found
                self._tell_workers(found)
            self._figures.measure("app_tasks", float(len(asyncio.all_tasks())))
            await asyncio.sleep(self._interval_s)

    def _take(self, usages: dict[str, dict[int, Usage]]) -> None:
        now_s = self._clock.now()
        seen: dict[int, tuple[float, Usage]] = {}
        for role, found in usages.items():
            if not found:
                continue
            memory_mb = sum(usage.rss_bytes for usage in found.values()) / _MIB
            self._figures.measure(f"{role}_rss_mb", memory_mb)
            cpu_s = 0.0
            for pid, usage in found.items():
                seen[pid] = (now_s, usage)
                if pid in self._last:
                    before_s, before = self._last[pid]
                    cpu_s += (usage.cpu_s - before.cpu_s) / max(0.1, now_s - before_s)
            if all(pid in self._last for pid in found):
                self._figures.measure(f"{role}_cpu_percent", 100 * cpu_s)
                self._tell_slope(role, now_s, memory_mb)
            else:
                # Somebody came: what is used from now on is not the growth of those that were there.
                self._memory.pop(role, None)
        self._last = seen

    def _tell_slope(self, role: str, now_s: float, memory_mb: float) -> None:
        series = self._memory.setdefault(role, deque(maxlen=_KEPT))
        series.append((now_s, memory_mb))
        if now_s - series[0][0] >= _SLOPE_AFTER_S:
            found = slope([at_s for at_s, _ in series], [value for _, value in series])
            if found is not None:
                self._figures.latest(f"{role}_rss_slope_mb_per_min", 60 * found)


def _read_all(pids: dict[str, list[int]], dispatchers: list[int]) -> dict[str, dict[int, Usage]]:
    roles = {**pids, "worker": [child for pid in dispatchers for child in children_of(pid)]}
    read = {role: {pid: read_usage(pid) for pid in found} for role, found in roles.items()}
    return {role: {pid: usage for pid, usage in found.items() if usage is not None} for role, found in read.items()}
