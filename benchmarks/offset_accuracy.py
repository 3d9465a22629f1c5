"""How well the viewer measures an A/V offset: known ones are planted in turn, and told against the run's zero block.

The worker reports what it planted; beeps of a time in which that changed are left out. Figures of time that is not
trusted are left out, and counted. The receiver's buffers grow and shrink within a run, sound's more than picture's,
and what is received with them: the first error has that in it. WebRTC's statistics tell how much longer a picture was
under way than sound; the second error is of what was received less that, as the bench's zero is. A first sweep is not
measured: within it the receiver's buffers settle, and it learns the sender's clock, which takes a minute.
"""

import argparse
import asyncio
from dataclasses import dataclass

import numpy as np

from avatar_core.avatar.faults.delays import SWEEP_MS
from avatar_core.avatar.faults.planted import Faults
from avatar_core.bench.bench_session import BenchSession
from avatar_core.bench.config import load_config
from avatar_core.bench.states import SeriesName

PATTERN = "sync-pattern"
LOOK_S = 0.1
SETTLED_S = 1.2
NEAR_MS = 12.0


@dataclass(frozen=True, slots=True)
class Beep:
    """One event: when, what was received, what was planted by then, and what the way added."""

    at_s: float
    received_ms: float
    planted_ms: float
    way_ms: float


def planted_at(reports: list[tuple[float, float]], at_s: float) -> float | None:
    """The planted offset that all reports of the last moments agree on; None in a change."""
    lately = [value for time_s, value in reports if at_s - SETTLED_S <= time_s <= at_s + LOOK_S]
    nearest = {min(SWEEP_MS, key=lambda step: abs(step - value)) for value in lately}
    if len(nearest) != 1 or any(abs(value - next(iter(nearest))) > NEAR_MS for value in lately):
        return None
    return nearest.pop()


async def measure(block_s: float) -> tuple[list[Beep], int]:
    """Every beep of the second sweep, and how many samples were not trusted."""
    config = load_config({}, None, None, {"room": "embedded"})
    session = BenchSession(
        config, first_provider=PATTERN, faults=Faults({"offset_sweep_s": block_s}), monitor_muted=True
    )
    figures, reports = session.life.figures, list[tuple[float, float]]()
    try:
        result = await session.connect()
        if not result.ok:
            raise SystemExit(result.text)
        settled_s = session.clock.now() + block_s * len(SWEEP_MS)
        ends_s = settled_s + block_s * len(SWEEP_MS)
        known = 0
        while session.clock.now() < ends_s:
            if session.snapshot().speech is None:
                await session.speak(PATTERN)
            values = figures.values("av_offset_source_ms")
            if len(values) > known:
                reports.append((session.clock.now(), values[-1]))
                known = len(values)
            await asyncio.sleep(LOOK_S)
        series = session.series(SeriesName.AV_OFFSET_MS, 0.0)
        trusted = [
            (float(at_s), float(value))
            for at_s, value in zip(series.time_s, series.value, strict=True)
            if at_s >= settled_s and np.isfinite(value) and figures.judge.trusted_between(float(at_s) - 1, float(at_s))
        ]
        ways = [(sample.time_s, sample.value) for sample in figures.samples() if sample.metric == "av_offset_way_ms"]
        if not ways:
            raise SystemExit("WebRTC's statistics did not tell of the way.")
        beeps = [
            Beep(at_s, value, planted, float(np.interp(at_s, *zip(*ways, strict=True))))
            for at_s, value in trusted
            if (planted := planted_at(reports, at_s)) is not None
        ]
        return beeps, figures.excluded
    finally:
        await session.aclose()


def table(beeps: list[Beep]) -> str:
    """Error against the zero block, for each planted offset and for all."""
    zero_block = [beep for beep in beeps if beep.planted_ms == 0.0]
    zero_ms = float(np.median([beep.received_ms for beep in zero_block]))
    path_ms = float(np.median([beep.received_ms - beep.way_ms for beep in zero_block]))
    lines = [
        f"zero block {zero_ms:+.1f} ms",
        "",
        "| injected ms | n | error p50 | p95 | less the way p50 | p95 |",
        "|---|---|---|---|---|---|",
    ]
    for name, chosen in [
        *((f"{planted_ms:+.0f}", [beep for beep in beeps if beep.planted_ms == planted_ms]) for planted_ms in SWEEP_MS),
        ("all", beeps),
    ]:
        raw = [abs(beep.received_ms - zero_ms - beep.planted_ms) for beep in chosen]
        steady = [abs(beep.received_ms - beep.way_ms - path_ms - beep.planted_ms) for beep in chosen]
        if chosen:
            spread = " | ".join(f"{np.percentile(errors, share):.1f}" for errors in (raw, steady) for share in (50, 95))
            lines.append(f"| {name} | {len(chosen)} | {spread} |")
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--block", type=float, default=8.0, help="seconds of each offset (default: %(default)s)")
    beeps, excluded = asyncio.run(measure(parser.parse_args().block))
    if not any(beep.planted_ms == 0.0 for beep in beeps):
        print(f"Not measured: no zero block that can be trusted; {excluded} samples were left out.")
        return 3
    print(f"{table(beeps)}\n\n{excluded} samples of untrusted time were left out.")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
