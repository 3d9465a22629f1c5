"""How a room server does with one 720p30 video (VP8, 2 Mbps) and sound: CPU, memory, latency, throughput.

    python benchmarks/room.py --seconds 20
    LIVEKIT_API_KEY=... LIVEKIT_API_SECRET=... python benchmarks/room.py --server ws://127.0.0.1:7880 --server-pid PID

The embedded room is always measured; beside it, in the same run, the server given or a `livekit-server` on PATH. The
server, the publisher and each decoding subscriber are processes of their own. CPU and memory are the server's alone,
read from /proc, so they are unknown for a server elsewhere.
"""

import argparse
import asyncio
import json
import os
import shutil
import socket
import statistics
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from avatar_core.tokens import TokenClaims, VideoGrants, mint_token

PARTICIPANT = Path(__file__).with_name("room_participant.py")
STREAM_BYTES = 8 << 20
WARM_UP_S = 6.0
START_TIMEOUT_S = 30.0
LATEST_MATCH_S = 0.45
"""An event that was not seen by then was missed: the next one is due after 0.5 s."""
PAGE_BYTES, TICKS_PER_S = os.sysconf("SC_PAGE_SIZE"), os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Server:
    """A running server and what is needed to join it; without a `pid` its CPU can't be read."""

    name: str
    url: str
    api_key: str
    api_secret: str
    pid: int | None

    def token(self, identity: str, room: str) -> str:
        grants = VideoGrants(room_join=True, room=room)
        return mint_token(TokenClaims(identity, grants), api_key=self.api_key, api_secret=self.api_secret)

    def cpu_s(self) -> float | None:
        """Seconds of CPU it has used so far."""
        if self.pid is None:
            return None
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS_PER_S

    def rss_mb(self) -> float | None:
        """Memory it holds now."""
        if self.pid is None:
            return None
        return int(Path(f"/proc/{self.pid}/statm").read_text().split()[1]) * PAGE_BYTES / 1e6


class Participants:
    """A child process with the publisher or some subscribers."""

    def __init__(self, process: Process) -> None:
        self._process = process

    @classmethod
    async def start(cls, role: str, config: dict[str, object]) -> "Participants":
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            str(PARTICIPANT),
            role,
            stdin=PIPE,
            stdout=PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            limit=1 << 22,
        )
        child = cls(process)
        child._say(config)
        return child

    async def ready(self) -> None:
        async with asyncio.timeout(START_TIMEOUT_S):
            await self._hear()

    async def ask(self, do: str, **values: object) -> list[dict[str, Any]]:
        """One answer per participant in the process."""
        self._say({"do": do, **values})
        answers: list[dict[str, Any]] = await self._hear()
        return answers

    async def aclose(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            async with asyncio.timeout(10):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()

    def _say(self, value: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(value).encode() + b"\n")

    async def _hear(self) -> Any:
        assert self._process.stdout is not None
        line = await self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"a participant ended with {await self._process.wait()}; is the server reachable?")
        return json.loads(line)


@asynccontextmanager
async def embedded_server() -> AsyncIterator[Server]:
    """The embedded room as the bench starts it."""
    key, secret = "benchmark", "benchmark-secret-of-more-than-32-bytes"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-P", "-m", "avatar_core.roomserver", stdin=PIPE, stdout=PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    assert process.stdin is not None and process.stdout is not None
    process.stdin.write(json.dumps({"api_key": key, "api_secret": secret}).encode() + b"\n")
    ready = json.loads(await process.stdout.readline())
    try:
        yield Server("embedded", ready["url"], key, secret, process.pid)
    finally:
        process.stdin.close()
        await process.wait()


