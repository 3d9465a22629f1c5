"""The command that does a scenario, or observes: `run`."""

import argparse

from avatar_core.bench.cli.arguments import EXIT_CODES, Commands, ExitCode, add_fault, add_room_and_out, load_config
from avatar_core.bench.observe.observed import ObserveRequest, add_observe_arguments, read_observe_arguments
from avatar_core.errors import ConfigError

_SCENARIOS = ("demo", "monologue", "barge_in_single", "hot_swap_mid_utterance", "worker_crash")
"""Those of bench.scenarios.catalogue, whose import would make every start slower."""

_PROVIDER = "talking-head"


def add_run(commands: Commands) -> None:
    """Add `run`."""
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
    add_room_and_out(parser)
    add_fault(parser)
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
    from avatar_core.bench.commands.headless import RunRequest, run_headless
    from avatar_core.bench.settings.faults import read_faults
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
    return EXIT_CODES[run_headless(load_config(options), request)]


def _run_observing(options: argparse.Namespace, observed: ObserveRequest) -> ExitCode:
    for name in ("scenario", "provider", "swap_to", "swap_policy", "fault"):
        if getattr(options, name):
            flag = name if name == "scenario" else f"--{name.replace('_', '-')}"
            raise ConfigError(f"--observe takes no {flag}: somebody else drives the avatar.")
    from avatar_core.bench.commands.observing import observing_run, run_observing

    run = observing_run(observed, seed=options.seed, out=options.out, json_to=options.json, record=options.record)
    return EXIT_CODES[run_observing(load_config(options), observed, run)]
