"""The main job: the window over a real session, for a person, or off screen for the demo."""

import asyncio
from dataclasses import replace
from pathlib import Path

from avatar_core.bench.commands.headless import RunRequest, drive
from avatar_core.bench.commands.observing import observing_run
from avatar_core.bench.contract import Session
from avatar_core.bench.observe.observed import ObserveRequest
from avatar_core.bench.observe.session import ObserveSession
from avatar_core.bench.results.run_folder import RunFolder, default_run_folder
from avatar_core.bench.scenarios.observe import observe_for
from avatar_core.bench.session.bench_session import BenchSession
from avatar_core.bench.settings.config import Config
from avatar_core.bench.settings.faults import Faults
from avatar_core.errors import ConfigError
from avatar_gui.app import run_window, save_screenshot
from avatar_gui.main_window import MainWindow

_DEMO = RunRequest(scenario="demo", provider="talking-head", swap_to="sync-pattern")
_SCREENSHOT = "window.png"
_EXIT_VERDICTS = {0: "pass", 1: "fail"}


def run_testbench(config: Config, out: Path | None, faults: Faults) -> str:
    """Open the window until it is closed; events and log go to the run folder."""
    session = BenchSession(config, faults=faults)
    return _run_for_a_person(session, out or default_run_folder(session.run_id))


def run_demo_off_screen(config: Config, out: Path | None, faults: Faults) -> str:
    """Run the demo in the same window where nobody can see it; prints its table and saves a screenshot."""
    session = BenchSession(config, faults=faults, monitor_muted=True)
    folder = out or default_run_folder(session.run_id)

    async def script(window: MainWindow) -> int:
        verdict = await drive(session, replace(_DEMO, faults=faults), folder)
        return _photographed(window, folder, verdict)

    return _EXIT_VERDICTS.get(run_window(session, script=script, platform="offscreen"), "broken")


def run_observing(config: Config, out: Path | None, request: ObserveRequest, *, on_screen: bool) -> str:
    """Show what somebody else drives until the window is closed, or for the time that is asked for.

    Off screen it needs a time. After it the result is written and judged, and the window closes.
    """
    if request.duration_s is None and not on_screen:
        raise ConfigError("There is no display: say with --duration for how long to observe, or use run --observe.")
    session = ObserveSession(config, request.observed, monitor_muted=not on_screen)
    folder = out or default_run_folder(session.run_id)
    if request.duration_s is None:
        return _run_for_a_person(session, folder)
    scenario = observe_for(request.duration_s, asyncio.Event(), print)

    async def script(window: MainWindow) -> int:
        verdict = await drive(session, observing_run(request), folder, scenario)
        return _photographed(window, folder, verdict)

    platform = "" if on_screen else "offscreen"
    return _EXIT_VERDICTS.get(run_window(session, script=script, platform=platform), "broken")


def _run_for_a_person(session: Session, path: Path) -> str:
    folder = RunFolder(path)
    session.run_folder = folder.path
    folder.follow(session)
    try:
        run_window(session)
        folder.write_samples(session.samples())
    finally:
        folder.close()
    return "pass"


def _photographed(window: MainWindow, folder: Path, verdict: str) -> int:
    save_screenshot(window, folder / _SCREENSHOT)
    print(f"Screenshot: {folder / _SCREENSHOT}")
    return {"pass": 0, "fail": 1}.get(verdict, 3)
