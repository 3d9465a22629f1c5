"""What the window costs, and whether a stall of its thread reaches the clocks that pace and measure media.

    python benchmarks/gui.py --seconds 10

Cost: CPU of this process, the window over a real session with one 720p avatar that speaks, then four previews of 360p
beside all plots. Clocks: how late 10 ms ticks come in the viewer and in the worker, as their own loops see them, while
the window's thread is held for 200 ms once a second. Nothing is judged; it exits with 0.
"""

import argparse
import asyncio
import json
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtWidgets import QApplication, QGridLayout, QWidget
from qasync import QEventLoop
from tone import write_tone

from avatar_core.bench.contract import Session
from avatar_core.bench.fake.scene import put_to_work
from avatar_core.bench.fake.session import FakeSession
from avatar_core.bench.session.bench_session import BenchSession
from avatar_core.bench.settings.config import Config
from avatar_core.bench.settings.room_choice import RoomChoice, RoomKind
from avatar_core.bench.states import SessionState
from avatar_core.bench.viewing.viewer_child import RemotePreview
from avatar_core.child import ChildProcess
from avatar_core.clock import MonotonicClock
from avatar_core.playback.contract import AudioOutput
from avatar_core.providers.contract import Avatar, ProviderTraits, Seat
from avatar_core.room.connection import RoomConnection
from avatar_core.tasks import cancel_and_wait, spawn
from avatar_core.viewer.load import LoadMeter
from avatar_core.wire.codec import JsonScalar
from avatar_core.wire.dispatch import LaunchRequest, encode_body
from avatar_core.wire.process_messages import ProcessLoad
from avatar_core.wire.viewer_events import PreviewMemory, SoundChanged
from avatar_gui.app import create_application
from avatar_gui.icons import Icons
from avatar_gui.main_window import FRAME_MS, TICK_MS, MainWindow
from avatar_gui.plots.stack import PlotStack
from avatar_gui.testing import wait_session_state, wait_until
from avatar_gui.theme import Theme
from avatar_gui.widgets.preview import Picture

CHILD = Path(__file__).with_name("gui_child.py")
PICTURE = {"width": 1280, "height": 720, "fps": 30.0}
PREVIEWS, PREVIEW_PX, PREVIEW_FPS = 4, (640, 360), 30
STALL_S, STALL_INTERVAL_MS = 0.2, 1000
START_TIMEOUT_S, WARM_UP_S = 60.0, 3.0
TONE_S = 600
"""What is spoken never falls silent: each silence at the viewer is a break."""


class MeteredAvatar:
    """A worker of our own that measures itself."""

    def __init__(self, child: ChildProcess) -> None:
        self._child = child

    async def open_output(self, connection: RoomConnection) -> AudioOutput | None:
        """It takes LiveKit's data stream."""
        return None

    async def why_ended(self) -> str:
        return "" if self._child.running else self._child.last_words or "it ended"

    async def aclose(self) -> None:
        await self._child.aclose()


class MeteredProvider:
    """Starts the real worker in a process that also writes its loads to `loads_path`."""

    traits = ProviderTraits("metered", "Talking head", "benchmark", 24_000, exact_position=True)

    def __init__(self, loads_path: Path) -> None:
        self._loads_path = loads_path

    async def start(self, seat: Seat) -> Avatar:
        command = [sys.executable, "-P", str(CHILD), "worker", str(self._loads_path)]
        child = await ChildProcess.start_command(command, name="worker")
        options: dict[str, JsonScalar] = {
            **PICTURE,
            "generator": "gui_child:MeteredHead",
            "sample_rate": self.traits.sample_rate_hz,
        }
        request = LaunchRequest(seat.room_name, seat.url, seat.token, options)
        child.send_line(encode_body(request) + b"\n")
        return MeteredAvatar(child)


@dataclass(frozen=True)
class Cost:
    """CPU of this process as a share of one core, over one stretch of time; pictures shown a second, all together."""

    what: str
    cpu: float
    pictures_per_s: float


@dataclass(frozen=True)
class Phase:
    """A stretch of time, in monotonic seconds."""

    name: str
    start_s: float
    end_s: float

    def holds(self, at_s: float, length_s: float = 0.0) -> bool:
        return self.start_s <= at_s - length_s and at_s <= self.end_s


