"""What the commands of the command line share: how they are added, their room and faults, and how they end."""

import argparse
from enum import IntEnum
from pathlib import Path
from types import MappingProxyType
from typing import TypeAlias

from avatar_core.bench.settings.config import Config, load_process_config, process_environment

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


class ExitCode(IntEnum):
    """The exit codes of every command (DESIGN.md, outside contracts)."""

    PASS = 0
    FAIL = 1
    USAGE = 2
    """Bad arguments or configuration, a missing key too."""
    BROKEN = 3
    """A service is unreachable, the bench could not run, or the measurement can't be trusted."""


EXIT_CODES = MappingProxyType({"pass": ExitCode.PASS, "fail": ExitCode.FAIL, "broken": ExitCode.BROKEN})
"""By the verdict of what was run."""


def add_room_and_out(parser: argparse.ArgumentParser) -> None:
    """The room, and where the run folder goes."""
    parser.add_argument("--room", default="", help="auto, embedded, server, or the URL of a room (default: auto)")
    parser.add_argument("--out", type=Path, help="the run folder (default: runs/<run id>)")


def add_fault(parser: argparse.ArgumentParser) -> None:
    """What is to go wrong."""
    parser.add_argument(
        "--fault",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="plant a fault in each reference avatar; may be repeated (assets/avatar_assets/faults.toml has them all)",
    )


def load_config(options: argparse.Namespace) -> Config:
    """Of the environment and the room that was asked for; raises ConfigError."""
    return load_process_config(process_environment(), {"room": options.room} if options.room else {})
