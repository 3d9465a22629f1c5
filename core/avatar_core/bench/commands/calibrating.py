"""The command `calibrate`: the sync pattern over the embedded room, and what the viewer itself adds to the offset."""

import asyncio
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from avatar_core.bench.commands.calibrating_face import FaceRequest, calibrate_face
from avatar_core.bench.scenarios.steps import Steps
from avatar_core.bench.session.bench_session import BenchSession
from avatar_core.bench.settings.calibration import Calibration, calibration_path, save_calibration, this_machine
from avatar_core.bench.settings.config import Config, default_settings_path, load_process_config
from avatar_core.bench.settings.face_calibration import face_biases_path
from avatar_core.clock import wall_time
from avatar_core.errors import BenchError

_PATTERN = "sync-pattern"
_FEWEST = 10


def calibrate_as_asked(
    environ: Mapping[str, str], face: str | None, utterance: str, source_offset_ms: float | None
) -> str:
    """Calibrate the viewer, or the `face` of a provider saying `utterance`, over the embedded room."""
    config = replace(load_process_config(environ, {"room": "embedded"}), calibration=None)
    settings = default_settings_path(environ)
    if face is None:
        return calibrate(config, calibration_path(settings))
    return calibrate_face(config, FaceRequest(face, utterance, source_offset_ms), face_biases_path(settings))


def calibrate(config: Config, path: Path) -> str:
    """Measure and keep it at `path`; "broken", and nothing kept, where too little of it can be trusted."""
    return asyncio.run(_calibrate(config, path))


async def _calibrate(config: Config, path: Path) -> str:
    session = BenchSession(config, first_provider=_PATTERN, monitor_muted=True)
    try:
        steps = Steps(session, _PATTERN)
        for step in (await steps.connect(), await steps.speak("speak")):
            if not step.ok:
                raise BenchError(f"The calibration could not be done: {step.text}.")
        print("Measuring the sync pattern for 30 s.", file=sys.stderr, flush=True)
        await steps.heard_to_the_end("heard to the end", within_s=60.0)
        figures = session.life.figures
        differences = [one.zero_ms for one in figures.zero.differences]
        trusted = not figures.excluded
    finally:
        await session.aclose()
    if len(differences) < _FEWEST:
        why = "the machine was too busy" if not trusted else "too little was seen"
        print(f"Not calibrated: {len(differences)} flashes of {_FEWEST} can be trusted; {why}.", file=sys.stderr)
        return "broken"
    calibration = made(differences)
    await asyncio.to_thread(save_calibration, path, calibration)
    print(
        f"Zero {calibration.zero_ms:+.1f} ms, spread {calibration.spread_ms:.1f} ms, n {calibration.n}. "
        f"+ = audio leads, video is late. Kept in {path}."
    )
    return "pass"


def made(differences: list[float]) -> Calibration:
    """Of what was received more than the source reported, in ms."""
    low, zero_ms, high = np.percentile(differences, (5, 50, 95))
    return Calibration(this_machine(), wall_time(), float(zero_ms), float(high - low), len(differences))