@asynccontextmanager
async def livekit_server(path: str) -> AsyncIterator[Server]:
    """A livekit-server of this machine, on ports of its own."""
    key, secret = "benchmark", "benchmark-secret-of-more-than-32-bytes"
    signal, tcp, udp = (free_port() for _ in range(3))
    config = f"port: {signal}\nbind_addresses: [127.0.0.1]\nrtc: {{tcp_port: {tcp}, udp_port: {udp}}}\n"
    process = await asyncio.create_subprocess_exec(
        path,
        env={**os.environ, "LIVEKIT_CONFIG": config, "LIVEKIT_KEYS": f"{key}: {secret}"},
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        await reachable("127.0.0.1", signal)
        yield Server("livekit-server", f"ws://127.0.0.1:{signal}", key, secret, process.pid)
    finally:
        process.terminate()
        await process.wait()


@asynccontextmanager
async def given_server(url: str, pid: int | None) -> AsyncIterator[Server]:
    """A server that somebody else runs."""
    try:
        key, secret = os.environ["LIVEKIT_API_KEY"], os.environ["LIVEKIT_API_SECRET"]
    except KeyError as missing:
        sys.exit(f"--server needs {missing.args[0]} in the environment.")
    yield Server(url, url, key, secret, pid)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def reachable(host: str, port: int) -> None:
    async with asyncio.timeout(START_TIMEOUT_S):
        while True:
            try:
                _, writer = await asyncio.open_connection(host, port)
            except OSError:
                await asyncio.sleep(0.1)
            else:
                writer.close()
                return


async def measure(
    server: Server, subscribers: int, *, decodes: bool, seconds: float, single: bool, progress: str
) -> dict[str, str]:
    """One publisher and so many subscribers; returns the rows of the table."""
    print(f"{progress} ...", file=sys.stderr, flush=True)
    room = f"benchmark-{os.getpid()}-{subscribers}-{decodes}"
    tokens = [server.token(f"subscriber-{number}", room) for number in range(subscribers)]
    common: dict[str, object] = {"url": server.url, "single": single, "decodes": decodes}
    # Those that do not decode cost little and share a process.
    shares = [[token] for token in tokens] if decodes else [tokens]
    publisher = await Participants.start("publisher", {**common, "tokens": [server.token("publisher", room)]})
    watchers = [await Participants.start("subscriber", {**common, "tokens": share}) for share in shares]
    try:
        await asyncio.gather(*(child.ready() for child in (publisher, *watchers)))
        await asyncio.sleep(WARM_UP_S)
        await asyncio.gather(*(child.ask("reset") for child in (publisher, *watchers)))
        cpu_s = server.cpu_s()
        await asyncio.sleep(seconds)
        cpu_percent = percent(cpu_s, server.cpu_s(), seconds)
        (sent,) = await publisher.ask("report")
        reports = [report for watcher in watchers for report in await watcher.ask("report")]
        rows = {
            "server CPU, % of a core": number(cpu_percent),
            "server RSS, MB": number(server.rss_mb(), digits=0),
            "kbps per subscriber": number(statistics.mean(report["kbps"] for report in reports), digits=0),
            "packets forwarded per s": number(sum(report["packets_per_s"] for report in reports), digits=0),
        }
        if decodes:
            rows |= latency_rows(sent, reports) | await stream_rows(server, publisher, watchers[0])
        return rows
    finally:
        await asyncio.gather(*(child.aclose() for child in (publisher, *watchers)))


def latency_rows(sent: dict[str, Any], reports: Sequence[dict[str, Any]]) -> dict[str, str]:
    flashes_ms = [ms for report in reports for ms in delays_ms(sent["flashes_s"], report["flashes_s"])]
    beeps_ms = [ms for report in reports for ms in delays_ms(sent["beeps_s"], report["beeps_s"])]
    return {
        "fps received": " ".join(f"{report['fps']:.1f}" for report in reports),
        "flash, ms p50/p90 (n)": spread(flashes_ms),
        "beep, ms p50/p90 (n)": spread(beeps_ms),
        **{
            f"{kind} data, ms p50/p90 (n)": spread([ms for report in reports for ms in report["data_ms"][kind]])
            for kind in ("reliable", "lossy")
        },
    }


async def stream_rows(server: Server, publisher: Participants, watcher: Participants) -> dict[str, str]:
    """A byte stream to one subscriber while the media go on."""
    cpu_s = server.cpu_s()
    ending = asyncio.create_task(watcher.ask("stream end"))
    (begun,) = await publisher.ask("stream", bytes=STREAM_BYTES, to="subscriber-0")
    (ended,) = await ending
    took_s = ended["end_s"] - begun["begin_s"]
    return {
        f"stream of {STREAM_BYTES >> 20} MiB, MB/s": number(STREAM_BYTES / 1e6 / took_s, digits=2),
        "server CPU meanwhile, %": number(percent(cpu_s, server.cpu_s(), took_s)),
    }


def delays_ms(sent_s: Sequence[float], seen_s: Sequence[float]) -> list[float]:
    """From each event to its first sight; one that was missed has none."""
    firsts = ((begin, next((seen for seen in seen_s if seen > begin), None)) for begin in sent_s)
    return [(seen - begin) * 1000 for begin, seen in firsts if seen is not None and seen - begin < LATEST_MATCH_S]


def percent(before_s: float | None, after_s: float | None, seconds: float) -> float | None:
    return None if before_s is None or after_s is None else (after_s - before_s) / seconds * 100


def number(value: float | None, *, digits: int = 1) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


def spread(values: Sequence[float]) -> str:
    if len(values) < 2:
        return f"- ({len(values)})"
    deciles = statistics.quantiles(values, n=10)
    return f"{statistics.median(values):.1f} / {deciles[8]:.1f} ({len(values)})"


def print_table(columns: dict[str, dict[str, str]]) -> None:
    labels = list(dict.fromkeys(label for rows in columns.values() for label in rows))
    lines = [["", *columns], *([label, *(rows.get(label, "") for rows in columns.values())] for label in labels)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    for line in lines:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=20.0, help="measured per scenario, after a warm-up")
    parser.add_argument("--server", metavar="URL", help="a running LiveKit server to measure too")
    parser.add_argument("--server-pid", type=int, metavar="PID", help="its process, where it runs on this machine")
    parser.add_argument("--dual", action="store_true", help="two peer connections per client (/rtc) instead of one")
    parser.add_argument("--subscribers", default="1,3", metavar="N,N", help="decoding subscribers per scenario")
    parser.add_argument(
        "--forward-to", type=int, default=8, metavar="N", help="subscribers that do not decode; 0: none"
    )
    options = parser.parse_args()
    starts = [embedded_server()]
    if options.server:
        starts.append(given_server(options.server, options.server_pid))
    elif path := shutil.which("livekit-server"):
        starts.append(livekit_server(path))
    scenarios = [(int(count), True) for count in options.subscribers.split(",") if count]
    if options.forward_to:
        scenarios.append((options.forward_to, False))
    columns: dict[str, dict[str, str]] = {}
    for start in starts:
        async with start as server:
            for subscribers, decodes in scenarios:
                name = f"{server.name}, {subscribers} {'decoding' if decodes else 'not decoding'}"
                columns[name] = await measure(
                    server,
                    subscribers,
                    decodes=decodes,
                    seconds=options.seconds,
                    single=not options.dual,
                    progress=name,
                )
    load = ", ".join(f"{value:.2f}" for value in os.getloadavg())
    mode = "dual" if options.dual else "single"
    print(f"{os.cpu_count()} cores, load {load}, {options.seconds:.0f} s each, {mode} connection")
    print_table(columns)


if __name__ == "__main__":
    asyncio.run(main())
