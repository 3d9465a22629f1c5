"""Qt, its platform plugins and the display. Core never imports Qt; a child does, and may die of it."""

import sys

from avatar_core.bench.doctor.probe import ProbeResult, run_probe
from avatar_core.bench.doctor.report import Check, State
from avatar_core.bench.settings.config import DesktopEnvironment

# QtWidgets pulls in every library that the window needs; opening an application tries the platform plugin.
_QT_PROBE = """
import json, pathlib, sys
import PySide6
from PySide6.QtCore import QLibraryInfo
from PySide6.QtWidgets import QApplication
application = QApplication(sys.argv)
folder = pathlib.Path(QLibraryInfo.path(QLibraryInfo.LibraryPath.PluginsPath)) / "platforms"
names = sorted({path.stem.removeprefix("libq").removeprefix("q") for path in folder.iterdir() if path.is_file()})
print(json.dumps({"version": PySide6.__version__, "platform": application.platformName(), "plugins": names}))
"""
_OFFSCREEN = ("-platform", "offscreen")

_QT_LIBRARIES = "libglib2.0-0 libegl1 libgl1 libxkbcommon0 libdbus-1-3 libfontconfig1"
_WINDOW_LIBRARIES = (
    "libxcb-cursor0 libxkbcommon-x11-0 libxcb-icccm4 libxcb-image0 libxcb-keysyms1 libxcb-randr0 "
    "libxcb-render-util0 libxcb-shape0 libxcb-xinerama0"
)
_NO_DISPLAY_FIX = "Start it in a desktop session, or under xvfb-run. What needs no window runs without."


async def check_desktop(desktop: DesktopEnvironment) -> tuple[Check, Check]:
    """The checks `qt` and `display`."""
    offscreen = await run_probe(_QT_PROBE, *_OFFSCREEN)
    qt = judge_qt(offscreen, python=sys.version_info[:2])
    missing = missing_display(desktop, platform=sys.platform)
    if missing:
        return qt, Check("display", State.WARN, missing, _NO_DISPLAY_FIX)
    if qt.state is State.FAIL:
        return qt, Check("display", State.WARN, "not tried, because Qt does not run", "Mend Qt first.")
    return qt, judge_display(await run_probe(_QT_PROBE))


def judge_qt(offscreen: ProbeResult, *, python: tuple[int, int]) -> Check:
    """From an application that a child opened offscreen; `python` is the interpreter's version."""
    if not offscreen.succeeded:
        return Check("qt", State.FAIL, f"Qt does not run: {offscreen.failure()}", _qt_fix(offscreen.errors))
    values = offscreen.values()
    version = str(values["version"])
    # QT.md, versions: 6.12 takes references to None that are not its own on Python 3.11, until the process aborts.
    if python < (3, 12) and _minor_version(version) >= (6, 12):
        return Check(
            "qt",
            State.FAIL,
            f"PySide6 {version} aborts on Python {python[0]}.{python[1]}",
            "Install 'PySide6-Essentials<6.12', or take Python 3.12 or newer.",
        )
    return Check("qt", State.OK, f"PySide6 {version}; platform plugins: {', '.join(values['plugins']) or 'none'}")


def judge_display(opened: ProbeResult) -> Check:
    """From an application that a child opened as the window would be."""
    if not opened.succeeded:
        fix = f"apt install {_WINDOW_LIBRARIES} (or the like), and check DISPLAY or WAYLAND_DISPLAY."
        return Check("display", State.WARN, f"Qt opens no window: {opened.failure()}", fix)
    platform = str(opened.values()["platform"])
    if platform in ("offscreen", "minimal", "minimalegl"):
        found = f"Qt draws {platform}, as QT_QPA_PLATFORM says"
        return Check("display", State.WARN, found, "Unset QT_QPA_PLATFORM to see the window.")
    return Check("display", State.OK, f"Qt opens it by {platform}")


def missing_display(desktop: DesktopEnvironment, *, platform: str) -> str:
    """Why there can be no window, or nothing; `platform` is a value of `sys.platform`."""
    has_own = platform in ("win32", "darwin") or bool(desktop.qt_platform)
    if has_own or desktop.display or desktop.wayland_display:
        return ""
    return "none: neither DISPLAY nor WAYLAND_DISPLAY is set"


def _qt_fix(errors: str) -> str:
    if "No module named 'PySide6'" in errors:
        return "Install PySide6-Essentials into the environment of the testbench."
    return f"apt install {_QT_LIBRARIES} (or what your system calls them)"


def _minor_version(version: str) -> tuple[int, int]:
    major, minor, *_ = version.split(".")
    return int(major), int(minor)
