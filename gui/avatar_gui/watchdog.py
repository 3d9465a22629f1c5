"""Notices when the loop stands still, and names the code that holds it.

A thread looks at the loop's heartbeat; it measures nothing else and touches no widget.
"""

import faulthandler
import re
import tempfile
import threading
from collections import Counter
from pathlib import PurePath
from typing import IO

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from avatar_core.clock import Clock

BEAT_S = 0.05
# Shorter stalls are what a redraw costs on a busy machine.
STALL_S = 0.15

_FRAME = re.compile(r'File "(.+)", line (\d+) in (.+)')


class LoopWatchdog(QObject):
    """Watches the thread that it is started on.

    Signals:
        stalled: seconds that the loop stood still, and where ("plots/curve.py:41 in refresh").
    """

    stalled = Signal(float, str)

    def __init__(self, clock: Clock, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._clock = clock
        self._beat_s = clock.now()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(int(BEAT_S * 1000))
        self._timer.timeout.connect(self._beat)

    def start(self) -> None:
        """Begin to watch the calling thread."""
        self._beat()
        self._timer.start()
        watched = threading.get_ident()
        self._thread = threading.Thread(target=self._watch, args=(watched,), name="loop watchdog", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop watching and wait for the thread. Harmless twice."""
        self._timer.stop()
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _beat(self) -> None:
        self._beat_s = self._clock.now()

    def _watch(self, watched: int) -> None:
        seen: Counter[str] = Counter()
        stalled_beat_s: float | None = None
        with tempfile.TemporaryFile() as file:
            while not self._stop.wait(BEAT_S):
                beat_s = self._beat_s
                if stalled_beat_s is not None and beat_s != stalled_beat_s:
                    self.stalled.emit(beat_s - stalled_beat_s, seen.most_common(1)[0][0])
                    stalled_beat_s = None
                    seen.clear()
                if self._clock.now() - beat_s > STALL_S:
                    stalled_beat_s = beat_s
                    seen[where_is(watched, file)] += 1


def where_is(thread_id: int, file: IO[bytes]) -> str:
    """The innermost line of our own code in that thread, or the innermost of all where there is none.

    A frame that another thread holds a moment too long keeps its locals alive: the QPainter of a paint event then
    outlives the event, and Qt aborts. faulthandler writes stacks as text, here into `file`, and holds nothing.
    """
    file.seek(0)
    file.truncate()
    faulthandler.dump_traceback(file, all_threads=True)
    file.seek(0)
    return describe(file.read().decode(errors="replace"), thread_id)


def describe(stacks: str, thread_id: int) -> str:
    """The line of `thread_id` in faulthandler's text: "plots/curve.py:41 in refresh"."""
    lines: list[tuple[str, str, str]] = []
    for block in re.split(r"\n\s*\n", stacks):
        head, _, body = block.partition("\n")
        named = re.search(r"[Tt]hread 0x([0-9a-f]+)", head)
        if named is not None and int(named[1], 16) == thread_id:
            lines = _FRAME.findall(body)
    if not lines:
        return "unknown code"
    ours = (line for line in lines if any(part.startswith("avatar_") for part in PurePath(line[0]).parts))
    path, number, function = next(ours, lines[0])
    return f"{'/'.join(PurePath(path).parts[-2:])}:{number} in {function}"
