import json

import pytest

from avatar_core.bench.doctor.desktop import judge_display, judge_qt, missing_display
from avatar_core.bench.doctor.probe import ProbeResult
from avatar_core.bench.doctor.report import State
from avatar_core.bench.settings.config import DesktopEnvironment


def opened(version: str = "6.11.3", platform: str = "offscreen") -> ProbeResult:
    return ProbeResult(0, json.dumps({"version": version, "platform": platform, "plugins": ["offscreen", "xcb"]}))


def desktop(**values: str) -> DesktopEnvironment:
    return DesktopEnvironment(**{"path": "", "display": "", "wayland_display": "", "qt_platform": "", **values})


def test_a_qt_that_runs_shows_its_version_and_platform_plugins() -> None:
    check = judge_qt(opened(), python=(3, 11))
    assert check.state is State.OK
    assert check.found == "PySide6 6.11.3; platform plugins: offscreen, xcb"


def test_a_missing_library_fails_and_names_the_packages() -> None:
    errors = "Traceback\nImportError: libEGL.so.1: cannot open shared object file: No such file or directory\n"
    check = judge_qt(ProbeResult(1, errors=errors), python=(3, 11))
    assert check.state is State.FAIL
    assert "libEGL.so.1" in check.found
    assert "libegl1" in check.fix


def test_a_missing_pyside_fails_and_names_the_distribution() -> None:
    check = judge_qt(ProbeResult(1, errors="ModuleNotFoundError: No module named 'PySide6'"), python=(3, 11))
    assert check.state is State.FAIL
    assert "PySide6-Essentials" in check.fix


def test_a_qt_that_hangs_fails() -> None:
    assert judge_qt(ProbeResult(None), python=(3, 11)).state is State.FAIL


@pytest.mark.parametrize(
    ("version", "python", "state"),
    [
        ("6.12.0", (3, 11), State.FAIL),
        ("6.13.1", (3, 11), State.FAIL),
        ("6.11.9", (3, 11), State.OK),
        ("6.12.0", (3, 12), State.OK),
        ("6.8.3", (3, 11), State.OK),
    ],
)
def test_the_qt_that_aborts_on_python_3_11_fails_there_alone(
    version: str, python: tuple[int, int], state: State
) -> None:
    assert judge_qt(opened(version), python=python).state is state


def test_a_window_that_opens_is_ok() -> None:
    check = judge_display(opened(platform="xcb"))
    assert check.state is State.OK
    assert "xcb" in check.found


def test_a_display_that_qt_cannot_open_is_a_warning_that_names_the_packages() -> None:
    errors = "qt.qpa.plugin: xcb-cursor0 is needed\nThis application failed to start\n"
    check = judge_display(ProbeResult(-6, errors=errors))
    assert check.state is State.WARN
    assert "xcb-cursor0 is needed" in check.found
    assert "libxcb-cursor0" in check.fix


def test_a_qt_told_to_draw_offscreen_is_a_warning() -> None:
    check = judge_display(opened(platform="offscreen"))
    assert check.state is State.WARN
    assert "QT_QPA_PLATFORM" in check.fix


@pytest.mark.parametrize(
    ("environment", "platform", "missing"),
    [
        (desktop(), "linux", True),
        (desktop(display=":0"), "linux", False),
        (desktop(wayland_display="wayland-0"), "linux", False),
        (desktop(qt_platform="vnc"), "linux", False),
        (desktop(), "darwin", False),
        (desktop(), "win32", False),
    ],
)
def test_a_display_is_missing_where_the_session_names_none(
    environment: DesktopEnvironment, platform: str, missing: bool
) -> None:
    assert bool(missing_display(environment, platform=platform)) is missing
