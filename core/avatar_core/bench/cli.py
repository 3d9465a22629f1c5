"""The headless command line: arguments, exit codes, and one function that adds each command.

What a command does stands in a module of its own, imported when it runs: starting stays fast, and Qt stays out.
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
from avatar_core.bench.cli_machine import add_doctor, add_videosdk
from avatar_core.bench.commands import Commands, ExitCode
from avatar_core.bench.config import (
    Config,
    dispatcher_token,
    load_process_config,
    process_environment,
)
from avatar_core.bench.observe.observed import ObserveRequest, add_observe_arguments, read_observe_arguments
from avatar_core.errors import BenchError, ConfigError

PROGRAM = "avatar-testbench"

_SCENARIOS = ("demo", "monologue", "barge_in_single", "hot_swap_mid_utterance", "worker_crash")
"""Those of bench.scenarios.catalogue, whose import would make every start slower."""

_PROVIDER = "talking-head"

_EXIT_CODES = {"pass": ExitCode.PASS, "fail": ExitCode.FAIL, "broken": ExitCode.BROKEN}

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
    _add_room_and_out(parser)
    _add_fault(parser)
    add_observe_arguments(parser)
    parser.set_defaults(run=partial(_run_window, window))
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    for add in (
        _add_run,
        _add_analyze,
        _add_calibrate,
        _add_fault_matrix,
        _add_room,
        _add_worker,
        _add_dispatcher,
        add_videosdk,
        add_doctor,
    ):
        add(commands)
    return parser


def _run_window(window: Window, options: argparse.Namespace) -> ExitCode:
    observed = read_observe_arguments(options)
    if observed is not None and options.fault:
        raise ConfigError("--fault needs an avatar of the bench's own; somebody else drives the one that is observed.")
    return _EXIT_CODES[window(_load_config(options), options.out, options.fault, observed)]


def _add_room_and_out(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--room", default="", help="auto, embedded, server, or the URL of a room (default: auto)")
    parser.add_argument("--out", type=Path, help="the run folder (default: runs/<run id>)")


def _add_fault(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--fault",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="plant a fault in each reference avatar; may be repeated (assets/avatar_assets/faults.toml has them all)",
    )


def _load_config(options: argparse.Namespace) -> Config:
    return load_process_config(process_environment(), {"room": options.room} if options.room else {})


def _add_run(commands: Commands) -> None:
    parser = commands.add_parser(
        "run",
        help="run a scenario without a window",
        description="Run a scenario against an avatar in a real room, print what was measured, and write a run "
        "folder. Exits with 0 when every step was done, the ledger balances and no check failed, 1 when not, 3 when it "
        "could not run or its figures can't be trusted.",
    )
    parser.add_argument(
        "scenario",
        nargs="?",
        choices=_SCENARIOS,
        help="demo: speak, interrupt, end a segment, swap, speak; monologue: half a minute of speech; barge_in_single: "
        "an interrupt at two seconds; hot_swap_mid_utterance: another avatar in mid-sentence; worker_crash: the "
        "worker's process is killed",
    )
    parser.add_argument("--provider", help=f"the avatar to begin with (default: {_PROVIDER})")
    parser.add_argument("--swap-to", help="the avatar to swap to (default: a second instance of the same)")
    parser.add_argument(
        "--swap-policy",
        choices=["carry", "finish"],
        help="what becomes of speech the old avatar was given but has not played (default: carry in the demo, else "
        "finish; where positions can't be trusted it is finish, and said)",
    )
    _add_room_and_out(parser)
    _add_fault(parser)
    add_observe_arguments(parser)
    parser.add_argument("--record", action="store_true", help="write recording.mkv into the run folder")
    parser.add_argument("--seed", type=int, default=0, help="written into the result (default: %(default)s)")
    parser.add_argument("--json", default="", metavar="FILE", help="write the result here too; - prints it")
    parser.set_defaults(run=_run_scenario)


def _run_scenario(options: argparse.Namespace) -> ExitCode:
    observed = read_observe_arguments(options)
    if observed is not None:
        return _run_observing(options, observed)
    if options.scenario is None:
        raise ConfigError(f"What is to be run? One of {', '.join(_SCENARIOS)}, or --observe IDENTITY.")
    from avatar_core.bench.faults import read_faults
    from avatar_core.bench.headless import RunRequest, run_headless
    from avatar_core.playback.recall import SwapPolicy

    request = RunRequest(
        scenario=options.scenario,
        provider=options.provider or _PROVIDER,
        swap_to=options.swap_to or options.provider or _PROVIDER,
        swap_policy=SwapPolicy(options.swap_policy) if options.swap_policy else None,
        seed=options.seed,
        faults=read_faults(options.fault),
        out=options.out,
        json_to=options.json,
        record=options.record,
    )
    return _EXIT_CODES[run_headless(_load_config(options), request)]


def _run_observing(options: argparse.Namespace, observed: ObserveRequest) -> ExitCode:
    for name in ("scenario", "provider", "swap_to", "swap_policy", "fault"):
        if getattr(options, name):
            flag = name if name == "scenario" else f"--{name.replace('_', '-')}"
            raise ConfigError(f"--observe takes no {flag}: somebody else drives the avatar.")
    from avatar_core.bench.observe.run import observing_run, run_observing

    run = observing_run(observed, seed=options.seed, out=options.out, json_to=options.json, record=options.record)
    return _EXIT_CODES[run_observing(_load_config(options), observed, run)]


def _add_calibrate(commands: Commands) -> None:
    parser = commands.add_parser(
        "calibrate",
        help="measure what this machine's viewer adds to the A/V offset",
        description="Show the sync pattern over the embedded room for half a minute, and keep the zero of the A/V "
        "offset and its spread beside the settings. Do it with nothing else running. Offsets are not trusted where "
        "the calibration is older than 24 h. With --face, what a face in sync reads is kept instead, from two minutes "
        "of the pattern and of that face over the same way. Exits with 3 where too little could be trusted.",
    )
    parser.add_argument("--face", metavar="PROVIDER", help="calibrate this provider's face, for one utterance")
    parser.add_argument("--utterance", default="ada-monologue", help="what the face says (default: ada-monologue)")
    offset_help = "the face's own offset, where its worker does not report it; + = audio leads"
    parser.add_argument("--source-offset", type=float, metavar="MS", help=offset_help)
    parser.set_defaults(run=_run_calibrate)


def _run_calibrate(options: argparse.Namespace) -> ExitCode:
    from avatar_core.bench.calibrating import calibrate_as_asked

    environ = process_environment()
    return _EXIT_CODES[calibrate_as_asked(environ, options.face, options.utterance, options.source_offset)]


def _add_fault_matrix(commands: Commands) -> None:
    parser = commands.add_parser(
        "fault-matrix",
        help="show that the bench notices what goes wrong",
        description="Plant each fault at two strengths, and do as many clean runs; print what was injected, what was "
        "detected and what fired without a reason. Takes an hour; runs that can't be trusted are repeated. Exits with "
        "0 when every fault was caught and nothing else fired, 1 when not, 3 when nothing could be trusted.",
    )
    parser.add_argument("--only", action="append", default=[], metavar="NAME", help="this fault; may be repeated")
    _add_room_and_out(parser)
    parser.add_argument("--json", default="", choices=["-"], help="print the rows as JSON")
    parser.set_defaults(run=_run_fault_matrix)


def _run_fault_matrix(options: argparse.Namespace) -> ExitCode:
    from avatar_core.bench.fault_runs import MatrixRequest, run_matrix

    request = MatrixRequest(tuple(options.only), options.out, options.json)
    return _EXIT_CODES[run_matrix(_load_config(options), request)]


def _add_analyze(commands: Commands) -> None:
    parser = commands.add_parser(
        "analyze",
        help="measure a recording",
        description="Measure a recording as a live viewer is measured: A/V offset of the sync pattern, health of sound "
        "and pictures, and with --reference the speech. Exits with 2 where a file can't be read.",
    )
    parser.add_argument(
        "file", type=Path, help="the recording: recording.mkv of a run, or any file with sound or pictures"
    )
    parser.add_argument("--reference", type=Path, metavar="WAV", help="what was said in it")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=_run_analyze)


def _run_analyze(options: argparse.Namespace) -> ExitCode:
    from avatar_core.bench.analysis import run_analysis

    run_analysis(options.file, options.reference, as_json=options.json)
    return ExitCode.PASS


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


def _add_worker(commands: Commands) -> None:
    parser = commands.add_parser(
        "worker",
        help="be one avatar in a room, by hand",
        description="Join a room of the server that LIVEKIT_URL or --room names as an avatar, obey the one agent that "
        "is named, and leave when that has gone, or at Ctrl+C. The key and secret are LIVEKIT_API_KEY and "
        "LIVEKIT_API_SECRET. Exits with 1 where the avatar failed.",
    )
    parser.add_argument("room_name", help="the room to join")
    parser.add_argument("--agent", default="bench-agent", help="the identity that it obeys (default: %(default)s)")
    parser.add_argument("--identity", default="avatar-by-hand", help="its own identity (default: %(default)s)")
    _add_generator(parser)
    parser.add_argument("--room", default="", help="the URL of the server (default: LIVEKIT_URL)")
    parser.set_defaults(run=_run_worker)


def _add_generator(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--generator",
        default="talking-head",
        metavar="NAME",
        help="talking-head, sync-pattern, audio-wave, one that an installed package brings, or any class as "
        "module:Class (default: %(default)s)",
    )
    parser.add_argument(
        "--option",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="width, height, fps, sample_rate, channels, grace_s, controller_wait_s, or fault.NAME; may be repeated",
    )


def _run_worker(options: argparse.Namespace) -> ExitCode:
    from avatar_core.bench.hosting import WorkerArguments, run_worker

    arguments = WorkerArguments(
        options.room_name, options.identity, options.agent, options.generator, tuple(options.option)
    )
    return _EXIT_CODES[run_worker(_load_config(options), arguments)]


def _add_dispatcher(commands: Commands) -> None:
    parser = commands.add_parser(
        "dispatcher",
        help="launch avatars on demand over HTTP",
        description="Answer POST /launch with a worker in the room that is asked for, until Ctrl+C. Reachable from "
        "other machines only with a secret, AVATAR_DISPATCHER_TOKEN, that callers send as a bearer token.",
    )
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=8089, help="the port; 0 takes any free one (default: %(default)s)")
    parser.add_argument("--max-workers", type=int, default=8, help="at most so many at once (default: %(default)s)")
    parser.add_argument(
        "--generator",
        action="append",
        default=[],
        metavar="MODULE:CLASS",
        help="a class that may be launched beside the built-in ones; may be repeated",
    )
    parser.add_argument("--json", action="store_true", help="print one line of JSON when ready: the url")
    parser.set_defaults(run=_run_dispatcher)


def _run_dispatcher(options: argparse.Namespace) -> ExitCode:
    from avatar_core.avatar.dispatcher import DispatcherConfig
    from avatar_core.bench.hosting import run_dispatcher

    config = DispatcherConfig(
        host=options.host,
        port=options.port,
        token=dispatcher_token(process_environment()),
        max_workers=options.max_workers,
        generators=tuple(options.generator),
    )
    run_dispatcher(config, as_json=options.json)
    return ExitCode.PASS
