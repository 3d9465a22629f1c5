from pathlib import Path

from avatar_core.viewer.load import LoadMeter


class LaggingClock:
    """Real waiting is not asked for: each look at it costs `step_s`."""

    def __init__(self, step_s: float) -> None:
        self._now_s = 50.0
        self._step_s = step_s

    def now(self) -> float:
        self._now_s += self._step_s
        return self._now_s

    async def sleep_until(self, when_s: float) -> None:
        self._now_s = max(self._now_s, when_s)


async def test_a_report_covers_a_whole_second_and_is_dated_at_its_end() -> None:
    clock = LaggingClock(0.05)
    load = await LoadMeter(clock).measure()
    assert 51.0 <= load.at_s <= 51.2
    assert 0.0 <= load.machine_busy <= 1.0
    assert load.cpu >= 0.0


async def test_lateness_is_what_a_tick_came_after_its_time() -> None:
    load = await LoadMeter(LaggingClock(0.05), tick_s=0.01).measure()
    # Each tick is due at once or 10 ms later, and comes 50 ms after the last one.
    assert 35.0 <= load.lateness_p99_ms <= 55.0
    assert load.lateness_max_ms >= load.lateness_p99_ms


async def test_one_long_stall_is_the_maximum() -> None:
    load = await LoadMeter(LaggingClock(3.0)).measure()
    assert load.lateness_max_ms > 2_000


async def test_a_stall_counts_with_every_tick_it_held_up() -> None:
    class Stalling(LaggingClock):
        looks = 0

        def now(self) -> float:
            self.looks += 1
            if self.looks == 30:
                self._now_s += 0.2
            return super().now()

    load = await LoadMeter(Stalling(0.01), tick_s=0.01).measure()
    assert load.lateness_p99_ms > 100.0


async def test_what_the_host_of_a_virtual_machine_took_is_told_and_counts_as_busy(tmp_path: Path) -> None:
    stat = tmp_path / "stat"
    stat.write_text("cpu  100 0 50 800 50 0 0 10 0 0\ncpu0 1 2 3\n")
    meter = LoadMeter(LaggingClock(0.05), stat=stat)
    stat.write_text("cpu  140 0 60 840 60 0 0 70 0 0\ncpu0 1 2 3\n")
    load = await meter.measure()
    # Of 160 ticks 60 were stolen, 50 were the machine's own work and 50 idle or waiting for a disk.
    assert (load.machine_busy, load.machine_stolen) == (110 / 160, 60 / 160)


async def test_a_system_that_tells_no_ticks_is_not_busy(tmp_path: Path) -> None:
    load = await LoadMeter(LaggingClock(0.05), stat=tmp_path / "none").measure()
    assert (load.machine_busy, load.machine_stolen) == (0.0, 0.0)
