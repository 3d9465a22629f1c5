"""The headless command line: arguments, exit codes, and one function that adds each command.

What a command does stands in a module of its own, imported when it runs: starting stays fast, and Qt stays out.
"""

import argparse
import asyncio
import io
import json
import logging
import os
import sys
from collections.abc import Callable, Sequence
from enum import IntEnum
from importlib import metadata
from typing import TypeAlias

from avatar_core.bench.config import Config, desktop_environment, load_process_config, process_environment
from avatar_core.errors import BenchError, ConfigError

PROGRAM = "avatar-testbench"

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


class ExitCode(IntEnum):
    """The exit codes of every command (DESIGN.md, outside contracts)."""

    PASS = 0
    FAIL = 1
    USAGE = 2
    """Bad arguments or configuration, a missing key too."""
    BROKEN = 3
    """A service is unreachable, the bench could not run, or the measurement can't be trusted."""


def main(arguments: Sequence[str]) -> int:
    """Run one headless command and return its exit code; argparse itself exits for --help and bad arguments."""
    parser = build_parser()
    options = parser.parse_args(arguments)
    if options.run is None:
        parser.print_help(sys.stderr)
        return ExitCode.USAGE
    logging.basicConfig(level=logging.WARNING, format=f"{PROGRAM}: %(levelname)s: %(name)s: %(message)s")
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


def build_parser() -> argparse.ArgumentParser:
    """The parser with every command; after parsing, `run` is the command's function, None without a command."""
    parser = argparse.ArgumentParser(prog=PROGRAM, description="A testbench for real-time talking avatars.")
    parser.add_argument("--version", action="version", version=f"{PROGRAM} {_version()}")
    parser.set_defaults(run=None)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    for add in (_add_room, _add_doctor):
        add(commands)
    return parser


def _add_room(commands: Commands) -> None:
    parser = commands.add_parser(
        "room",
        help="run the embedded room alone",
        description="Run the embedded LiveKit-compatible room until Ctrl+C or SIGTERM. Its key and secret are "
        "LIVEKIT_API_KEY and LIVEKIT_API_SECRET, or new ones where these are not set.",
    )
    parser.add_argument("--json", action="store_true", help="print one line of JSON when ready: url, key and secret")
    parser.add_argument("--host", default="127.0.0.1", help="the IP address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=0, help="the port to listen on (default: any free one)")
    parser.set_defaults(run=_run_room)


def _run_room(options: argparse.Namespace) -> ExitCode:
    from avatar_core.bench.serve_room import run_room

    # This is the room, so LIVEKIT_URL does not matter here.
    config = load_process_config(process_environment(), {"room": "embedded"})
    run_room(options.host, options.port, config.credentials, as_json=options.json)
    return ExitCode.PASS


def _add_doctor(commands: Commands) -> None:
    parser = commands.add_parser(
        "doctor",
        help="say what this machine has and lacks",
        description="Look at what the testbench needs, and name a fix for each lack. Exits with 0 when the main job "
        "can run, else with 3.",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=_run_doctor)


def _run_doctor(options: argparse.Namespace) -> ExitCode:
    from avatar_core.bench.doctor.diagnosis import diagnose

    environ = process_environment()
    config: Config | ConfigError
    try:
        config = load_process_config(environ)
    except ConfigError as error:
        config = error
    report = asyncio.run(diagnose(desktop_environment(environ), config))
    print(json.dumps(report.to_json_object()) if options.json else report.to_text(), flush=True)
    return ExitCode.PASS if report.ok else ExitCode.BROKEN


def _version() -> str:
    try:
        return metadata.version(PROGRAM)
    except metadata.PackageNotFoundError:
        return "of a checkout that is not installed"
