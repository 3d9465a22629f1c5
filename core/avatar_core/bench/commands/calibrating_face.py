"""The command `calibrate --face`: what a face in sync reads, against the sync pattern over the same way."""

import asyncio
import sys
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np

from avatar_core.bench.measuring.face_reading import METRIC
from avatar_core.bench.scenarios.steps import Step, Steps
from avatar_core.bench.session.bench_session import BenchSession
from avatar_core.bench.settings.config import Config
from avatar_core.bench.settings.face_calibration import FaceBias, save_face_bias
from avatar_core.clock import wall_time
from avatar_core.errors import BenchError

_PATTERN = "sync-pattern"
_SAID_TIMES = 2
_LIMIT_S = 90.0
_FEWEST_FLASHES, _FEWEST_READINGS = 10, 3


@dataclass(frozen=True, slots=True)
class FaceRequest:
    """Whose face, saying what; `source_ms`: its own offset, for one that does not report it."""

    provider: str
    utterance: str
    source_ms: float | None


def calibrate_face(config: Config, request: FaceRequest, path: Path) -> str:
    """Measure and keep it at `path`; "broken", and nothing kept, where too little of it is known or trusted."""
    return asyncio.run(_calibrate(config, request, path))


async def _calibrate(config: Config, request: FaceRequest, path: Path) -> str:
    session = BenchSession(config, first_provider=_PATTERN, monitor_muted=True)
    figures = session.life.figures
    try:
        session.life.registry.get(request.provider)
        steps = Steps(session, request.provider)
        _done(await steps.connect())
        print("Measuring the sync pattern for 30 s.", file=sys.stderr, flush=True)
        _done(await steps.speak("speak"))
        _done(await steps.heard_to_the_end("the pattern", within_s=_LIMIT_S))
        zeros = [one.zero_ms for one in figures.zero.differences]
        _done(await steps.do("swap", session.swap(request.provider)))
        face_s = session.clock.now()
        for number in range(_SAID_TIMES):
            print(f"Reading the face, {number + 1} of {_SAID_TIMES}.", file=sys.stderr, flush=True)
            _done(await steps.do("speak", session.speak(request.utterance)))
            _done(await steps.heard_to_the_end(request.utterance, within_s=_LIMIT_S))
    finally:
        await session.aclose()
    raw_ms = figures.values(METRIC)
    if len(zeros) < _FEWEST_FLASHES or len(raw_ms) < _FEWEST_READINGS:
        note = next(row.note for row in figures.rows(session.life.book.balance()) if row.name == METRIC)
        why = f"{len(zeros)} flashes of {_FEWEST_FLASHES} and {len(raw_ms)} readings of {_FEWEST_READINGS}"
        return _broken(f"{why} can be trusted ({note})")
    reported = [one.value for one in figures.samples() if one.metric == "av_offset_source_ms" and one.time_s > face_s]
    if request.source_ms is None and not reported:
        return _broken(
            f"{request.provider} does not report its own offset. Give what is known of it as --source-offset"
        )
    # Each avatar has a way of its own, which WebRTC tells of; what nobody tells of is the zero.
    told = [one.value for one in figures.samples() if one.metric == "av_offset_way_ms" and one.time_s > face_s]
    way_ms = median(zeros) + (median(told) if told else 0.0)
    source_ms = request.source_ms if request.source_ms is not None else median(reported)
    bias = bias_of(request.provider, request.utterance, raw_ms, way_ms, source_ms)
    await asyncio.to_thread(save_face_bias, path, bias)
    print(
        f"{request.provider} saying {request.utterance}: bias {bias.bias_ms:+.1f} ms, spread {bias.spread_ms:.1f} ms, "
        f"n {bias.n}. + = a mouth in sync seems late. Kept in {path}."
    )
    return "pass"


def _done(step: Step) -> None:
    if not step.ok:
        raise BenchError(f"The calibration could not be done: {step.text}.")


def _broken(why: str) -> str:
    print(f"Not calibrated: {why}.", file=sys.stderr)
    return "broken"


def bias_of(provider: str, utterance: str, raw_ms: list[float], way_ms: float, source_ms: float) -> FaceBias:
    """The bias of a face that read `raw_ms`, while its worker let sound and picture go `source_ms` apart.

    `way_ms`: what the receiver adds, as the sync pattern tells it.
    """
    low, middle, high = np.percentile(raw_ms, (5, 50, 95))
    return FaceBias(
        provider, utterance, float(middle) - way_ms - source_ms, float(high - low), len(raw_ms), wall_time()
    )
