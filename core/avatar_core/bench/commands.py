"""What the commands of the command line share: how they are added, and how they end."""

import argparse
from enum import IntEnum
from typing import TypeAlias

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


class ExitCode(IntEnum):
    """The exit codes of every command (DESIGN.md, outside contracts)."""

    PASS = 0
    FAIL = 1
    USAGE = 2
    """Bad arguments or configuration, a missing key too."""
    BROKEN = 3
    """A service is unreachable, the bench could not run, or the measurement can't be trusted."""
