"""A process that gives way to the others, whose clocks must tick: its own answers may come a second later."""

import contextlib
import os
from pathlib import Path

_NICENESS = 10
"""Where it must share a core it gets a tenth of what another process gets."""
_PROC = Path("/proc")


def give_way(pid: int, proc: Path = _PROC) -> None:
    """Lower the priority of this process, and of its session; nothing where that can't be done.

    Linux shares the cores among sessions first (autogroup in sched(7)), within which alone niceness counts; each of
    our children is a session of its own.
    """
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, pid, _NICENESS)
    with contextlib.suppress(OSError):
        (proc / str(pid) / "autogroup").write_text(str(_NICENESS))
