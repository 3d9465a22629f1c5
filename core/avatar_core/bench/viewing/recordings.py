"""What the viewer records of a session: begun and ended on request, each in a file of its own in the run folder."""

import asyncio
from pathlib import Path

from avatar_core.bench.command_desk import Outcome
from avatar_core.bench.snapshot import Notice, RecordingInfo
from avatar_core.bench.standing import Standing
from avatar_core.bench.states import Severity
from avatar_core.bench.viewing.viewer_child import ViewerChild
from avatar_core.clock import Clock
from avatar_core.wire import viewer_commands, viewer_events

_ANSWER_TIMEOUT_S = 10.0
_NAME = "recording"


class Recordings:
    """Owned by the session; fed the viewer's events. `folder` is where files go."""

    def __init__(self, folder: Path, standing: Standing, clock: Clock) -> None:
        self.folder = folder
        self.info: RecordingInfo | None = None
        self._standing = standing
        self._clock = clock
        self._answer: asyncio.Future[viewer_events.RecordingState] | None = None

    def take(self, message: object) -> None:
        """One of the viewer's events."""
        if not isinstance(message, viewer_events.RecordingState):
            return
        if message.state == "recording":
            self.info = RecordingInfo(message.path, self._clock.now())
        else:
            self.info = None
        if message.state == "failed":
            saved = f"{message.length_s:.0f} s are saved in {message.path}. " if message.length_s else ""
            notice = Notice("recording", Severity.FAIL, "The recording stopped", f"{saved}{message.why}")
            self._standing.raise_notice(notice)
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(message)

    def viewer_gone(self) -> None:
        """Its recording ended with it; what it wrote can be read."""
        self.info = None

    async def switch(self, on: bool, viewer: ViewerChild | None) -> Outcome:
        """Record from the next picture on, or finish the file."""
        assert viewer is not None, "the command is blocked without a room"
        ok, text, values = await (self._start(viewer) if on else self._stop(viewer))
        self._standing.announce("Record", text, Severity.INFO if ok else Severity.FAIL)
        return ok, text, values

    async def _start(self, viewer: ViewerChild) -> Outcome:
        if self.info is not None:
            return True, "Recording already", {}
        path = self._free_path()
        try:
            await asyncio.to_thread(path.parent.mkdir, parents=True, exist_ok=True)
        except OSError as error:
            return False, f"{path.parent} can't be made: {error.strerror}. Choose another --out.", {}
        answer = await self._ask(viewer, str(path.absolute()))
        if answer is None:
            return False, f"The viewer did not answer in {_ANSWER_TIMEOUT_S:.0f} s", {}
        return answer.state == "recording", answer.why or f"Recording to {path.name}", {}

    async def _stop(self, viewer: ViewerChild) -> Outcome:
        if self.info is None:
            return True, "Nothing is recorded", {}
        answer = await self._ask(viewer, None)
        if answer is None:
            return False, f"The viewer did not answer in {_ANSWER_TIMEOUT_S:.0f} s", {}
        dropped = f", {answer.dropped} frames dropped" if answer.dropped else ""
        text = answer.why or f"{answer.length_s:.0f} s saved{dropped}"
        values = {"recorded_s": answer.length_s, "dropped": float(answer.dropped)}
        return answer.state == "stopped", text, values

    async def _ask(self, viewer: ViewerChild, path: str | None) -> viewer_events.RecordingState | None:
        self._answer = asyncio.get_running_loop().create_future()
        viewer.send(viewer_commands.Record(path))
        try:
            async with asyncio.timeout(_ANSWER_TIMEOUT_S):
                return await self._answer
        except TimeoutError:
            return None
        finally:
            self._answer = None

    def _free_path(self) -> Path:
        """A name that no file has: recording.mkv, then recording-2.mkv."""
        path, number = self.folder / f"{_NAME}.mkv", 1
        while path.exists():
            number += 1
            path = self.folder / f"{_NAME}-{number}.mkv"
        return path
