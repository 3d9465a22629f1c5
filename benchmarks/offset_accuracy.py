"""How well the viewer measures an A/V offset: known ones are planted in turn, and told against the run's zero block.

That block comes in four parts between the others, some 24 beeps in all.

The worker reports what it planted; beeps of a time in which that changed are left out. Figures of time that is not
trusted are left out, and counted. The receiver's buffers grow and shrink within a run, sound's more than picture's,
and what is received with them: the first error has that in it. WebRTC's statistics tell how much longer a picture was
under way than sound; the second error is of what was received less that, as the bench takes it off the zero. A first
sweep is not measured: within it the receiver's buffers settle, and it learns the sender's clock, which takes a minute.
At the first sounds of an utterance the receiver's buffer often holds too much, and lets go of it within 3 s: sound is
late indeed. So the last line of the table leaves those seconds out, of the zero block as well.
"""

import argparse
import asyncio
from bisect import bisect
from dataclasses import dataclass

import numpy as np

from avatar_core.avatar.faults.delays import SWEEP_MS
from avatar_core.avatar.faults.planted import Faults
from avatar_core.bench.bench_session import BenchSession
from avatar_core.bench.config import load_config
from avatar_core.bench.states import SeriesName

PATTERN = "sync-pattern"
STEPS_MS = tuple(dict.fromkeys(SWEEP_MS))
LOOK_S = 0.1
SETTLED_S = 1.2
NEAR_MS = 12.0
LETS_GO_S = 3.5
"""From the order to speak: half a second until sound is heard, and 3 s of it."""


@dataclass(frozen=True, slots=True)
class Beep:
    """One event: when, how long into its utterance, what was received, what was planted, and what the way added."""

    at_s: float
    into_s: float
    received_ms: float
    planted_ms: float
    way_ms: float


def planted_at(reports: list[tuple[float, float]], at_s: float) -> float | None:
    """The planted offset that all reports of the last moments agree on; None in a change."""
    lately = [value for time_s, value in reports if at_s - SETTLED_S <= time_s <= at_s + LOOK_S]
    nearest = {min(STEPS_MS, key=lambda step: abs(step - value)) for value in lately}
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
    spoken_s: list[float] = []
    try:
        result = await session.connect()
        if not result.ok:
            raise SystemExit(result.text)
        settled_s = session.clock.now() + block_s * len(SWEEP_MS)
        ends_s = settled_s + block_s * len(SWEEP_MS)
        known = 0
        while session.clock.now() < ends_s:
            if session.snapshot().speech is None:
                spoken_s.append(session.clock.now())
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
        if not figures.way.is_told:
            raise SystemExit("WebRTC's statistics did not tell of the way.")
        beeps = [
            Beep(
                at_s,
                at_s - spoken_s[bisect(spoken_s, at_s) - 1],
                value,
                planted,
                figures.way.offset_ms(at_s) or 0.0,
            )
            for at_s, value in trusted
            if (planted := planted_at(reports, at_s)) is not None
        ]
        return beeps, figures.excluded
    finally:
        await session.aclose()


def errors(beeps: list[Beep], chosen: list[Beep]) -> tuple[list[float], list[float]]:
    """How far the `chosen` are off against the zero block of `beeps`: as received, and less the way."""
    zero_block = [beep for beep in beeps if beep.planted_ms == 0.0]
    zero_ms = float(np.median([beep.received_ms for beep in zero_block]))
    path_ms = float(np.median([beep.received_ms - beep.way_ms for beep in zero_block]))
    raw = [abs(beep.received_ms - zero_ms - beep.planted_ms) for beep in chosen]
    return raw, [abs(beep.received_ms - beep.way_ms - path_ms - beep.planted_ms) for beep in chosen]


def table(beeps: list[Beep]) -> str:
    """Error against the zero block, for each planted offset, for all, and for all once the buffer has let go."""
    lines = ["| injected ms | n | error p50 | p95 | less the way p50 | p95 |", "|---|---|---|---|---|---|"]
    settled = [beep for beep in beeps if beep.into_s >= LETS_GO_S]
    for name, told, chosen in [
        *((f"{step_ms:+.0f}", beeps, [beep for beep in beeps if beep.planted_ms == step_ms]) for step_ms in STEPS_MS),
        ("all", beeps, beeps),
        ("all but the first 3 s of each utterance", settled, settled),
    ]:
        if chosen and any(beep.planted_ms == 0.0 for beep in told):
            spread = [f"{np.percentile(found, share):.1f}" for found in errors(told, chosen) for share in (50, 95)]
            lines.append(f"| {name} | {len(chosen)} | {' | '.join(spread)} |")
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
