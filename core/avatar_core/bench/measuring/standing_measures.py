"""What a session measures of its speech all the time, by itself: what was sent and not heard, and what hangs."""

import asyncio
from collections.abc import Callable

from avatar_core.bench.figures.figures import Figures
from avatar_core.bench.measuring.backlog import Backlog
from avatar_core.bench.measuring.hang_watch import HangWatch
from avatar_core.bench.speech.book import Book
from avatar_core.bench.standing import Standing
from avatar_core.bench.states import SeriesName, SessionState
from avatar_core.clock import Clock
from avatar_core.playback.agent_output import AgentOutput
from avatar_core.tasks import TaskGroup

_BUFFER_INTERVAL_S = 0.1


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

    def begin_buffers(self, goes_on: Callable[[], bool]) -> None:
        """Draw the curve of what was sent and not heard, and measure what waits in the app, while `goes_on`."""
        self._tasks.spawn(self._watch_buffers(goes_on), name="buffer curve")

    def begin_hang_watch(self, goes_on: Callable[[], bool], standing: Standing) -> None:
        """Watch for segments that hang, while `goes_on`."""

        def may_wait() -> bool:
            return standing.state in (SessionState.SWAPPING, SessionState.WAITING, SessionState.PAUSED)

        hangs = HangWatch(self._book, self._figures, standing, self._clock)
        self._tasks.spawn(hangs.run(goes_on, may_wait), name="hang watch")

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
