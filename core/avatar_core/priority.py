"""Which process of the bench gives way to the others, and which keeps time and is held up by as little as may be."""

import contextlib
import gc
import os
import sys
from pathlib import Path

_NICENESS = 10
"""Where it must share a core it gets a tenth of what another process gets."""
_BEFORE_ENCODERS = 60
"""WebRTC's encoders take real-time priority 49 where they may, as root may; its decoders take 98."""
_PROC = Path("/proc")


def give_way(pid: int, proc: Path = _PROC) -> None:
    """Lower the priority of this process, and of its session; nothing where that can't be done.

    Its own answers may come a second later. Linux shares the cores among sessions first (autogroup in sched(7)), within
    which alone niceness counts; each of our children is a session of its own.
    """
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, pid, _NICENESS)
    with contextlib.suppress(OSError):
        (proc / str(pid) / "autogroup").write_text(str(_NICENESS))


def keep_time(*, first: bool = False) -> None:
    """Let this process's clock tick in time; called by its main thread once everything is imported.

    What is imported stays for good, and a full collection that looks through it takes 40 ms: it is left out of them.
    `first`: the main thread goes before the encoders of other processes, where that is allowed; threads and children
    that it starts don't.
    """
    gc.freeze()
    if first and sys.platform == "linux":
        with contextlib.suppress(OSError):
            os.sched_setscheduler(0, os.SCHED_RR | os.SCHED_RESET_ON_FORK, os.sched_param(_BEFORE_ENCODERS))
