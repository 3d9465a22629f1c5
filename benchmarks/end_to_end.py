"""A session end to end, as a viewer gets it: our worker beside livekit-agents' AvatarRunner, in the same room and run.

    python benchmarks/end_to_end.py --size 1280x720

Both draw the same sync pattern and are spoken to by our sender; everything is measured by the viewer, a process of its
own, through the embedded room. First some utterances heard to their end, then interrupts. `end` is the acknowledgement
of the natural end minus the end as heard, `position` the position told on an interrupt minus what was heard. Figures of
untrusted time are left out; n is what is left. Prints, judges nothing.
"""

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
import wave
from collections.abc import Sequence
from pathlib import Path

from avatar_core.bench.contract import SessionEvent
from avatar_core.bench.session.bench_session import BenchSession
from avatar_core.bench.settings.config import Config
from avatar_core.bench.settings.room_choice import RoomChoice, RoomKind
from avatar_core.bench.states import SessionState
from avatar_core.media.sync_pattern import synthesize
from avatar_core.playback.contract import AudioOutput
from avatar_core.providers.contract import Avatar, ProviderTraits, Seat
from avatar_core.room.connection import RoomConnection

SIZES = ("320x180", "640x360", "1280x720")
FPS = 30.0
WORKER = Path(__file__).with_name("end_to_end_worker.py")
OURS, THEIRS = "sync-pattern", "livekit-agents"
SILENCE_TOLD_S = 1.0
"""The viewer tells of silence a little after it began."""
LIMIT_S = 30.0


class TheirProvider:
    """livekit-agents' AvatarRunner in a process of its own."""

    def __init__(self, width: int, height: int) -> None:
        self._shape = {"width": width, "height": height, "fps": FPS}

    @property
    def traits(self) -> ProviderTraits:
        return ProviderTraits(THEIRS, "livekit-agents", "benchmark", 24_000, exact_position=False, shows_pattern=True)

    async def start(self, seat: Seat) -> Avatar:
        process = await asyncio.create_subprocess_exec(
            sys.executable, str(WORKER), stdin=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
        )
        assert process.stdin is not None
        request = self._shape | {"url": seat.url, "token": seat.token, "agent": seat.agent_identity}
        process.stdin.write(json.dumps(request).encode() + b"\n")
        await process.stdin.drain()
        return _Process(process)


class _Process:
    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def open_output(self, connection: RoomConnection) -> AudioOutput | None:
        """It takes LiveKit's data stream."""
        return None

    async def why_ended(self) -> str:
        return "" if self._process.returncode is None else f"exit code {self._process.returncode}"

    async def aclose(self) -> None:
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()


class Measured:
    """One provider at one size."""

    def __init__(self, provider: str, width: int, height: int) -> None:
        shape = {"width": width, "height": height, "fps": FPS}
        self.session = BenchSession(
            Config(RoomChoice(RoomKind.EMBEDDED, "the benchmark's own")),
            providers=[TheirProvider(width, height)],
            first_provider=provider,
            worker_options=shape,
            monitor_muted=True,
        )
        self.finished_s: list[float] = []
        self.ends_ms: list[float] = []
        self.positions_ms: list[float] = []
        self.first_ms: list[float] = []
        self.session.event.connect(self._on_event)

    def _on_event(self, event: SessionEvent) -> None:
        if event.kind == "Finished":
            self.finished_s.append(event.time_s)

    async def utterance(self, source: str) -> None:
        """One that is heard to its end."""
        session, hearing = self.session, self.session.life.hearing
        assert session.life.actor is not None
        identity = session.life.actor.identity
        spoken_s = session.clock.now()
        await session.speak(source)
        heard_s = await hearing.sound(identity, spoken_s, LIMIT_S)
        await self._ready()
        if heard_s is not None:
            self.first_ms.append(1000 * (heard_s - spoken_s))
        silent_s = await hearing.silence(identity, self.finished_s[-1] - 1.0, LIMIT_S)
        if silent_s is not None:
            self.ends_ms.append(1000 * (self.finished_s[-1] - silent_s))

    async def interrupted(self, source: str, after_s: float) -> None:
        session, hearing = self.session, self.session.life.hearing
        assert session.life.actor is not None
        identity = session.life.actor.identity
        spoken_s = session.clock.now()
        await session.speak(source)
        heard_s = await hearing.sound(identity, spoken_s, LIMIT_S)
        await asyncio.sleep(after_s)
        result = await session.interrupt()
        await self._ready()
        await asyncio.sleep(SILENCE_TOLD_S)
        if heard_s is None or not result.ok:
            return
        self.first_ms.append(1000 * (heard_s - spoken_s))
        heard_for_s = hearing.audible_for_s(identity, heard_s, session.clock.now())
        row = session.snapshot().ledger[0]
        self.positions_ms.append(1000 * (row.played_s - heard_for_s))

    async def _ready(self) -> None:
        async with asyncio.timeout(LIMIT_S):
            while self.session.state is not SessionState.READY:
                await asyncio.sleep(0.02)


