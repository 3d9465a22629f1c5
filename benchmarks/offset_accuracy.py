"""How well the viewer measures an A/V offset: known ones are planted in turn, and told against the run's zero block.

That block comes in four parts between the others, some 24 beeps in all.

The worker reports with which offset each picture left: what was planted, and by how much its loop was late. That is
what was injected, and what the errors are told against; the table is ordered by what was planted. Figures of time that
is not trusted are left out, and counted.

The receiver's buffers grow and shrink within a run, sound's more than picture's, and what is received with them: the
first error has that in it. WebRTC's statistics tell how much longer a picture was under way than sound; the second
error is of what was received less that, as the bench takes it off the zero. A first sweep is not measured: within it
the receiver's buffers settle, and it learns the sender's clock, which takes a minute.

At the first sounds of an utterance the receiver's buffer often holds too much, and lets go of it within 3 s: sound is
late indeed. So the last line of the table leaves those seconds out, of the zero block as well.
"""

import argparse
import asyncio
from bisect import bisect
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from avatar_core.avatar.faults.delays import SWEEP_MS
from avatar_core.avatar.faults.planted import Faults
from avatar_core.bench.session.bench_session import BenchSession
from avatar_core.bench.settings.config import load_config
from avatar_core.metrics.way import AROUND_S
from avatar_core.metrics.zero import Difference

PATTERN = "sync-pattern"
STEPS_MS = tuple(dict.fromkeys(SWEEP_MS))
LOOK_S = 0.1
SETTLED_S = AROUND_S + 2.0
LETS_GO_S = 3.5
"""From the order to speak: half a second until sound is heard, and 3 s of it."""


@dataclass(frozen=True, slots=True)
class Beep:
    """One event: how long into its utterance, and what was received, had left, and was added by the way."""

    into_s: float
    found: Difference

    @property
    def planted_ms(self) -> float:
        """What was planted: the worker's loop is late by a few milliseconds, never by half a step."""
        return min(STEPS_MS, key=lambda step: abs(step - self.found.source_ms))


class Sweep(NamedTuple):
    """Every beep of the second sweep; how many samples were not trusted, and when and why, counted from the first."""

    beeps: list[Beep]
    excluded: int
    doubts: list[str]


async def measure(block_s: float, size: str) -> Sweep:
    """Plant every offset twice; the second time it is measured."""
    config = load_config({"AVATAR_SIZE": size}, None, None, {"room": "embedded"})
    session = BenchSession(
        config, first_provider=PATTERN, faults=Faults({"offset_sweep_s": block_s}), monitor_muted=True
    )
    figures = session.life.figures
    spoken_s: list[float] = []
    try:
        result = await session.connect()
        if not result.ok:
            raise SystemExit(result.text)
        settled_s = session.clock.now() + block_s * len(SWEEP_MS)
        ends_s = settled_s + block_s * len(SWEEP_MS)
        while session.clock.now() < ends_s:
            if session.snapshot().speech is None:
                spoken_s.append(session.clock.now())
                await session.speak(PATTERN)
            await asyncio.sleep(LOOK_S)
        # What the way added to the last ones is settled a little later.
        await asyncio.sleep(SETTLED_S)
        if not figures.way.is_told:
            raise SystemExit("WebRTC's statistics did not tell of the way.")
        beeps = [
            Beep(one.at_s - spoken_s[bisect(spoken_s, one.at_s) - 1], one)
            for one in figures.zero.differences
            if settled_s <= one.at_s < ends_s and figures.judge.trusted_between(one.at_s - 1, one.at_s)
        ]
        begun_s = settled_s - block_s * len(SWEEP_MS)
        doubts = [
            f"{span.start_s - begun_s:.0f} to {(span.end_s or session.clock.now()) - begun_s:.0f} s: {span.reason}"
            for span in figures.judge.spans
        ]
        return Sweep(beeps, figures.excluded, doubts)
    finally:
        await session.aclose()


def errors(beeps: list[Beep], chosen: list[Beep]) -> tuple[list[float], list[float]]:
    """How far the `chosen` are off against the zero block of `beeps`: as received, and less the way."""
    zero_block = [beep.found for beep in beeps if beep.planted_ms == 0.0]
    path_ms = float(np.median([one.received_ms - one.source_ms for one in zero_block]))
    zero_ms = float(np.median([one.zero_ms for one in zero_block]))
    raw = [abs(beep.found.received_ms - beep.found.source_ms - path_ms) for beep in chosen]
    return raw, [abs(beep.found.zero_ms - zero_ms) for beep in chosen]


def table(beeps: list[Beep]) -> str:
    """Error against the zero block, for each planted offset, for all, and for all once the buffer has let go."""
    lines = ["| planted ms | n | error p50 | p95 | less the way p50 | p95 |", "|---|---|---|---|---|---|"]
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


def late(beeps: list[Beep]) -> str:
    """By how much more than planted pictures left after their sound."""
    low, middle, high = np.percentile([beep.found.source_ms - beep.planted_ms for beep in beeps], (5, 50, 95))
    return f"Pictures left {low:.1f} to {high:.1f} ms (p5, p95; median {middle:.1f}) later than planted."


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--block", type=float, default=8.0, help="seconds of each offset (default: %(default)s)")
    parser.add_argument("--size", default="1280x720", help="of the pictures (default: %(default)s)")
    asked = parser.parse_args()
    beeps, excluded, doubts = asyncio.run(measure(asked.block, asked.size))
    if doubts:
        print("Time that was not trusted, from the first sweep on:", *doubts, "", sep="\n")
    if not any(beep.planted_ms == 0.0 for beep in beeps):
        print(f"Not measured: no zero block that can be trusted; {excluded} samples were left out.")
        return 3
    print(f"{table(beeps)}\n\n{late(beeps)} {excluded} samples of untrusted time were left out.")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
