"""What benchmarks/gui.py runs in processes of their own: a writer of preview pictures, and a worker with a load meter.

gui_child.py previews COUNT WIDTH HEIGHT FPS    announces each block as a JSON line, then writes until stdin ends
gui_child.py worker PATH                        a worker as the dispatcher starts it; its loads go to PATH
"""

import asyncio
import json
import sys
from dataclasses import asdict
from pathlib import Path

import numpy as np

from avatar_core.avatar import worker
from avatar_core.avatar.generator import AvatarOptions
from avatar_core.avatar.generators.talking_head import TalkingHead
from avatar_core.clock import Clock, MonotonicClock
from avatar_core.owner import OwnerPipe
from avatar_core.tasks import TaskGroup
from avatar_core.viewer.load import LoadMeter
from avatar_core.viewer.preview_memory import PreviewWriter

BYTES_PER_PIXEL = 4


async def write_previews(count: int, width_px: int, height_px: int, fps: float) -> None:
    """A grey wedge that moves one row a picture, in `count` blocks at once."""
    stride = width_px * BYTES_PER_PIXEL
    wedge = np.repeat(np.arange(2 * height_px, dtype=np.uint8), stride)
    clock = MonotonicClock()
    pipe = await OwnerPipe.open()
    writers = [PreviewWriter(stride * height_px) for _ in range(count)]
    tasks = TaskGroup()

    async def write() -> None:
        due_s, picture = clock.now(), 0
        while True:
            picture, start = picture + 1, picture % height_px * stride
            for writer in writers:
                slot, pixels = writer.slot()
                np.copyto(np.frombuffer(pixels, np.uint8), wedge[start : start + stride * height_px])
                writer.publish(slot, width_px=width_px, height_px=height_px, stride=stride, time_s=clock.now())
            due_s += 1 / fps
            await clock.sleep_until(due_s)

    for writer in writers:
        pipe.send(json.dumps({"path": str(writer.path), "slot_bytes": writer.slot_bytes}).encode() + b"\n")
    tasks.spawn(write(), name="preview pictures")
    while await pipe.read_line():
        continue
    await tasks.aclose()
    for writer in writers:
        writer.close()
    pipe.close()


class MeteredHead(TalkingHead):
    """The talking head, with a load meter on the loop that paces its media."""

    def __init__(self, options: AvatarOptions, clock: Clock) -> None:
        super().__init__(options, clock)
        self._meters = TaskGroup()
        self._meters.spawn(_report(clock, Path(sys.argv[2])), name="load meter")

    async def aclose(self) -> None:
        """End the meter, then the head; harmless twice."""
        await self._meters.aclose()
        await super().aclose()


async def _report(clock: Clock, path: Path) -> None:
    meter = LoadMeter(clock)
    with path.open("w", encoding="utf-8", buffering=1) as file:
        while True:
            file.write(json.dumps(asdict(await meter.measure())) + "\n")


if __name__ == "__main__":
    if sys.argv[1] == "previews":
        asyncio.run(write_previews(*(int(argument) for argument in sys.argv[2:6])))
    else:
        # The worker finds MeteredHead by the name of this module, which is not on the path of a process without one.
        sys.path.insert(0, str(Path(__file__).parent))
        sys.exit(worker.main())
