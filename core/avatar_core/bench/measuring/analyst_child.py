"""The analyst process as the session sees it: it measures from files, in turn, beside everything else."""

import asyncio
import logging

from avatar_core.child import ChildProcess
from avatar_core.errors import BenchError, WireError
from avatar_core.priority import give_way
from avatar_core.tasks import TaskGroup
from avatar_core.wire import analysis
from avatar_core.wire.analysis import ANALYST_COMMANDS, ANALYST_EVENTS

_log = logging.getLogger(__name__)

_ANSWER_TIMEOUT_S = 90.0

Order = analysis.Analyze | analysis.AnalyzeHealth | analysis.AnalyzeFace
Answer = analysis.Analyzed | analysis.FaceAnalyzed


class AnalystChild:
    """Started with the first order, and again after it died; ended by `aclose`."""

    def __init__(self) -> None:
        self._child: ChildProcess | None = None
        self._waiting: dict[int, asyncio.Future[Answer]] = {}
        self._starting = asyncio.Lock()
        self._tasks = TaskGroup()

    @property
    def pid(self) -> int | None:
        """Its process id, while it runs."""
        return self._child.pid if self._child is not None and self._child.running else None

    async def analyze(self, order: analysis.Analyze) -> analysis.Analyzed:
        """Have an utterance measured; raises BenchError where the process does not answer."""
        answer = await self._answer(order)
        assert isinstance(answer, analysis.Analyzed)
        return answer

    async def analyze_health(self, order: analysis.AnalyzeHealth) -> analysis.Analyzed:
        """Have the health of a while measured; raises BenchError where it can't be, or nobody answers."""
        answer = await self._answer(order)
        assert isinstance(answer, analysis.Analyzed)
        if answer.why:
            raise BenchError(answer.why)
        return answer

    async def analyze_face(self, order: analysis.AnalyzeFace) -> analysis.FaceAnalyzed:
        """Have a face followed further; raises BenchError where the process does not answer."""
        answer = await self._answer(order)
        assert isinstance(answer, analysis.FaceAnalyzed)
        return answer

    async def _answer(self, order: Order) -> Answer:
        async with self._starting:
            if self._child is None or not self._child.running:
                self._child = await ChildProcess.start(
                    "avatar_core.viewer.analyst", name="analyst", environment={"OPENBLAS_NUM_THREADS": "1"}
                )
                # The viewer dates what it sees meanwhile; an answer may take a second longer.
                give_way(self._child.pid)
                self._tasks.spawn(self._listen(self._child), name="analyst answers")
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting[order.request_id] = answer
        try:
            self._child.send_line(ANALYST_COMMANDS.encode(order))
            async with asyncio.timeout(_ANSWER_TIMEOUT_S):
                return await answer
        except TimeoutError:
            raise BenchError(f"The analyst did not answer in {_ANSWER_TIMEOUT_S:.0f} s.") from None
        finally:
            del self._waiting[order.request_id]

    async def aclose(self) -> None:
        """End it; harmless twice."""
        if self._child is not None:
            await self._child.aclose()
        await self._tasks.aclose()

    async def _listen(self, child: ChildProcess) -> None:
        async for line in child.lines():
            try:
                answer = ANALYST_EVENTS.decode(line)
            except WireError as error:
                _log.warning("the analyst said what can't be read: %s", error)
                continue
            waiting = self._waiting.get(answer.request_id)
            if waiting is not None and not waiting.done():
                waiting.set_result(answer)
        how = await child.how_it_ended()
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(BenchError(f"The analyst process ended ({how})."))
