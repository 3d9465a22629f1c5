"""How a process of ours ends: by its main's exit code, and with nothing of it running any more.

LiveKit's native threads call back into Python for as long as the process lives, its log lines too, whatever was closed
before. An interpreter that is being taken down ends such a thread where it stands, and Rust, which can't be unwound
there, aborts the whole process: exit code -6 after a run that went well. So nothing is taken down here.
"""

import atexit
import os
import sys
import traceback
from collections.abc import Callable
from typing import NoReturn


def run_and_leave(main: Callable[[], int]) -> NoReturn:
    """Run `main`, then what is registered to run at exit, and end at once with the exit code of `main`.

    1 for an error, whose traceback goes to stderr; 120, as Python has it, where output could not be written.
    """
    try:
        code = main()
    except SystemExit as asked:
        if isinstance(asked.code, str):
            print(asked.code, file=sys.stderr)
        code = asked.code if isinstance(asked.code, int) else int(asked.code is not None)
    except BaseException:
        traceback.print_exc()
        code = 1
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        try:
            # `main` may have closed it, as an owner's pipe is; nothing is lost then.
            if not stream.closed:
                stream.flush()
        except OSError:
            code = code or 120
    os._exit(code)
