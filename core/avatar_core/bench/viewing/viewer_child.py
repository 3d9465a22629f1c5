"""The viewer process as the session sees it: commands down, events up, and its preview frames."""

import logging
from collections.abc import Callable

from avatar_core.bench.contract import PreviewFrame
from avatar_core.child import ChildProcess
from avatar_core.errors import BenchError, WireError
from avatar_core.signal import Signal
from avatar_core.tasks import TaskGroup
from avatar_core.viewer.preview_memory import MappedPreview
from avatar_core.wire import process_messages, viewer_commands, viewer_events
from avatar_core.wire.viewer_commands import VIEWER_COMMANDS
from avatar_core.wire.viewer_events import VIEWER_EVENTS

_log = logging.getLogger(__name__)


class ViewerChild:
    """Started by `start`, ended by `aclose`. `ended` tells of an end that nobody asked for, in words."""

    def __init__(self, child: ChildProcess) -> None:
        self.said: Signal[object] = Signal("viewer event")
        self.ended: Signal[str] = Signal("viewer ended")
        self._child = child
        self._closing = False
        self._last_failure = ""
        self._tasks = TaskGroup()
        self._tasks.spawn(self._listen(), name="viewer events")

    @classmethod
    async def start(cls, command: viewer_commands.StartViewer) -> "ViewerChild":
        """Start the process and tell it where to go; raises BenchError where it can't be started."""
        child = await ChildProcess.start("avatar_core.viewer", name="viewer")
        viewer = cls(child)
        viewer.send(command)
        return viewer

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._child.pid

    def send(self, command: object) -> None:
        """Send one command; ignored once it ended."""
        try:
            self._child.send_line(VIEWER_COMMANDS.encode(command))
        except BenchError as error:
            _log.warning("%s", error)

    async def aclose(self) -> None:
        """End it; harmless twice."""
        self._closing = True
        await self._child.aclose()
        await self._tasks.aclose()

    async def _listen(self) -> None:
        async for line in self._child.lines():
            try:
                message = VIEWER_EVENTS.decode(line)
            except WireError as error:
                _log.warning("the viewer said what can't be read: %s", error)
                continue
            if isinstance(message, process_messages.ProcessFailure) and message.fatal:
                self._last_failure = f"{message.what} {message.where}".strip()
            self.said.emit(message)
        how = await self._child.how_it_ended()
        if not self._closing:
            self.ended.emit(self._last_failure or how)


_USUAL_BOX = (960, 540)
"""What pictures are to fit where nobody says, in device pixels."""


class RemotePreview:
    """The PreviewReader of a session: whichever block the viewer announced last, across viewers.

    A viewer scales no picture before somebody looks: it costs a quarter of its time.
    """

    def __init__(self, request_size: Callable[[int, int], None]) -> None:
        self._request_size = request_size
        # In device pixels; None while nobody has looked.
        self._box: tuple[int, int] | None = None
        self._memory: MappedPreview | None = None
        self.last_frame_s: float | None = None
        """When the viewer got the frame handed out last."""
        self._base = 0
        self._last = 0

    def begin(self) -> None:
        """Another viewer is there."""
        if self._box is not None:
            self._request_size(*self._box)

    def attach(self, announced: viewer_events.PreviewMemory) -> None:
        """Read from this block from now on; sequences go on rising across blocks."""
        try:
            memory = MappedPreview(announced.memory_name, announced.slot_bytes)
        except OSError as error:
            _log.warning("the preview can't be read: %s", error)
            return
        self.detach()
        self._memory = memory
        self._base = self._last

    def detach(self) -> None:
        """Let go of the block; harmless twice."""
        memory, self._memory = self._memory, None
        if memory is not None:
            memory.close()

    def latest(self, after_sequence: int) -> PreviewFrame | None:
        """The newest frame, or None where there is none newer."""
        if self._box is None:
            self.request_preview_size(*_USUAL_BOX)
        if self._memory is None:
            return None
        frame = self._memory.latest(max(0, after_sequence - self._base))
        if frame is None:
            return None
        self._last = self._base + frame.sequence
        self.last_frame_s = frame.time_s
        return PreviewFrame(self._last, frame.width_px, frame.height_px, frame.stride, frame.time_s, frame.pixels)

    def request_preview_size(self, width_px: int, height_px: int) -> None:
        """Ask for pictures that fit into this box."""
        if (width_px, height_px) != self._box:
            self._box = (width_px, height_px)
            self._request_size(width_px, height_px)

    def release(self) -> None:
        """Give up the frame returned last."""
        if self._memory is not None:
            self._memory.release()
