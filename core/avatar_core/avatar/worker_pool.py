"""The worker processes of one dispatcher: started one per launch, watched, ended. No HTTP in here."""

import asyncio
import logging
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from types import MappingProxyType
from typing import Literal

from avatar_core.child import ChildProcess
from avatar_core.clock import Clock, MonotonicClock
from avatar_core.errors import BenchError, WireError
from avatar_core.tasks import TaskGroup
from avatar_core.wire.dispatch import LaunchRequest, WorkerStatus, encode_body
from avatar_core.wire.process_messages import WORKER_EVENTS, WorkerEnded, WorkerReady

_log = logging.getLogger(__name__)

WORKER_MODULES: Mapping[str, str] = MappingProxyType(
    {"livekit": "avatar_core.avatar.worker", "videosdk": "avatar_core.videosdk.worker"}
)
"""The worker of each wire; the second one is known by name alone, since it is above this package."""
_WORKER_GRACE_S = 0.9
"""Under the time that the dispatcher itself has to end, so that a worker that hangs does not outlive it."""
REMEMBERED = 100
"""Workers that ended and can still be asked about."""


_CRASHES, _CRASH_SPAN_S = 5, 60.0


class PoolFull(BenchError):
    """As many workers run as may."""


class CrashLoop(BenchError):
    """Workers for one room fail one after another: the next would, too."""


@dataclass(slots=True)
class _Worker:
    worker_id: str
    room_name: str
    process: ChildProcess
    state: Literal["starting", "ready", "ended"] = "starting"
    exit_code: int | None = None
    said: WorkerEnded | None = None
    stopped_by_us: bool = False
    ended_s: float = 0.0
    watch: asyncio.Task[None] | None = field(default=None, repr=False)

    def status(self) -> WorkerStatus:
        return WorkerStatus(
            self.worker_id, self.room_name, self.state, self.process.pid, self.exit_code, self._reason()
        )

    @property
    def crashed(self) -> bool:
        """It ended by itself, and not well."""
        return self.state == "ended" and bool(self.exit_code) and not self.stopped_by_us

    def _reason(self) -> str:
        if self.exit_code is None:
            return ""
        if self.exit_code < 0 and not self.stopped_by_us:
            return f"killed by signal {_signal_name(-self.exit_code)}"
        if self.said is not None:
            return f"{self.said.reason}: {self.said.detail}"
        last_words = self.process.last_words or "it said nothing"
        return f"exit code {self.exit_code}: {last_words}"[:4_000]


class WorkerPool:
    """At most `limit` workers run at once, any number of them in one room. None outlives `aclose`, or this process.

    A worker that ends is not started again: who asked for it is told why by `statuses`. Who goes on asking is refused
    once 5 workers for one room have failed within a minute.
    """

    def __init__(
        self,
        *,
        limit: int,
        modules: Mapping[str, str] = WORKER_MODULES,
        arguments: Sequence[str] = (),
        clock: Clock | None = None,
    ) -> None:
        self._limit = limit
        self._clock = clock or MonotonicClock()
        self._modules = modules
        self._arguments = tuple(arguments)
        self._workers: dict[str, _Worker] = {}
        self._numbers = count(1)
        self._starting = 0
        self._tasks = TaskGroup()

    def statuses(self) -> tuple[WorkerStatus, ...]:
        """Every worker that runs, and the last REMEMBERED that ended, oldest first."""
        return tuple(worker.status() for worker in self._workers.values())

    async def launch(self, request: LaunchRequest, wire: str = "livekit") -> WorkerStatus:
        """Start a worker that hears by `wire`; returns once its process runs.

        Raises PoolFull, CrashLoop, or BenchError where that can't be.
        """
        self._refuse_crash_loop(request.room_name)
        running = sum(worker.state != "ended" for worker in self._workers.values())
        if running + self._starting >= self._limit:
            raise PoolFull(f"{self._limit} workers run already; end one, or raise the limit of this dispatcher.")
        worker_id = f"worker-{next(self._numbers)}"
        self._starting += 1
        try:
            process = await ChildProcess.start(
                self._modules[wire], *self._arguments, name=worker_id, grace_s=_WORKER_GRACE_S
            )
        finally:
            self._starting -= 1
        worker = _Worker(worker_id, request.room_name, process)
        self._workers[worker_id] = worker
        worker.watch = self._tasks.spawn(self._watch(worker), name=f"watch {worker_id}")
        # The request holds a token, so it goes through the pipe, not the command line that every user can read.
        process.send_line(encode_body(request) + b"\n")
        return worker.status()

    def _refuse_crash_loop(self, room_name: str) -> None:
        since_s = self._clock.now() - _CRASH_SPAN_S
        crashes = [
            worker
            for worker in self._workers.values()
            if worker.crashed and worker.room_name == room_name and worker.ended_s > since_s
        ]
        if len(crashes) >= _CRASHES:
            last = crashes[-1]
            raise CrashLoop(
                f"{len(crashes)} workers for room {room_name!r} failed within {_CRASH_SPAN_S:.0f} s, {last.worker_id} "
                f"with {last.status().reason!r}. Mend that; another is started in a minute."
            )

    async def stop(self, worker_id: str) -> WorkerStatus | None:
        """End a worker and wait until it is gone; None where there is none of that name."""
        worker = self._workers.get(worker_id)
        if worker is None:
            return None
        worker.stopped_by_us = worker.stopped_by_us or worker.process.running
        await worker.process.aclose()
        if worker.watch is not None:
            await asyncio.wait({worker.watch})
        return worker.status()

    async def aclose(self) -> None:
        """End all workers, all at once; harmless twice."""
        await asyncio.gather(*(self.stop(worker_id) for worker_id in tuple(self._workers)))
        await self._tasks.aclose()

    async def _watch(self, worker: _Worker) -> None:
        async for line in worker.process.lines():
            try:
                event = WORKER_EVENTS.decode(line)
            except WireError as failure:
                _log.warning("%s: %s", worker.worker_id, failure)
                continue
            if isinstance(event, WorkerReady):
                worker.state = "ready"
            elif isinstance(event, WorkerEnded):
                worker.said = event
        worker.exit_code = await worker.process.ended
        worker.state, worker.ended_s = "ended", self._clock.now()
        _log.info("%s in room %r ended: %s", worker.worker_id, worker.room_name, worker.status().reason)
        self._forget_oldest()

    def _forget_oldest(self) -> None:
        ended = [worker_id for worker_id, worker in self._workers.items() if worker.state == "ended"]
        for worker_id in ended[:-REMEMBERED]:
            del self._workers[worker_id]


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return str(number)
