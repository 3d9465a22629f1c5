"""What a session measures all the time, by itself: the loop's lateness, speech sent and not heard, hangs, resources."""

import asyncio
import os
from collections.abc import Callable

from avatar_core.bench.backlog import Backlog
from avatar_core.bench.book import Book
from avatar_core.bench.figures import Figures
from avatar_core.bench.hang_watch import HangWatch
from avatar_core.bench.resources import ResourceWatch
from avatar_core.bench.stage import Stage
from avatar_core.bench.standing import Standing
from avatar_core.bench.states import SeriesName, SessionState
from avatar_core.clock import Clock
from avatar_core.playback.agent_output import AgentOutput
from avatar_core.tasks import TaskGroup
from avatar_core.viewer.load import LoadMeter

_BUFFER_INTERVAL_S = 0.1
_LAG_TICK_S = 0.05


class StandingMeasures:
    """Owned by the session, in whose tasks it runs."""

    def __init__(
        self, figures: Figures, book: Book, output: AgentOutput, backlog: Backlog, tasks: TaskGroup, clock: Clock
    ) -> None:
        self._figures = figures
        self._book = book
        self._output = output
        self._backlog = backlog
        self._tasks = tasks
        self._clock = clock
        self._lag_is_measured = False

    def begin_lag(self) -> None:
        """Measure the loop's lateness from now on; harmless twice. A loop must run."""
        if not self._lag_is_measured:
            self._lag_is_measured = True
            self._tasks.spawn(self._watch_lag(), name="loop lag")

    def begin_buffers(self, goes_on: Callable[[], bool]) -> None:
        """Draw the curve of what was sent and not heard, and measure what waits in the app, while `goes_on`."""
        self._tasks.spawn(self._watch_buffers(goes_on), name="buffer curve")

    def begin_watches(self, goes_on: Callable[[], bool], stage: Stage, standing: Standing) -> None:
        """Watch for segments that hang, and what the processes use, while `goes_on`."""

        def pids() -> dict[str, list[int]]:
            dispatcher = stage.dispatcher.pid
            return {
                "app": [os.getpid()],
                "viewer": [stage.viewer.pid],
                "dispatcher": [dispatcher] if dispatcher is not None else [],
            }

        def may_wait() -> bool:
            return standing.state in (SessionState.SWAPPING, SessionState.WAITING, SessionState.PAUSED)

        hangs = HangWatch(self._book, self._figures, standing, self._clock)
        resources = ResourceWatch(self._figures, self._clock, pids)
        self._tasks.spawn(hangs.run(goes_on, may_wait), name="hang watch")
        self._tasks.spawn(resources.run(goes_on), name="resource watch")

    async def _watch_lag(self) -> None:
        meter = LoadMeter(self._clock, tick_s=_LAG_TICK_S)
        while True:
            self._figures.loop_lag_ms = (await meter.measure()).lateness_p99_ms

    async def _watch_buffers(self, goes_on: Callable[[], bool]) -> None:
        while goes_on():
            if self._book.current_id is not None:
                unplayed_s = self._book.unplayed_s()
                self._figures.point(SeriesName.SENT_UNPLAYED_S, self._clock.now(), unplayed_s)
                self._backlog.saw("sent_unplayed_s", unplayed_s)
                self._backlog.saw("chain_unsent_s", self._output.unsent_s)
            else:
                self._figures.break_line(SeriesName.SENT_UNPLAYED_S)
            await asyncio.sleep(_BUFFER_INTERVAL_S)
