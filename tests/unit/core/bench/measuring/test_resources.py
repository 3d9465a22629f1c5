"""Memory and CPU of processes, by role."""

import asyncio
import os
import sys
from pathlib import Path

import pytest

from avatar_core.bench.figures.figures import Figures
from avatar_core.bench.measuring.resources import ResourceWatch, Usage, children_of, read_usage
from avatar_core.bench.settings.thresholds import load_trust_limits
from tests.fakes.clock import ManualClock

MIB = 1024 * 1024


def test_this_process_is_read_and_one_that_is_gone_is_not() -> None:
    usage = read_usage(os.getpid())
    assert usage is not None
    assert usage.rss_bytes > MIB and usage.cpu_s > 0
    assert read_usage(2**22 + 1) is None
    assert children_of(2**22 + 1) == []


def test_name_with_blanks_and_brackets_does_not_shift_the_fields(tmp_path: Path) -> None:
    (tmp_path / "7").mkdir()
    fields = ["S", *["0"] * 10, "150", "50", *["0"] * 8, "2560", "0"]
    (tmp_path / "7" / "stat").write_text(f"7 (a (b) c) {' '.join(fields)}")
    ticks, page = os.sysconf("SC_CLK_TCK"), os.sysconf("SC_PAGE_SIZE")
    assert read_usage(7, tmp_path) == Usage(2560 * page, 200 / ticks)


class Watched:
    def __init__(self) -> None:
        self.clock = ManualClock(100.0)
        self.figures = Figures(self.clock, load_trust_limits())
        self.watch = ResourceWatch(self.figures, self.clock, dict, lambda _: None)

    def see(self, cpu_s: float, *memory_mb: float) -> None:
        found = {pid: Usage(round(mb * MIB), cpu_s) for pid, mb in enumerate(memory_mb, 1)}
        self.watch._take({"worker": found, "viewer": {}})
        self.clock.move(2.0)


def test_workers_are_summed_and_cpu_is_of_the_time_between() -> None:
    watched = Watched()
    watched.see(1.0, 100.0, 50.0)
    watched.see(1.5, 110.0, 50.0)
    assert watched.figures.values("worker_rss_mb") == [150.0, 160.0]
    assert watched.figures.values("worker_cpu_percent") == pytest.approx([50.0])
    assert watched.figures.values("viewer_rss_mb") == []


async def test_whoever_asks_hears_of_the_workers_once_and_whenever_they_are_others() -> None:
    told: list[list[int]] = []
    looks = 0

    def goes_on() -> bool:
        nonlocal looks
        looks += 1
        return looks <= 3

    def pids() -> dict[str, list[int]]:
        return {"app": [os.getpid()], "dispatcher": [os.getpid()] if looks > 1 else []}

    child = await asyncio.create_subprocess_exec(sys.executable, "-c", "import time; time.sleep(60)")
    clock = ManualClock(100.0)
    watch = ResourceWatch(Figures(clock, load_trust_limits()), clock, pids, told.append, interval_s=0.0)
    try:
        await watch.run(goes_on)
    finally:
        child.kill()
        await child.wait()
    assert told[0] == []
    assert len(told) == 2 and child.pid in told[1]


def test_slope_is_told_after_a_minute_with_the_same_processes() -> None:
    watched = Watched()
    for index in range(40):
        watched.see(index, 100.0 + index / 15)
    assert watched.figures.values("worker_rss_slope_mb_per_min") == pytest.approx([2.0], abs=0.01)
    for index in range(10):
        watched.see(51.0 + index, 100.0, 300.0)
    # A second worker is no growth of the first.
    assert watched.figures.values("worker_rss_slope_mb_per_min") == pytest.approx([2.0], abs=0.01)
