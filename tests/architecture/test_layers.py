"""import-linter's contracts hold, and each of them is seen to fail when it is broken."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def lint_imports(root: Path) -> subprocess.CompletedProcess[str]:
    """The contracts of `root`, judged on the packages of `root`."""
    return subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache", "--no-logo"],
        cwd=root,
        env=os.environ | {"PYTHONPATH": os.pathsep.join((str(root / "core"), str(root / "gui")))},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of both packages and of the contracts."""
    for folder in ("core", "gui"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_contracts_hold() -> None:
    result = lint_imports(ROOT)
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize(
    ("module", "statement", "contract"),
    [
        ("core/avatar_core/media/planted.py", "import avatar_core.room", "core reads downwards"),
        ("core/avatar_core/wire/planted.py", "import avatar_core.playback", "core reads downwards"),
        (
            "core/avatar_core/roomserver/planted.py",
            "import avatar_core.media",
            "the room server knows the leaves alone",
        ),
        ("core/avatar_core/bench/settings/planted.py", "import avatar_core.bench.session", "the bench reads downwards"),
        ("core/avatar_core/bench/settings/planted.py", "import PySide6.QtCore", "core is headless"),
        ("gui/avatar_gui/planted.py", "import avatar_core.room", "the window sees the bench, metrics and media alone"),
        ("gui/avatar_gui/planted.py", "import livekit.rtc", "the window sees the bench, metrics and media alone"),
    ],
)
def test_planted_violation_breaks_its_contract(copy: Path, module: str, statement: str, contract: str) -> None:
    (copy / module).write_text(f"{statement}\n")
    result = lint_imports(copy)
    assert result.returncode != 0
    assert f"{contract} BROKEN" in result.stdout


def test_package_without_a_layer_is_refused(copy: Path) -> None:
    (copy / "core/avatar_core/stray").mkdir()
    (copy / "core/avatar_core/stray/__init__.py").touch()
    result = lint_imports(copy)
    assert result.returncode != 0
    assert "avatar_core.stray" in result.stdout + result.stderr
