"""The viewer process: StartViewer on stdin, then commands; events on stdout; ends with its owner or at SIGTERM."""

import asyncio
import sys

from avatar_core.errors import WireError
from avatar_core.leaving import run_and_leave
from avatar_core.owner import OwnerPipe, log_to_owner
from avatar_core.priority import keep_time
from avatar_core.viewer.process import ViewerProcess
from avatar_core.wire import viewer_commands
from avatar_core.wire.viewer_commands import VIEWER_COMMANDS


async def _run() -> int:
    pipe = await OwnerPipe.open()
    line = await pipe.read_line()
    if not line:
        return 0
    try:
        start = VIEWER_COMMANDS.decode(line)
    except WireError as error:
        print(error, file=sys.stderr)
        return 2
    if not isinstance(start, viewer_commands.StartViewer):
        print(f"The first command must be start_viewer, not {type(start).__name__}.", file=sys.stderr)
        return 2
    return await ViewerProcess(pipe, start).run()


if __name__ == "__main__":
    log_to_owner()
    keep_time(first=True)
    run_and_leave(lambda: asyncio.run(_run()))
