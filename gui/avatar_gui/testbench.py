"""The main job: the window over a real session, for a person, or off screen for the demo."""

from dataclasses import replace
from pathlib import Path

from avatar_core.bench.bench_session import BenchSession
from avatar_core.bench.config import Config
from avatar_core.bench.faults import Faults
from avatar_core.bench.headless import RunRequest, drive
from avatar_core.bench.run_folder import RunFolder, default_run_folder
from avatar_gui.app import run_window, save_screenshot
from avatar_gui.main_window import MainWindow

_DEMO = RunRequest(scenario="demo", provider="talking-head", swap_to="sync-pattern")
_SCREENSHOT = "window.png"
_EXIT_VERDICTS = {0: "pass", 1: "fail"}


def run_testbench(config: Config, out: Path | None, faults: Faults) -> str:
    """Open the window until it is closed; events and log go to the run folder."""
    session = BenchSession(config, faults=faults)
    folder = RunFolder(out or default_run_folder(session.run_id))
    session.run_folder = folder.path
    folder.follow(session)
    try:
        run_window(session)
        folder.write_samples(session.samples())
    finally:
        folder.close()
    return "pass"


def run_demo_off_screen(config: Config, out: Path | None, faults: Faults) -> str:
    """Run the demo in the same window where nobody can see it; prints its table and saves a screenshot."""
    session = BenchSession(config, faults=faults, monitor_muted=True)
    folder = out or default_run_folder(session.run_id)

    async def script(window: MainWindow) -> int:
        verdict = await drive(session, replace(_DEMO, faults=faults), folder)
        save_screenshot(window, folder / _SCREENSHOT)
        print(f"Screenshot: {folder / _SCREENSHOT}")
        return {"pass": 0, "fail": 1}.get(verdict, 3)

    return _EXIT_VERDICTS.get(run_window(session, script=script, platform="offscreen"), "broken")
