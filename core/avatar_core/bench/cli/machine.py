"""The commands that look at this machine, or make what it lacks: `doctor` and `videosdk`."""

import argparse
import asyncio
import json
import sys

from avatar_core.bench.cli.arguments import Commands, ExitCode
from avatar_core.bench.settings.config import (
    Config,
    default_settings_path,
    desktop_environment,
    load_process_config,
    process_environment,
    videosdk_folder,
)
from avatar_core.errors import ConfigError


def add_videosdk(commands: Commands) -> None:
    """Add `videosdk`."""
    parser = commands.add_parser(
        "videosdk",
        help="make the environment for VideoSDK's meetings",
        description="Make an environment with VideoSDK's SDK, which can't be installed beside us; once, in a minute. "
        "The provider videosdk-meeting finds it by itself. Prints its interpreter.",
    )
    parser.add_argument("--python", default=sys.executable, help="what to make it with (default: %(default)s)")
    parser.set_defaults(run=_run_videosdk)


def _run_videosdk(options: argparse.Namespace) -> ExitCode:
    from avatar_core.videosdk.environment import make_environment

    folder = videosdk_folder(default_settings_path(process_environment()))
    print(make_environment(folder, python=options.python, tell=lambda line: print(line, file=sys.stderr)))
    return ExitCode.PASS


def add_doctor(commands: Commands) -> None:
    """Add `doctor`."""
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
