"""The commands that measure the bench itself, or a file: `calibrate`, `fault-matrix` and `analyze`."""

import argparse
from pathlib import Path

from avatar_core.bench.cli.arguments import EXIT_CODES, Commands, ExitCode, add_room_and_out, load_config
from avatar_core.bench.settings.config import process_environment


def add_calibrate(commands: Commands) -> None:
    """Add `calibrate`."""
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
    from avatar_core.bench.commands.calibrating import calibrate_as_asked

    environ = process_environment()
    return EXIT_CODES[calibrate_as_asked(environ, options.face, options.utterance, options.source_offset)]


def add_fault_matrix(commands: Commands) -> None:
    """Add `fault-matrix`."""
    parser = commands.add_parser(
        "fault-matrix",
        help="show that the bench notices what goes wrong",
        description="Plant each fault at two strengths, and do as many clean runs; print what was injected, what was "
        "detected and what fired without a reason. Takes an hour and a half; runs that can't be trusted are repeated. "
        "Exits with 0 when every fault was caught and nothing else fired, 1 when not, 3 when nothing could be trusted.",
    )
    parser.add_argument("--only", action="append", default=[], metavar="NAME", help="this fault; may be repeated")
    add_room_and_out(parser)
    parser.add_argument("--json", default="", choices=["-"], help="print the rows as JSON")
    parser.set_defaults(run=_run_fault_matrix)


def _run_fault_matrix(options: argparse.Namespace) -> ExitCode:
    from avatar_core.bench.commands.fault_runs import MatrixRequest, run_matrix

    request = MatrixRequest(tuple(options.only), options.out, options.json)
    return EXIT_CODES[run_matrix(load_config(options), request)]


def add_analyze(commands: Commands) -> None:
    """Add `analyze`."""
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
    from avatar_core.bench.commands.analysis import run_analysis

    run_analysis(options.file, options.reference, as_json=options.json)
    return ExitCode.PASS
