"""AVSynchronizer beside LiveKit's, Vision-Agents' and VideoSDK's, in real time, without a network.

    python benchmarks/synchronizer.py --runs 2 --vision PYTHON --videosdk PYTHON

PYTHON is the interpreter of an environment in which vision-agents 0.6, or videosdk-agents 1.0, is installed; what is
not given is left out and said so. 30 pictures a second, 48 kHz mono. Each peer runs in a process of its own, those of
one scenario at the same time. Pictures are told apart by their pixels, sound by its samples. Sources are LiveKit's
kind, a queue that gives out 10 ms every 10 ms; Vision-Agents' and VideoSDK's tracks are pulled as a peer connection
does. Scenarios: rt, real time; fast, slow, burst: 1.5, 0.8 and 4 times as fast; starve: 0.5 s nothing every 3 s;
split: sound 2 s ahead of its pictures; block: the loop is blocked for 0.4 s; stall: the generator stands still for
0.4 s and catches up; interrupt: at 5 s, while the generator is ahead. Offsets are picture minus sound (+ = picture
late), in ms, of every picture whose sound left; `last5` is the median at the last five full seconds. Prints, judges
nothing.
"""

import argparse
import asyncio
import json
import statistics
import sys
from pathlib import Path

SCENARIOS = ("rt", "fast", "slow", "burst", "starve", "split", "block", "stall", "interrupt")
SIZES = ("320x180", "1280x720")
CHILD = Path(__file__).with_name("synchronizer_child.py")
COLUMNS = (
    ("offset_p50", "p50", 1),
    ("offset_p99", "abs p99", 1),
    ("last5", "last5", 1),
    ("slope", "ms/min", 2),
    ("pictures_lost", "pics lost", 0),
    ("repeated", "repeated", 0),
    ("sound_lost_ms", "sound lost", 0),
    ("silence_ms", "silence", 0),
    ("fps", "fps", 2),
    ("stale_sound_ms", "stale ms", 0),
    ("stale_pictures", "stale pics", 0),
    ("cpu_above_null", "cpu %", 2),
    ("rss_grown_mb", "rss MB", 1),
)


async def child(python: str, peer: str, scenario: str, media_s: float, size: str) -> dict[str, float]:
    """The figures of one run; empty where the peer failed, which is printed."""
    process = await asyncio.create_subprocess_exec(
        python,
        str(CHILD),
        peer,
        scenario,
        str(media_s),
        size,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    if process.returncode:
        print(f"{peer} failed in {scenario}: {err.decode().strip().splitlines()[-1:]}", file=sys.stderr)
        return {}
    return {name: float(value) for name, value in json.loads(out.splitlines()[-1]).items()}


async def measure(pythons: dict[str, str], scenario: str, size: str, media_s: float, runs: int) -> None:
    """All peers in one scenario, `runs` times; prints the medians."""
    found: dict[str, list[dict[str, float]]] = {peer: [] for peer in pythons}
    for _ in range(runs):
        results = await asyncio.gather(
            *(child(python, peer, scenario, media_s, size) for peer, python in pythons.items())
        )
        for peer, figures in zip(pythons, results, strict=True):
            if figures:
                null = next((one for name, one in zip(pythons, results, strict=True) if name == "null"), {})
                figures["cpu_above_null"] = figures["cpu_percent"] - null.get("cpu_percent", 0.0)
                found[peer].append(figures)
    for peer, all_runs in found.items():
        if peer == "null" or not all_runs:
            continue
        cells = []
        for name, _, digits in COLUMNS:
            values = [figures[name] for figures in all_runs if name in figures]
            cells.append(f"{statistics.median(values):.{digits}f}" if values else "")
        print(f"| {scenario} | {size} | {peer} | {len(all_runs)} | " + " | ".join(cells) + " |", flush=True)


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=12.0, help="of media; burst takes 20 (default 12)")
    parser.add_argument("--vision", metavar="PYTHON")
    parser.add_argument("--videosdk", metavar="PYTHON")
    parser.add_argument("--scenario", choices=SCENARIOS, action="append")
    parser.add_argument("--size", choices=SIZES, action="append")
    arguments = parser.parse_args()
    pythons = {"null": sys.executable, "ours": sys.executable, "livekit": sys.executable}
    if arguments.vision:
        pythons |= {"vision": arguments.vision, "vision-direct": arguments.vision}
    if arguments.videosdk:
        pythons["videosdk"] = arguments.videosdk
    for peer, given in (("Vision-Agents", arguments.vision), ("VideoSDK", arguments.videosdk)):
        if not given:
            print(f"{peer} is left out: no interpreter was given for it", file=sys.stderr)
    print("| scenario | size | peer | n | " + " | ".join(title for _, title, _ in COLUMNS) + " |")
    print("|---|---|---|---|" + "---|" * len(COLUMNS))
    for size in arguments.size or SIZES:
        for scenario in arguments.scenario or SCENARIOS:
            media_s = 20.0 if scenario == "burst" else arguments.seconds
            await measure(pythons, scenario, size, media_s, arguments.runs)


if __name__ == "__main__":
    asyncio.run(main())
