"""The commands that are one part of a call, until they are ended: `room`, `worker` and `dispatcher`."""

import argparse

from avatar_core.bench.cli.arguments import EXIT_CODES, Commands, ExitCode, load_config
from avatar_core.bench.settings.config import dispatcher_token, load_process_config, process_environment


def add_room(commands: Commands) -> None:
    """Add `room`."""
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
    from avatar_core.bench.commands.serve_room import run_room

    # This is the room, so LIVEKIT_URL does not matter here.
    config = load_process_config(process_environment(), {"room": "embedded"})
    run_room(options.host, options.port, config.credentials, as_json=options.json)
    return ExitCode.PASS


def add_worker(commands: Commands) -> None:
    """Add `worker`."""
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
    from avatar_core.bench.commands.hosting import WorkerArguments, run_worker

    arguments = WorkerArguments(
        options.room_name, options.identity, options.agent, options.generator, tuple(options.option)
    )
    return EXIT_CODES[run_worker(load_config(options), arguments)]


def add_dispatcher(commands: Commands) -> None:
    """Add `dispatcher`."""
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
    from avatar_core.bench.commands.hosting import run_dispatcher

    config = DispatcherConfig(
        host=options.host,
        port=options.port,
        token=dispatcher_token(process_environment()),
        max_workers=options.max_workers,
        generators=tuple(options.generator),
    )
    run_dispatcher(config, as_json=options.json)
    return ExitCode.PASS