async def cost_of(what: str, seconds: float, shown: Callable[[], int]) -> Cost:
    before, cpu_s, started_s = shown(), time.process_time(), time.monotonic()
    await asyncio.sleep(seconds)
    elapsed_s = time.monotonic() - started_s
    return Cost(what, (time.process_time() - cpu_s) / elapsed_s, (shown() - before) / elapsed_s)


def hold_thread() -> None:
    """Keep the thread, and the GIL, busy."""
    end_s = time.monotonic() + STALL_S
    while time.monotonic() < end_s:
        pass


async def meter_own_loop(into: list[ProcessLoad]) -> None:
    meter = LoadMeter(MonotonicClock())
    while True:
        into.append(await meter.measure())


class RealWindow:
    """The window over a real session with one avatar, and what was measured of it."""

    def __init__(self, window: MainWindow, session: BenchSession, loads_path: Path) -> None:
        self.window = window
        self.session = session
        self.viewer: list[ProcessLoad] = []
        self.breaks_s: list[float] = []
        self._loads_path = loads_path
        assert session.life.stage is not None, "the session is connected"
        session.life.stage.viewer_said.connect(self._viewer_said)

    def worker(self) -> list[ProcessLoad]:
        lines = self._loads_path.read_text(encoding="utf-8").splitlines()
        return [ProcessLoad(**json.loads(line)) for line in lines]

    def _viewer_said(self, message: object) -> None:
        if isinstance(message, ProcessLoad):
            self.viewer.append(message)
        elif isinstance(message, SoundChanged) and not message.audible:
            self.breaks_s.append(message.at_s)


@asynccontextmanager
async def real_window(app: QApplication, theme: Theme, folder: Path) -> AsyncIterator[RealWindow]:
    config = Config(RoomChoice(RoomKind.EMBEDDED, "a benchmark"))
    loads_path = folder / "worker.jsonl"
    provider = MeteredProvider(loads_path)
    session = BenchSession(config, providers=[provider], first_provider=provider.traits.id, monitor_muted=True)
    window = MainWindow(app, session, theme)
    window.show()
    window.start()
    try:
        await wait_session_state(window, SessionState.READY, START_TIMEOUT_S)
        await session.add_source(write_tone(folder / "tone.wav", duration_s=TONE_S))
        await session.speak()
        await wait_until(lambda: session.levels().rms_dbfs is not None, START_TIMEOUT_S, lambda: "nothing is heard")
        await asyncio.sleep(WARM_UP_S)
        yield RealWindow(window, session, loads_path)
    finally:
        window.request_close()
        await window.wait_closed()
        window.deleteLater()


async def stalled_clocks(real: RealWindow, seconds: float) -> tuple[list[Phase], dict[str, list[ProcessLoad]]]:
    """Two stretches, without stalls and with, and the loads of every loop over both."""
    own: list[ProcessLoad] = []
    metering = spawn(meter_own_loop(own), name="own load")
    timer = QTimer()
    timer.setTimerType(Qt.TimerType.PreciseTimer)
    timer.timeout.connect(hold_thread)
    phases = []
    for name in ("left alone", "stalled"):
        if name == "stalled":
            timer.start(STALL_INTERVAL_MS)
        started_s = time.monotonic()
        await asyncio.sleep(seconds)
        phases.append(Phase(name, started_s, time.monotonic()))
    timer.stop()
    await cancel_and_wait(metering)
    return phases, {"window's thread": own, "viewer": real.viewer, "worker": real.worker()}


@asynccontextmanager
async def four_pictures() -> AsyncIterator[list[Picture]]:
    """Picture widgets, each over a block of its own that another process fills."""
    arguments = ["previews", *(str(value) for value in (PREVIEWS, *PREVIEW_PX, PREVIEW_FPS))]
    child = await ChildProcess.start_command([sys.executable, "-P", str(CHILD), *arguments], name="previews")
    pictures = []
    try:
        async for line in child.lines():
            announced = json.loads(line)
            reader = RemotePreview(lambda width_px, height_px: None)
            reader.attach(PreviewMemory(announced["path"], 3, announced["slot_bytes"], *PREVIEW_PX))
            picture = Picture(reader)
            picture.setFixedSize(QSize(*PREVIEW_PX))
            pictures.append(picture)
            if len(pictures) == PREVIEWS:
                break
        yield pictures
    finally:
        for picture in pictures:
            picture.release()
        await child.aclose()


