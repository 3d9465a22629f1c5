"""One synchronizer in one scenario, in a process and perhaps an environment of its own; prints figures as JSON."""

import asyncio
import gc
import json
import os
import sys
import time

from synchronizer_media import Item, Left, Pictures, clock, schedule, sound
from synchronizer_peers import PEERS

_TAIL_S = 1.0


def rss_bytes() -> int:
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


async def run(peer_name: str, scenario: str, media_s: float, width: int, height: int) -> dict[str, float]:
    left, pictures = Left(), Pictures(width, height)
    peer = PEERS[peer_name](left, width, height)
    await peer.start()
    items = schedule(scenario, media_s)
    brought = {item.number for item in items if item.kind in "va"}
    bringing: asyncio.Task[None] | None = None
    start_s, cpu_s, grown_from = clock(), time.process_time(), 0

    async def bring(part: list[Item]) -> None:
        nonlocal grown_from
        for item in part:
            await asyncio.sleep(max(0.0, start_s + item.due_s - clock()))
            if item.kind == "v":
                await peer.push_picture(pictures.picture(item.number), item.number)
            elif item.kind == "a":
                await peer.push_sound(sound(item.number), item.number)
            else:
                # The loop itself, as a generator that computes in it would.
                time.sleep(0.4)  # noqa: ASYNC251 - that it blocks is the point
            if not grown_from and clock() - start_s > 2.0:
                grown_from = rss_bytes()

    cut = next((index for index, item in enumerate(items) if item.kind == "interrupt"), len(items))
    bringing = asyncio.create_task(bring(items[:cut]))
    if cut < len(items):
        await asyncio.sleep(max(0.0, start_s + items[cut].due_s - clock()))
        bringing.cancel()
        await asyncio.gather(bringing, return_exceptions=True)
        left.interrupted_s = clock()
        await peer.interrupt()
        bringing = asyncio.create_task(bring(items[cut + 1 :]))
    await bringing
    # Until all of it is heard, or nothing new for a while.
    since_s = clock()
    while clock() - since_s < _TAIL_S:
        await asyncio.sleep(0.1)
        await peer.finish()
        since_s = max(since_s, left.loud_until_s())
    wall_s, used_s = clock() - start_s, time.process_time() - cpu_s
    gc.collect()
    grown = rss_bytes() - grown_from
    await peer.aclose()
    return left.figures(brought) | {"cpu_percent": 100 * used_s / wall_s, "rss_grown_mb": grown / 1e6}


if __name__ == "__main__":
    name, what, seconds, size = sys.argv[1:5]
    wide, high = (int(part) for part in size.split("x"))
    print(json.dumps(asyncio.run(run(name, what, float(seconds), wide, high))))
