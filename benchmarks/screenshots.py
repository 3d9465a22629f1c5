"""Makes docs/images from a real session off screen: the window at work, in its themes and sizes, and in trouble."""

import argparse
import asyncio
import logging
import os
import signal
from pathlib import Path

import aiohttp

from avatar_core.bench.session.bench_session import BenchSession
from avatar_core.bench.settings.config import load_config
from avatar_core.bench.states import SessionState
from avatar_gui.app import run_window, save_screenshot
from avatar_gui.main_window import MainWindow

PATTERN = "sync-pattern"
HEAD = "talking-head"


async def wait_ready(session: BenchSession) -> None:
    while session.state not in (SessionState.READY, SessionState.FAILED):
        await asyncio.sleep(0.05)


async def work(session: BenchSession) -> None:
    """Fifty seconds of a QA engineer's day: measure, interrupt, end a segment, pause, swap."""
    await wait_ready(session)
    await session.speak(PATTERN)
    await asyncio.sleep(11)
    await session.interrupt()
    await asyncio.sleep(1.5)
    await session.speak(PATTERN)
    await asyncio.sleep(9)
    await session.end_segment()
    await asyncio.sleep(6)
    await session.mark("Lips late?")
    await asyncio.sleep(2)
    await session.interrupt()
    await asyncio.sleep(1.0)
    await session.speak("ada-monologue")
    await asyncio.sleep(4)
    await session.swap(HEAD)
    await asyncio.sleep(9)


async def kill_worker(session: BenchSession) -> None:
    """What a crash looks like: SIGKILL to the worker that is on."""
    assert session.life.stage is not None
    async with aiohttp.ClientSession() as http, http.get(f"{session.life.stage.dispatcher.url}/workers") as answer:
        workers = (await answer.json())["workers"]
    for worker in workers:
        if worker["state"] != "ended":
            os.kill(worker["pid"], signal.SIGKILL)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("docs/images"), help="where the pictures go")
    out: Path = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    logging.getLogger("avatar_core").setLevel(logging.ERROR)
    config = load_config({}, None, None, {"room": "embedded"})

    async def script(window: MainWindow, session: BenchSession) -> int:
        await work(session)
        save_screenshot(window, out / "main-dark.png")
        window.resize(1280, 720)
        await asyncio.sleep(1.5)
        save_screenshot(window, out / "main-1280x720.png")
        window.resize(1440, 900)
        window.theme.choose("light")
        await asyncio.sleep(1.5)
        save_screenshot(window, out / "main-light.png")
        window.theme.choose("dark")
        window.body.event_dock.show_page("Wire")
        await asyncio.sleep(0.5)
        save_screenshot(window, out / "wire-dark.png")
        await kill_worker(session)
        await asyncio.sleep(2.5)
        save_screenshot(window, out / "worker-ended.png")
        return 0

    session = BenchSession(config, first_provider=PATTERN, monitor_muted=True)
    return run_window(session, script=lambda window: script(window, session), platform="offscreen", theme="dark")


if __name__ == "__main__":
    raise SystemExit(main())