async def cost_of_four(theme: Theme, seconds: float) -> list[Cost]:
    """All plots alone, then four pictures beside them."""
    session = FakeSession()
    put_to_work(session)
    panel = QWidget()
    layout = QGridLayout(panel)
    plots = PlotStack(cast(Session, session), Icons(theme), theme)
    plots.setFixedHeight(2 * PREVIEW_PX[1])
    layout.addWidget(plots, 2, 0, 1, 2)
    ticks, frames = QTimer(panel), QTimer(panel)
    ticks.timeout.connect(plots.refresh)
    async with four_pictures() as pictures:
        for index, picture in enumerate(pictures):
            layout.addWidget(picture, index // 2, index % 2)
            frames.timeout.connect(picture.poll)
        panel.show()
        ticks.start(TICK_MS)
        await asyncio.sleep(WARM_UP_S)

        def shown() -> int:
            return sum(picture.sequence for picture in pictures)

        alone = await cost_of("all plots, no picture", seconds, shown)
        frames.start(FRAME_MS)
        await asyncio.sleep(1.0)
        name = f"all plots, {PREVIEWS} previews of {PREVIEW_PX[0]}x{PREVIEW_PX[1]} at {PREVIEW_FPS} fps"
        beside = await cost_of(name, seconds, shown)
        frames.stop()
        ticks.stop()
    await session.aclose()
    panel.deleteLater()
    return [alone, beside]


def print_table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> None:
    cells = [list(head), *(list(row) for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(cells[0]))]
    for index, row in enumerate(cells):
        print("| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |")
        if index == 0:
            print("|" + "|".join("-" * (width + 2) for width in widths) + "|")


def print_costs(costs: Iterable[Cost]) -> None:
    rows = ([cost.what, f"{cost.cpu * 100:.0f} %", f"{cost.pictures_per_s:.0f}"] for cost in costs)
    print_table(("this process", "CPU, of one core", "pictures a second"), rows)


def print_clocks(phases: list[Phase], clocks: dict[str, list[ProcessLoad]], breaks_s: list[float]) -> None:
    """Lateness of the ticks of each second: p99 of the middle second, p99 of the worst one, the latest tick."""
    rows = []
    for name, loads in clocks.items():
        row = [name]
        for phase in phases:
            seconds = [load for load in loads if phase.holds(load.at_s, 1.0)]
            p99s = sorted(load.lateness_p99_ms for load in seconds)
            latest = max(load.lateness_max_ms for load in seconds)
            row.append(f"{p99s[len(p99s) // 2]:.1f} / {p99s[-1]:.1f} / {latest:.0f}")
        rows.append(row)
    breaks = (sum(phase.holds(at_s) for at_s in breaks_s) for phase in phases)
    rows.append(["silences the viewer heard", *(str(count) for count in breaks)])
    print_table(("lateness, ms: p99, worst p99, latest", *(phase.name for phase in phases)), rows)


async def run(app: QApplication, seconds: float) -> None:
    theme = Theme(app)
    theme.choose("dark")
    costs = await cost_of_four(theme, seconds)
    with tempfile.TemporaryDirectory() as folder:
        async with real_window(app, theme, Path(folder)) as real:
            picture = real.window.body.preview.picture
            name = "the window over a real session, one avatar of 1280x720 at 30 fps"
            costs.append(await cost_of(name, seconds, lambda: picture.sequence))
            phases, clocks = await stalled_clocks(real, seconds)
    load = ", ".join(f"{value:.2f}" for value in os.getloadavg())
    print(f"{os.cpu_count()} cores, load {load}, {seconds:.0f} s each\n")
    print_costs(costs)
    print(f"\nStalls of {STALL_S * 1000:.0f} ms, one every {STALL_INTERVAL_MS / 1000:.0f} s:\n")
    print_clocks(phases, clocks, real.breaks_s)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=10.0, help="measured per row, after a warm-up")
    parser.add_argument("--platform", default="offscreen", help="Qt's platform; empty for the desktop's own")
    options = parser.parse_args()
    app = create_application(options.platform)
    loop = QEventLoop(app)
    asyncio.set_event_loop(loop)
    try:
        loop.run_until_complete(run(app, options.seconds))
    finally:
        asyncio.set_event_loop(None)
        loop.close()


if __name__ == "__main__":
    main()
