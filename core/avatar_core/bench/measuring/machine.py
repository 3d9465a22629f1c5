"""What a session measures of its own machine all the time: the loop's lateness, and what its processes use."""

import os
from collections.abc import Callable

from avatar_core.bench.figures.figures import Figures
from avatar_core.bench.measuring.resources import ResourceWatch
from avatar_core.bench.stage.stage import DispatcherChild
from avatar_core.bench.viewing.viewer_child import ViewerChild
from avatar_core.clock import Clock
from avatar_core.tasks import TaskGroup
from avatar_core.viewer.load import LoadMeter
from avatar_core.wire.viewer_commands import WatchProcesses

_LAG_TICK_S = 0.05


class MachineMeasures:
    """Owned by the session, in whose tasks it runs."""

    def __init__(self, figures: Figures, tasks: TaskGroup, clock: Clock) -> None:
        self._figures = figures
        self._tasks = tasks
        self._clock = clock
        self._lag_is_measured = False

    def begin_lag(self) -> None:
        """Measure the loop's lateness from now on; harmless twice. A loop must run."""
        if not self._lag_is_measured:
            self._lag_is_measured = True
            self._tasks.spawn(self._watch_lag(), name="loop lag")

    def begin_resources(
        self,
        goes_on: Callable[[], bool],
        viewer: ViewerChild,
        dispatcher: DispatcherChild | None = None,
        room_pid: int | None = None,
    ) -> None:
        """Watch what the processes use, while `goes_on`; workers are those of `dispatcher`, `room_pid` our server's.

        The viewer watches how long those two wait for a core.
        """

        def pids() -> dict[str, list[int]]:
            dispatching = dispatcher.pid if dispatcher is not None else None
            return {
                "app": [os.getpid()],
                "viewer": [viewer.pid],
                "dispatcher": [dispatching] if dispatching is not None else [],
            }

        def watch(workers: list[int]) -> None:
            rooms = () if room_pid is None else (room_pid,)
            viewer.send(WatchProcesses({"worker": tuple(workers), "room": rooms}))

        resources = ResourceWatch(self._figures, self._clock, pids, watch)
        self._tasks.spawn(resources.run(goes_on), name="resource watch")

    async def _watch_lag(self) -> None:
        meter = LoadMeter(self._clock, tick_s=_LAG_TICK_S)
        while True:
            self._figures.take_loop_lag((await meter.measure()).lateness_p99_ms)