async def measure(provider: str, width: int, height: int, utterances: int, interrupts: int, folder: Path) -> None:
    measured = Measured(provider, width, height)
    session = measured.session
    pattern = write_pattern(folder / "pattern.wav", 6.0)
    try:
        connected = await session.connect()
        if not connected.ok:
            print(f"{provider} did not come: {connected.text}", file=sys.stderr)
            return
        await session.add_source(pattern)
        for _ in range(utterances):
            await measured.utterance(str(pattern))
            await asyncio.sleep(SILENCE_TOLD_S)
        for number in range(interrupts):
            await measured.interrupted(str(pattern), 1.2 + 0.13 * number)
        figures = session.life.figures
        cells = [
            described(figures.values("av_offset_ms")),
            described(figures.values("av_offset_source_ms")),
            described(measured.first_ms),
            described(figures.values("interrupt_to_silence_ms")),
            described(figures.values("interrupt_leak_ms")),
            described(figures.values("ack_ms")),
            described(measured.ends_ms),
            described(measured.positions_ms),
            described(figures.values("fps")),
            ", ".join(sorted({finding.id for finding in session.snapshot().findings})) or "none",
        ]
        print(f"| {width}x{height} | {provider} | " + " | ".join(cells) + " |", flush=True)
    finally:
        await session.aclose()


def write_pattern(path: Path, duration_s: float) -> Path:
    """The sync pattern as a file: its carrier never falls silent, so that its end is heard."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(24_000)
        file.writeframes(synthesize(0, 0, round(duration_s * 24_000), 24_000).astype("<i2").tobytes())
    return path


def described(values: Sequence[float]) -> str:
    """Median, the value at 95 % of the magnitudes, and n."""
    if not values:
        return "-"
    ranked = sorted(values, key=abs)
    return (
        f"{statistics.median(values):.0f} / {ranked[min(len(ranked) - 1, int(0.95 * len(ranked)))]:.0f} ({len(values)})"
    )


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", choices=SIZES, action="append")
    parser.add_argument("--utterances", type=int, default=3)
    parser.add_argument("--interrupts", type=int, default=8)
    arguments = parser.parse_args()
    columns = (
        "offset at the viewer",
        "offset at the worker",
        "first sound",
        "interrupt to silence",
        "leak",
        "ack",
        "end",
        "position",
        "fps",
        "findings",
    )
    print("| size | worker | " + " | ".join(columns) + " |")
    print("|---|---|" + "---|" * len(columns))
    with tempfile.TemporaryDirectory() as folder:
        for size in arguments.size or SIZES:
            width, height = (int(part) for part in size.split("x"))
            for provider in (OURS, THEIRS):
                await measure(provider, width, height, arguments.utterances, arguments.interrupts, Path(folder))


if __name__ == "__main__":
    asyncio.run(main())
