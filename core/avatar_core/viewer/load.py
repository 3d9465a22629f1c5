"""How this process and its machine do: the machine's busy share, own CPU, and how late a tick comes."""

import asyncio
import time
from dataclasses import dataclass
from pathlib import Path

from avatar_core.clock import Clock
from avatar_core.viewer.core_waits import CoreWaits
from avatar_core.wire.process_messages import ProcessLoad

TICK_S = 0.01
_PERIOD_S = 1.0
_PROC_STAT = Path("/proc/stat")


@dataclass(frozen=True, slots=True)
class MachineTicks:
    """Of all cores since boot: those not idle, of these the ones that a virtual machine's host kept, and all."""

    busy: int
    stolen: int
    total: int

    def shares_since(self, before: "MachineTicks") -> tuple[float, float]:
        """Busy and stolen, 0 to 1; zeros where no tick went by."""
        total = self.total - before.total
        if total <= 0:
            return 0.0, 0.0
        busy, stolen = (self.busy - before.busy) / total, (self.stolen - before.stolen) / total
        return min(1.0, max(0.0, busy)), min(1.0, max(0.0, stolen))


class LoadMeter:
    """Ticks for a second, then tells; owned by one process. `waits` are looked at with each tick."""

    def __init__(
        self, clock: Clock, *, tick_s: float = TICK_S, waits: CoreWaits | None = None, stat: Path = _PROC_STAT
    ) -> None:
        self._clock = clock
        self._waits = waits or CoreWaits()
        self._tick_s = tick_s
        self._stat = stat
        self._cpu_s = time.process_time()
        self._machine = machine_ticks(stat)

    async def measure(self) -> ProcessLoad:
        """The figures of the next second."""
        now_s = started_s = self._clock.now()
        lateness_s = []
        due_s = started_s + self._tick_s
        while now_s - started_s < _PERIOD_S:
            await asyncio.sleep(max(0.0, due_s - now_s))
            now_s = self._clock.now()
            self._waits.look()
            # A stall makes late every tick that was due in it, not the first alone.
            while due_s <= now_s:
                lateness_s.append(now_s - due_s)
                due_s += self._tick_s
        cpu_s, machine = time.process_time(), machine_ticks(self._stat)
        elapsed_s = now_s - started_s
        busy, stolen = machine.shares_since(self._machine)
        load = ProcessLoad(
            cpu=(cpu_s - self._cpu_s) / elapsed_s,
            machine_busy=busy,
            lateness_p99_ms=1000 * sorted(lateness_s)[int(0.99 * (len(lateness_s) - 1))],
            lateness_max_ms=1000 * max(lateness_s),
            at_s=now_s,
            waited_ms=self._waits.take_ms(),
            machine_stolen=stolen,
        )
        self._cpu_s, self._machine = cpu_s, machine
        return load


def machine_ticks(stat: Path) -> MachineTicks:
    """The machine's account as of now; zeros where the system does not tell."""
    try:
        fields = [int(field) for field in stat.read_text().partition("\n")[0].split()[1:9]]
        idle, stolen = fields[3] + fields[4], fields[7]
    except (OSError, ValueError, IndexError):
        return MachineTicks(0, 0, 0)
    return MachineTicks(sum(fields) - idle, stolen, sum(fields))
