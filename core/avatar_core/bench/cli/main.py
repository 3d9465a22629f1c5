"""The headless command line: what is run, and how it ends. The commands stand in the modules beside it.

What a command does stands in `bench.commands`, imported when it runs: starting stays fast, and Qt stays out.
"""

import argparse
import io
import logging
import os
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TypeAlias

from avatar_core import __version__
from avatar_core.bench.cli.arguments import EXIT_CODES, ExitCode, add_fault, add_room_and_out, load_config
from avatar_core.bench.cli.hosting import add_dispatcher, add_room, add_worker
from avatar_core.bench.cli.machine import add_doctor, add_videosdk
from avatar_core.bench.cli.measuring import add_analyze, add_calibrate, add_fault_matrix
from avatar_core.bench.cli.running import add_run
from avatar_core.bench.observe.observed import ObserveRequest, add_observe_arguments, read_observe_arguments
from avatar_core.bench.settings.config import Config
from avatar_core.errors import BenchError, ConfigError
from avatar_core.sdk_log import calm_sdk_log

PROGRAM = "avatar-testbench"

Window: TypeAlias = Callable[[Config, Path | None, Sequence[str], ObserveRequest | None], str]
"""Opens the window over configuration, run folder, faults and who is observed; returns the verdict, "pass" once a
person closed it."""


def main(arguments: Sequence[str], window: Window) -> int:
    """Run one command, or `window` without one; argparse itself exits for --help and bad arguments."""
    options = build_parser(window).parse_args(arguments)
    # The handler, not the logger, keeps the terminal calm: a run folder's log takes more.
    terminal = logging.StreamHandler()
    terminal.setLevel(logging.WARNING)
    logging.basicConfig(format=f"{PROGRAM}: %(levelname)s: %(name)s: %(message)s", handlers=[terminal])
    calm_sdk_log()
    # Names of devices and answers of servers may hold what the terminal's encoding lacks.
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    try:
        run: Callable[[argparse.Namespace], ExitCode] = options.run
        return run(options)
    except ConfigError as error:
        print(f"{PROGRAM}: {error}", file=sys.stderr)
        return ExitCode.USAGE
    except BenchError as error:
        print(f"{PROGRAM}: {error}", file=sys.stderr)
        return ExitCode.BROKEN
    except BrokenPipeError:
        # Whoever read our output is gone; Python would try to flush the rest once more at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.BROKEN
    except KeyboardInterrupt:
        print(f"{PROGRAM}: interrupted", file=sys.stderr)
        return ExitCode.BROKEN


def build_parser(window: Window) -> argparse.ArgumentParser:
    """The parser with every command; after parsing, `run` is the command's function."""
    parser = argparse.ArgumentParser(
        prog=PROGRAM,
        description="A testbench for real-time talking avatars. Without a command it opens the window; where there "
        "is no display, the same window runs the demo off screen and saves a screenshot with the run folder.",
    )
    parser.add_argument("--version", action="version", version=f"{PROGRAM} {__version__}")
    add_room_and_out(parser)
    add_fault(parser)
    add_observe_arguments(parser)
    parser.set_defaults(run=partial(_run_window, window))
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    for add in (
        add_run,
        add_analyze,
        add_calibrate,
        add_fault_matrix,
        add_room,
        add_worker,
        add_dispatcher,
        add_videosdk,
        add_doctor,
    ):
        add(commands)
    return parser


def _run_window(window: Window, options: argparse.Namespace) -> ExitCode:
    observed = read_observe_arguments(options)
    if observed is not None and options.fault:
        raise ConfigError("--fault needs an avatar of the bench's own; somebody else drives the one that is observed.")
    return EXIT_CODES[window(load_config(options), options.out, options.fault, observed)]
