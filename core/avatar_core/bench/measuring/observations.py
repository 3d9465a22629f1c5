"""What the viewer got of somebody, as files for the analyst: where they lie, and the asking for them."""

import asyncio
import itertools
import tempfile
from pathlib import Path

from avatar_core.bench.measuring.analyst_child import AnalystChild
from avatar_core.bench.viewing.viewer_child import ViewerChild
from avatar_core.errors import BenchError
from avatar_core.wire import analysis, viewer_commands, viewer_events

_VIEWER_TIMEOUT_S = 10.0
_BEFORE_S = 1.0


class Observing:
    """Owned by whoever measures, and told of the viewer's answers."""

    def __init__(self) -> None:
        self._ids = itertools.count(1)
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._waiting: dict[int, asyncio.Future[str]] = {}

    def take(self, message: viewer_events.Observed) -> None:
        """The viewer's answer."""
        waiting = self._waiting.get(message.request_id)
        if waiting is not None and not waiting.done():
            waiting.set_result(message.why)

    def next_id(self) -> int:
        """A number that no other order of this session has."""
        return next(self._ids)

    def path(self, kind: str) -> Path:
        """Where a new file may lie; raises BenchError where there is no room for one."""
        try:
            if self._folder is None:
                self._folder = tempfile.TemporaryDirectory(prefix="avatar-testbench-")
        except OSError as error:
            raise BenchError(f"No folder for what is observed: {error.strerror}.") from error
        return Path(self._folder.name) / f"{self.next_id()}-{kind}.npz"

    async def observe(self, viewer: ViewerChild, identity: str, since_s: float, path: Path) -> str:
        """Have the viewer write what it got of somebody; why it did not, empty where it did."""
        number = self.next_id()
        waiting: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._waiting[number] = waiting
        viewer.send(viewer_commands.Observe(number, identity, max(0.0, since_s), str(path)))
        try:
            async with asyncio.timeout(_VIEWER_TIMEOUT_S):
                return await waiting
        except TimeoutError:
            raise BenchError(f"the viewer did not answer in {_VIEWER_TIMEOUT_S:.0f} s") from None
        finally:
            del self._waiting[number]

    async def faces(
        self, viewer: ViewerChild, analyst: AnalystChild, identity: str, since_s: float
    ) -> analysis.FaceAnalyzed:
        """Have the face of somebody followed further; raises BenchError."""
        path = self.path("face")
        try:
            if why := await self.observe(viewer, identity, since_s, path):
                raise BenchError(why)
            return await analyst.analyze_face(analysis.AnalyzeFace(self.next_id(), identity, str(path)))
        finally:
            await self.remove(path)

    async def health(
        self, viewer: ViewerChild, analyst: AnalystChild, identity: str, since_s: float, until_s: float
    ) -> analysis.Analyzed:
        """Have the health of what came of somebody between two moments measured; raises BenchError."""
        path = self.path("health")
        try:
            # What came just before is where the first interval begins, and what the face did at rest.
            if why := await self.observe(viewer, identity, since_s - _BEFORE_S, path):
                raise BenchError(why)
            order = analysis.AnalyzeHealth(self.next_id(), identity, str(path), max(0.0, since_s), until_s)
            return await analyst.analyze_health(order)
        finally:
            await self.remove(path)

    async def remove(self, *paths: Path) -> None:
        """Files that were used."""
        for path in paths:
            await asyncio.to_thread(path.unlink, missing_ok=True)

    async def aclose(self) -> None:
        """Forget every file; harmless twice."""
        if self._folder is not None:
            await asyncio.to_thread(self._folder.cleanup)
