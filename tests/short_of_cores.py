"""Whether the machine was short of cores while a test ran; then a test that failed is run again, and that is told.

A test of real media that starves fails by itself: what it waits for is spoken, or its patience over, before it gets to
look. As with the bench's own runs, what can't be trusted is repeated. A test that fails on a machine that had cores to
spare has failed. From /proc: where the system tells nothing, nothing is excused.
"""

import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from avatar_core.viewer.load import MachineTicks, machine_ticks

_RERUNS = 2
"""In all as often as the bench starts a run of its own that can't be trusted."""
_WAITED = 0.4
"""Share of the time in which something that could run waited for a core: more in one test of twelve, on two cores."""
_STOLEN = 0.02
"""Share of the cores that a virtual machine's host kept for itself."""
_PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Shortage:
    """Shares of a stretch of time, 0 to 1."""

    waited: float
    stolen: float

    def __str__(self) -> str:
        return f"cores were waited for in {100 * self.waited:.0f} % of the time, and {100 * self.stolen:.0f} % stolen"

    @property
    def excuses(self) -> bool:
        """Whether a failure may be the machine's doing."""
        return self.waited > _WAITED or self.stolen > _STOLEN


@dataclass(frozen=True, slots=True)
class _Account:
    at_s: float
    waited_s: float
    machine: MachineTicks

    def since(self, before: "_Account") -> Shortage:
        elapsed_s = self.at_s - before.at_s
        waited = (self.waited_s - before.waited_s) / elapsed_s if elapsed_s > 0 else 0.0
        _, stolen = self.machine.shares_since(before.machine)
        return Shortage(waited, stolen)


def _account(proc: Path) -> _Account:
    try:
        some = (proc / "pressure" / "cpu").read_text().partition("\n")[0]
        waited_s = int(some.rpartition("total=")[2]) / 1e6
    except (OSError, ValueError):
        waited_s = 0.0
    return _Account(time.monotonic(), waited_s, machine_ticks(proc / "stat"))


class ShortOfCores:
    """A plugin of pytest. Owned by the session's configuration; `watch` each test that a shortage may fail."""

    def __init__(self, proc: Path = _PROC) -> None:
        self._proc = proc
        self._began = _account(proc)
        self._running = ""
        self._told: list[str] = []

    def watch(self, item: pytest.Item) -> None:
        """Run it again where it fails by a shortage."""
        item.add_marker(pytest.mark.flaky(reruns=_RERUNS, condition=self._is_to_blame))

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """An attempt begins."""
        self._running, self._began = nodeid, _account(self._proc)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Name each attempt that was not counted, and why."""
        if self._told:
            terminalreporter.section("failed while the machine was short of cores")
            for line in self._told:
                terminalreporter.write_line(line)

    def _is_to_blame(self, error: BaseException | None) -> bool:
        # It is asked of what passed as well.
        if error is None:
            return False
        shortage = _account(self._proc).since(self._began)
        if shortage.excuses:
            self._told.append(f"{self._running}: {shortage}")
        return shortage.excuses
