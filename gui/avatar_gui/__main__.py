"""The console script `avatar-testbench`. Qt-free until a window is asked for; commands are avatar_core.bench's."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from avatar_core.bench.cli import main as cli
from avatar_core.bench.observe.observed import ObserveRequest
from avatar_core.bench.settings.config import Config, desktop_environment, process_environment
from avatar_core.leaving import run_and_leave


def main(argv: Sequence[str] | None = None) -> int:
    """Run what `argv` asks for (None: the arguments of this process) and return the exit code."""
    return cli.main(sys.argv[1:] if argv is None else argv, _open_window)


def _open_window(config: Config, out: Path | None, faults: Sequence[str], observed: ObserveRequest | None) -> str:
    from avatar_core.bench.settings.faults import read_faults
    from avatar_gui.testbench import run_demo_off_screen, run_observing, run_testbench

    desktop = desktop_environment(process_environment())
    # Windows and macOS have a display whatever the environment says.
    has_display = sys.platform in ("win32", "darwin") or bool(desktop.display or desktop.wayland_display)
    on_screen = has_display and desktop.qt_platform != "offscreen"
    if observed is not None:
        return run_observing(config, out, observed, on_screen=on_screen)
    if on_screen:
        return run_testbench(config, out, read_faults(faults))
    return run_demo_off_screen(config, out, read_faults(faults))


def run() -> NoReturn:
    """The console script: run, and end the process with the exit code."""
    run_and_leave(main)


if __name__ == "__main__":
    run()
