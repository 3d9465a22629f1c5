"""What a viewer loses when the avatar is swapped in the middle of an utterance: speech, silence, two voices at once.

    python benchmarks/swap.py --swaps 10 --policy carry

One utterance, a tone that is never silent, outlives all the swaps between two reference avatars in the embedded room,
each avatar a worker process of its own. Afterwards what the viewer heard of all of them is compared with what was said:
what is missing was lost, what is too much was said twice. Prints, judges nothing.
"""

import argparse
import asyncio
import os
import statistics
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tone import write_tone

from avatar_core.bench.session.bench_session import BenchSession
from avatar_core.bench.settings.config import Config
from avatar_core.bench.settings.room_choice import RoomChoice, RoomKind
from avatar_core.bench.snapshot import LedgerRow
from avatar_core.playback.recall import SwapPolicy

AVATARS = ("audio-wave", "talking-head")
TONE_S = 300
PICTURE = {"width": 640, "height": 360, "fps": 15.0}
"""What two cores can draw twice at once; a swap has both avatars running."""
SETTLE_TIMEOUT_S = 30.0


@dataclass(frozen=True)
class Heard:
    """One utterance and its swaps as the viewer heard them; seconds, and the gaps of each swap in ms (- = both on)."""

    pushed_s: float
    heard_s: float
    played_s: float
    lost_ms: tuple[float, ...]
    gaps_ms: tuple[float, ...]
    trusted_gaps: int
    failed: tuple[str, ...]


async def measure(policy: SwapPolicy, swaps: int, between_s: float, tone: Path) -> Heard:
    config = Config(RoomChoice(RoomKind.EMBEDDED, "the benchmark's own"))
    session = BenchSession(config, policy=policy, worker_options=PICTURE, monitor_muted=True)
    identities: set[str] = set()
    gaps_ms: list[float] = []
    lost_ms: list[float] = []
    failed: list[str] = []
    try:
        connected = await session.connect()
        if not connected.ok:
            raise SystemExit(f"The session did not start: {connected.text}")
        await session.add_source(tone)
        since_s = session.clock.now()
        await session.speak()
        for number in range(swaps):
            await asyncio.sleep(between_s)
            identities |= on_stage(session)
            result = await session.swap(AVATARS[number % 2])
            identities |= on_stage(session)
            if not result.ok:
                failed.append(result.text)
            else:
                for name, into in (("swap_audio_gap_ms", gaps_ms), ("swap_lost_ms", lost_ms)):
                    if name in result.values:
                        into.append(result.values[name])
        await asyncio.sleep(between_s)
        await session.stop()
        rows = await all_ended(session)
        # The viewer tells of silence 0.2 s after it began.
        await asyncio.sleep(1.0)
        hearing, until_s = session.life.hearing, session.clock.now()
        return Heard(
            pushed_s=sum(row.pushed_s for row in rows),
            heard_s=sum(hearing.audible_for_s(identity, since_s, until_s) for identity in identities),
            played_s=sum(row.played_s for row in rows),
            lost_ms=tuple(lost_ms),
            gaps_ms=tuple(gaps_ms),
            trusted_gaps=len(session.life.figures.values("swap_audio_gap_ms")),
            failed=tuple(failed),
        )
    finally:
        await session.aclose()


def on_stage(session: BenchSession) -> set[str]:
    return set() if session.life.actor is None else {session.life.actor.identity}


async def all_ended(session: BenchSession) -> Sequence[LedgerRow]:
    async with asyncio.timeout(SETTLE_TIMEOUT_S):
        while session.snapshot().balance.open:
            await asyncio.sleep(0.05)
    return session.snapshot().ledger


def show(policy: SwapPolicy, heard: Heard) -> None:
    gaps = heard.gaps_ms
    overlaps = [-gap for gap in gaps if gap < 0]
    print(
        f"{policy.value}: {len(gaps)} swaps measured, {heard.trusted_gaps} of them trusted, {len(heard.failed)} failed"
    )
    print(f"  said {heard.pushed_s:.2f} s, heard {heard.heard_s:.2f} s, lost {heard.pushed_s - heard.heard_s:+.3f} s")
    print(f"  by the ledger {heard.played_s:.2f} s played, by the swaps' own account {sum(heard.lost_ms):.0f} ms lost")
    if gaps:
        middle, worst = statistics.median(gaps), max(gaps)
        print(f"  gap of sound p50 {middle:.0f} ms, max {worst:.0f} ms; two voices {len(overlaps)} times", end="")
        print(f", at most {max(overlaps):.0f} ms" if overlaps else "")
    for why in heard.failed:
        print(f"  failed: {why}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--swaps", type=int, default=10)
    parser.add_argument("--between", type=float, default=2.0, help="seconds of speech between two swaps")
    parser.add_argument("--policy", choices=[policy.value for policy in SwapPolicy], action="append")
    arguments = parser.parse_args()
    print(f"load {os.getloadavg()[0]:.1f} over the last minute")
    with tempfile.TemporaryDirectory() as folder:
        tone = write_tone(Path(folder) / "tone.wav", duration_s=TONE_S)
        for name in arguments.policy or ["carry", "finish"]:
            policy = SwapPolicy(name)
            show(policy, asyncio.run(measure(policy, arguments.swaps, arguments.between, tone)))


if __name__ == "__main__":
    main()
