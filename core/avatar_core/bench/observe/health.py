"""The health of what comes of the observed avatar, a few seconds at a time, and who else is audible beside it."""

import asyncio
from collections.abc import Callable, Collection

from avatar_core.bench.figures.figures import Figures
from avatar_core.bench.measuring.analyst_child import AnalystChild
from avatar_core.bench.measuring.observations import Observing
from avatar_core.bench.standing import Standing
from avatar_core.bench.states import Severity
from avatar_core.bench.viewing.hearing import Hearing
from avatar_core.bench.viewing.viewer_child import ViewerChild
from avatar_core.clock import Clock
from avatar_core.errors import BenchError
from avatar_core.metrics.sound_health import heard_at_once_ms
from avatar_core.tasks import TaskGroup

WINDOW_S = 5.0
_LEAST_S = 0.5


class HealthWatch:
    """Owned by the session. `company` gives who should not be heard beside an avatar."""

    def __init__(
        self,
        figures: Figures,
        hearing: Hearing,
        standing: Standing,
        clock: Clock,
        tasks: TaskGroup,
        *,
        observing: Observing,
        analyst: AnalystChild,
        company: Callable[[], Collection[str]],
    ) -> None:
        self._figures = figures
        self._hearing = hearing
        self._standing = standing
        self._clock = clock
        self._tasks = tasks
        self._observing = observing
        self._analyst = analyst
        self._company = company
        # Who is watched by which viewer, and up to when it was measured.
        self._watched: tuple[ViewerChild, str] | None = None
        self._since_s = 0.0
        self._in_turn = asyncio.Lock()
        self._loop: asyncio.Task[None] | None = None

    def begin(self, viewer: ViewerChild, identity: str) -> None:
        """Watch this avatar from now on."""
        self._watched, self._since_s = (viewer, identity), self._clock.now()
        if self._loop is None:
            self._loop = self._tasks.spawn(self._measure_on(), name="health of the avatar")

    def end(self) -> None:
        """The avatar is gone: what is left of it is still measured."""
        watched, self._watched = self._watched, None
        if watched is not None:
            rest = self._measure(*watched, self._since_s, self._clock.now())
            self._tasks.spawn(rest, name="health up to the end")

    def drop(self) -> None:
        """The viewer is gone, and with it whatever it remembers."""
        self._watched = None

    async def measure(self) -> None:
        """Measure up to now what was not measured yet."""
        since_s, now_s = self._since_s, self._clock.now()
        if self._watched is not None and now_s - since_s >= _LEAST_S:
            self._since_s = now_s
            await self._measure(*self._watched, since_s, now_s)
        # Whatever was begun before is over as well.
        async with self._in_turn:
            pass

    async def _measure_on(self) -> None:
        while True:
            await self._clock.sleep_until(self._clock.now() + WINDOW_S)
            await self.measure()

    async def _measure(self, viewer: ViewerChild, identity: str, since_s: float, until_s: float) -> None:
        company = self._company()
        async with self._in_turn:
            try:
                analyzed = await self._observing.health(viewer, self._analyst, identity, since_s, until_s)
            except BenchError as error:
                text = f"{until_s - since_s:.0f} s of {identity} were not measured: {error}"
                self._standing.announce("Measure", text, Severity.WARN)
                return
        for name, values in analyzed.values.items():
            for value in values:
                self._figures.measure(name, value, since_s=since_s, until_s=until_s)
        stretches = self._hearing.stretches(since_s, until_s)
        if own := stretches.get(identity):
            double_ms = sum(heard_at_once_ms(own, stretches[other]) for other in company if other in stretches)
            self._figures.measure("double_audio_ms", double_ms, since_s=since_s, until_s=until_s)
